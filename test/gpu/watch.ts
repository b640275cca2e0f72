// Who touched what since the last barrier: two lanes that meet at one place, one of them writing, race on a GPU, whose subgroups
// run in any order. Here they run in turn, so nothing but this would show it.

/** Of memory that one workgroup has, or all workgroups of a dispatch. In units of two bytes, the smallest that WGSL reads and writes. */
export class Watch {
  readonly #shared: boolean
  readonly #writers: Int32Array
  readonly #written: Int32Array
  readonly #readers: Int32Array
  readonly #read: Int32Array
  /** When the dispatch began, and when the workgroup came. */
  #since = 1
  #begin = 1
  #now = 1

  constructor(bytes: number, shared: boolean) {
    const units = Math.ceil(bytes / 2)
    this.#shared = shared
    this.#writers = new Int32Array(units)
    this.#written = new Int32Array(units)
    this.#readers = new Int32Array(units)
    this.#read = new Int32Array(units)
  }

  /** Another dispatch begins, ordered behind all that was. */
  dispatch(): void {
    this.#since = ++this.#now
  }

  /** Another workgroup comes. Nothing orders it among the others; what is its own starts without contents. */
  enter(): void {
    this.#begin = ++this.#now
  }

  /** What the workgroup does from now on is ordered behind what it did. */
  barrier(): void {
    this.#now++
  }

  /** What is wrong with reading `bytes` from `at` on. `agent`: one lane, or all lanes of one operation of a subgroup; not 0. */
  reads(agent: number, at: number, bytes: number): string | undefined {
    for (let i = at >> 1; i < (at + bytes + 1) >> 1; i++) {
      if (this.#meets(this.#written[i]!) && this.#writers[i] !== agent) return 'reads what another lane writes'
      if (!this.#shared && this.#written[i]! < this.#begin) return 'reads what nobody wrote'
      if (!this.#meets(this.#read[i]!)) this.#readers[i] = agent
      else if (this.#readers[i] !== agent) this.#readers[i] = several
      this.#read[i] = this.#now
    }
    return undefined
  }

  writes(agent: number, at: number, bytes: number): string | undefined {
    for (let i = at >> 1; i < (at + bytes + 1) >> 1; i++) {
      if (this.#meets(this.#written[i]!) && this.#writers[i] !== agent) return 'writes what another lane writes'
      if (this.#meets(this.#read[i]!) && this.#readers[i] !== agent) return 'writes what another lane reads'
      this.#written[i] = this.#now
      this.#writers[i] = agent
    }
    return undefined
  }

  /** Whether what happened then and what happens now could happen the other way round. */
  #meets(then: number): boolean {
    return then === this.#now || (this.#shared && then >= this.#since && then < this.#begin)
  }
}

const several = 0
