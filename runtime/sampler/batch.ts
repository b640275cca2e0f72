// Some samples of a job → the runs of the device that make them, one for each step that reveals something. The tokens stay on the
// device. Draws are keyed by sample and position, so a sample does not depend on what else is in its batch (unless `pooled` asks for that).
import type { SampleJob } from '../../compiler/plan/jobs.ts'
import type { Executable, Tensors } from '../backend.ts'
import { f32, i32, programOf, runProgram } from '../program.ts'
import { drawing } from '../random.ts'
import { ancestralSteps } from './ancestral.ts'
import { revealSteps } from './schedule.ts'

/** One run of the sampler's program. */
interface Reveal {
  readonly step: number
  readonly inputs: Tensors
  readonly extents: Readonly<Record<string, number>>
}

/** Samples `first` … of one run of the device. Places behind the last sample hold tokens without masks, which nothing changes. */
export class SampleBatch {
  readonly #job: SampleJob
  readonly #executable: Executable
  readonly #ids: readonly number[]
  readonly #prompt: ArrayLike<number>

  constructor(job: SampleJob, executable: Executable, first: number, prompt: ArrayLike<number>) {
    this.#job = job
    this.#executable = executable
    this.#prompt = prompt
    this.#ids = Array.from({ length: Math.min(job.micro, job.count - first) }, (_, b) => first + b)
  }

  async begin(): Promise<void> {
    const { micro, length, mask } = this.#job
    const tokens = new Int32Array(micro * length).fill(mask, 0, this.#ids.length * length)
    for (const b of this.#ids.keys()) tokens.set(this.#prompt, b * length)
    await this.#executable.write('tokens', tokens)
  }

  reveals(): readonly Reveal[] {
    const { sampler, length, seed, micro } = this.#job
    const masked = length - this.#prompt.length
    const n = this.#ids.length
    if (sampler.kind === 'ancestral') {
      const steps = ancestralSteps(this.#ids, length, this.#prompt.length, sampler.steps, drawing(seed, 'reveal'))
      return steps.map(({ step, rows }) => ({ step, inputs: { row: rows }, extents: { row: rows.length } }))
    }
    return revealSteps(sampler.pooled ? n * masked : masked, sampler.steps).map(({ step, count, masks }) => {
      const counts = sampler.pooled ? i32(count) : new Int32Array(micro).fill(count, 0, n)
      return { step, inputs: { count: counts }, extents: { slot: Math.min(masked, masks) } }
    })
  }

  async run({ step, inputs, extents }: Reveal): Promise<void> {
    const { plan, sampler, micro, seed } = this.#job
    const spec = programOf(plan, sampler.kind)
    if (spec === undefined) throw new Error(`the plan has no program ${sampler.kind}`)
    const given = {
      ...inputs,
      prompt: new Int32Array(micro).fill(this.#prompt.length),
      step: i32(step),
      seed: i32(seed),
      sample: Int32Array.from({ length: micro }, (_, b) => this.#ids[0]! + b),
      temperature: f32(sampler.temperature),
      guidance: f32(sampler.guidance),
    }
    await runProgram(this.#executable, spec, given, extents)
  }

  /** The tokens of each sample now. */
  async tokens(): Promise<readonly Int32Array[]> {
    const { length } = this.#job
    const all = Int32Array.from(await this.#executable.read('tokens'))
    return this.#ids.map((_, b) => all.subarray(b * length, (b + 1) * length))
  }
}
