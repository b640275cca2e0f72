// Optimizer steps → runs of the device: one run for a batch that fits, else one for each micro-batch and one that applies their sum.
import type { TrainJob } from '../compiler/plan/jobs.ts'
import type { ProgramSpec } from '../compiler/plan/plan.ts'
import type { Executable, Tensors } from './backend.ts'
import type { Batches } from './data/batches.ts'
import { InFlight } from './in-flight.ts'
import { f32, programOf, runProgram, scalar } from './program.ts'

/** A step whose runs have been queued. */
export interface QueuedStep {
  readonly step: number
  readonly losses: readonly Promise<number>[]
  readonly norm: Promise<number>
}

export class StepQueue {
  readonly #job: TrainJob
  readonly #batches: Batches
  readonly #executable: Executable
  readonly #whole: ProgramSpec | undefined
  readonly #inFlight = new InFlight<Tensors>()

  constructor(job: TrainJob, batches: Batches, executable: Executable) {
    this.#job = job
    this.#batches = batches
    this.#executable = executable
    this.#whole = programOf(job.plan, 'step')
  }

  /** Undefined when the signal came before the step could change a weight. */
  async add(step: number, signal: AbortSignal): Promise<QueuedStep | undefined> {
    const { batch, micro, betas, rate } = this.#job
    const update = {
      step: f32(step),
      rate: f32(rate(step)),
      correction1: f32(1 - betas[0] ** step),
      correction2: f32(1 - betas[1] ** step),
    }
    if (this.#whole !== undefined) {
      const { inputs, rows } = this.#batches(step, 0)
      const results = runProgram(this.#executable, this.#whole, { ...inputs, ...update }, { row: rows })
      await this.#inFlight.add(results)
      return { step, losses: [later(results, 'loss')], norm: later(results, 'norm') }
    }
    const [accumulate, apply] = [this.#program('accumulate'), this.#program('apply')]
    const losses: Promise<number>[] = []
    for (let m = 0; m < batch / micro; m++) {
      if (signal.aborted) return undefined
      const { inputs, rows } = this.#batches(step, m)
      const results = runProgram(this.#executable, accumulate, inputs, { row: rows })
      losses.push(later(results, 'loss'))
      await this.#inFlight.add(results)
    }
    const results = runProgram(this.#executable, apply, update)
    await this.#inFlight.add(results)
    return { step, losses, norm: later(results, 'norm') }
  }

  #program(name: string): ProgramSpec {
    const spec = programOf(this.#job.plan, name)
    if (spec === undefined) throw new Error(`the plan has no program ${name}`)
    return spec
  }
}

/** A scalar result, to be awaited when its step is reported. */
function later(results: Promise<Tensors>, name: string): Promise<number> {
  const value = results.then((r) => scalar(r, name))
  value.catch(() => undefined)
  return value
}
