// The CPU as a Backend: plans with ONNX models, run by ONNX Runtime in a thread of its own so that the terminal stays alive.
import type { OnnxPlan, Plan } from '../../compiler/plan/plan.ts'
import type { Backend, Data, Executable, Tensors } from '../backend.ts'
import { cpuFacts } from './facts.ts'
import { WorkerLink } from './link.ts'

export { cpuFacts } from './facts.ts'

export interface CpuOptions {
  /** Default: one per physical core. More are slower. */
  readonly threads?: number
  /** Hears of something slow, such as fetching ONNX Runtime. */
  readonly note?: (text: string) => void
}

/** Starts the worker. Fails with a Failure `cpu-backend-missing` where ONNX Runtime is neither installed nor to be had. */
export async function cpuBackend({ threads, note = () => undefined }: CpuOptions = {}): Promise<Backend> {
  const facts = cpuFacts(threads)
  const link = new WorkerLink(note)
  try {
    await link.ask({ kind: 'open' })
  } catch (error) {
    await link.close()
    throw error
  }
  return new CpuBackend(link, facts.name, threads)
}

class CpuBackend implements Backend {
  readonly kind = 'cpu'
  readonly device: string
  readonly #link: WorkerLink
  readonly #threads: number | undefined
  #plans = 0

  constructor(link: WorkerLink, device: string, threads: number | undefined) {
    this.#link = link
    this.device = device
    this.#threads = threads
  }

  async load(plan: Plan): Promise<Executable> {
    if (plan.target !== 'cpu') throw new Error(`a ${plan.target} plan on the CPU`)
    const id = this.#plans++
    await this.#link.ask({ kind: 'load', plan: id, content: plan, threads: this.#threads ?? plan.threads })
    return new CpuExecutable(this.#link, id, plan)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link.close()
  }
}

class CpuExecutable implements Executable {
  readonly memory: number
  readonly #link: WorkerLink
  readonly #id: number
  readonly #results: ReadonlyMap<string, number>
  /** What a run that nobody waited for has met. */
  #failed: { readonly error: unknown } | undefined

  constructor(link: WorkerLink, id: number, plan: OnnxPlan) {
    this.#link = link
    this.#id = id
    this.#results = new Map(plan.programs.map((p) => [p.name, p.results.length]))
    this.memory = plan.memory.states + plan.memory.activations
  }

  async write(state: string, data: Data): Promise<void> {
    this.#check()
    const copy = data.slice()
    await this.#link.ask({ kind: 'write', plan: this.#id, state, data: copy }, [copy.buffer])
  }

  async read(state: string): Promise<Data> {
    this.#check()
    return (await this.#link.ask({ kind: 'read', plan: this.#id, state })) as Data
  }

  async run(program: string, inputs: Tensors, extents: Readonly<Record<string, number>> = {}): Promise<Tensors> {
    this.#check()
    // Copies, so that the caller may go on using its arrays.
    const copies = Object.fromEntries(Object.entries(inputs).map(([name, data]) => [name, data.slice()]))
    const buffers = Object.values(copies).map((data) => data.buffer)
    const answer = this.#link.ask({ kind: 'run', plan: this.#id, program, inputs: copies, extents }, buffers)
    if (this.#results.get(program) !== 0) return (await answer) as Tensors
    answer.catch((error: unknown) => (this.#failed ??= { error }))
    return {}
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link.ask({ kind: 'unload', plan: this.#id })
  }

  #check(): void {
    if (this.#failed) throw this.#failed.error
  }
}
