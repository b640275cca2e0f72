// Memory as kernels see it: a buffer's bound part, or a variable of a workgroup. Nothing guards a real GPU's accesses: whoever leaves a
// binding, reads what nobody wrote, or meets another lane, is told where.
import { halfOf, numberOf } from './numbers.ts'
import { bytesPer, type Numeric } from './types.ts'
import { Watch } from './watch.ts'

/** Who accesses memory. `agent`: lanes of a dispatch count from 1, operations of subgroups from -2 down. */
export interface Place {
  readonly agent: number
  readonly kernel: string
}

export class Memory {
  readonly bytes: number
  readonly #name: string
  readonly #watch: Watch | undefined
  /** Where it begins in what is watched. */
  readonly #offset: number
  readonly #f32: Float32Array
  readonly #u32: Uint32Array
  readonly #i32: Int32Array
  readonly #u16: Uint16Array

  /** `watch`: of memory that lanes write. */
  constructor(name: string, buffer: ArrayBuffer, offset: number, bytes: number, watch?: Watch) {
    this.#name = name
    this.bytes = bytes
    this.#watch = watch
    this.#offset = offset
    this.#f32 = new Float32Array(buffer, offset, bytes >> 2)
    this.#u32 = new Uint32Array(buffer, offset, bytes >> 2)
    this.#i32 = new Int32Array(buffer, offset, bytes >> 2)
    this.#u16 = new Uint16Array(buffer, offset, bytes >> 1)
  }

  load(place: Place, type: Numeric, at: number, line: number): number {
    this.#reading(place, at, bytesPer[type], line)
    return this.#get(type, at)
  }

  loadVector(place: Place, type: Numeric, at: number, size: number, line: number): number[] {
    const step = bytesPer[type]
    this.#reading(place, at, size * step, line)
    const values: number[] = []
    for (let i = 0; i < size; i++) values.push(this.#get(type, at + i * step))
    return values
  }

  store(place: Place, type: Numeric, at: number, value: number, line: number): void {
    this.#writing(place, at, bytesPer[type], line)
    this.#set(type, at, value)
  }

  storeVector(place: Place, type: Numeric, at: number, values: readonly number[], line: number): void {
    const step = bytesPer[type]
    this.#writing(place, at, values.length * step, line)
    for (let i = 0; i < values.length; i++) this.#set(type, at + i * step, values[i]!)
  }

  /** Replaces a number in a step of its own and returns what was there. Atomic accesses do not race with one another. */
  exchange(place: Place, type: Numeric, at: number, change: (old: number) => number, line: number, overwrites = false): number {
    this.#inside(place, at, 4, line)
    const atomic = { ...place, agent: allAtomics }
    if (!overwrites) this.#reading(atomic, at, 4, line)
    const old = this.#get(type, at)
    const problem = this.#watch?.writes(allAtomics, this.#offset + at, 4)
    if (problem) throw this.#fault(place, at, line, problem)
    this.#set(type, at, change(old))
    return old
  }

  #reading(place: Place, at: number, bytes: number, line: number): void {
    this.#inside(place, at, bytes, line)
    const problem = this.#watch?.reads(place.agent, this.#offset + at, bytes)
    if (problem) throw this.#fault(place, at, line, problem)
  }

  #writing(place: Place, at: number, bytes: number, line: number): void {
    this.#inside(place, at, bytes, line)
    const problem = this.#watch?.writes(place.agent, this.#offset + at, bytes)
    if (problem) throw this.#fault(place, at, line, problem)
  }

  #inside(place: Place, at: number, bytes: number, line: number): void {
    if (!(at >= 0 && at + bytes <= this.bytes)) throw this.#fault(place, at, line, `accesses ${bytes} bytes outside of ${this.bytes}`)
  }

  #fault({ kernel, agent }: Place, at: number, line: number, problem: string): Error {
    return new Error(`${kernel}, line ${line}: ${agent > 0 ? `lane ${agent}` : 'a subgroup'} ${problem}, at byte ${at} of ${this.#name}`)
  }

  #get(type: Numeric, at: number): number {
    switch (type) {
      case 'f32':
        return this.#f32[at >> 2]!
      case 'u32':
        return this.#u32[at >> 2]!
      case 'i32':
        return this.#i32[at >> 2]!
      case 'f16':
        return numberOf(this.#u16[at >> 1]!)
    }
  }

  #set(type: Numeric, at: number, value: number): void {
    switch (type) {
      case 'f32':
        this.#f32[at >> 2] = value
        return
      case 'u32':
        this.#u32[at >> 2] = value
        return
      case 'i32':
        this.#i32[at >> 2] = value
        return
      case 'f16':
        this.#u16[at >> 1] = halfOf(value)
    }
  }
}

/** All that is atomic is one agent. */
const allAtomics = -1
