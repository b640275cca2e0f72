// A sample job → its events, and samples.jsonl in the store. The tokens stay on the device: the host queues one run for each step
// that reveals something and looks at the tokens only now and then, for the preview. Draws are keyed by sample and position, so a
// sample does not depend on what else is in its batch (unless `pooled` asks for that).
import { copyFile, mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { SampleJob } from '../compiler/plan/jobs.ts'
import type { Executable, Tensors } from './backend.ts'
import { loadWeights } from './checkpoint/load.ts'
import { Failure, type RunEvent } from './events.ts'
import { telling } from './failures.ts'
import { f32, i32, programOf, runProgram } from './program.ts'
import { drawing } from './random.ts'
import { ancestralSteps } from './sampler/ancestral.ts'
import { revealSteps } from './sampler/schedule.ts'
import { secondsSince, type StageContext } from './stage.ts'
import { appendLine, readLines, replaceLines } from './store/journal.ts'
import { tokenizerOf } from './tokenizer/choose.ts'

/** Looks at the tokens, of one batch, and samples shown of those. */
const previews = { looks: 24, samples: 4 }

/** A line of samples.jsonl. `text` and `tokens` are whole: the prompt and what follows. */
export interface SampleRecord {
  readonly sample: number
  readonly prompt: string
  readonly text: string
  readonly tokens: readonly number[]
  /** Passes of the model, two for each guided step. */
  readonly forwards: number
  readonly seed: number
}

/** One run of the sampler's program. */
interface Reveal {
  readonly step: number
  readonly inputs: Tensors
  readonly extents: Readonly<Record<string, number>>
}

/** Samples to the end, or until the signal asks to stop; what is done by then is kept. */
export async function* sample(job: SampleJob, context: StageContext): AsyncGenerator<RunEvent> {
  const { stage, count, micro, seed } = job
  const { folder, signal } = context
  const tokenizer = tokenizerOf(job.tokenizer)
  const prompt = tokenizer.encode(job.prompt)
  if (prompt.length > job.length) throw tooLong(job, prompt.length)

  yield { kind: 'note', stage, text: 'preparing the device' }
  await using executable = await context.backend.load(job.plan)
  await loadWeights(executable, job.weights, job.from, context.store)
  const journal = join(folder.state, 'samples.jsonl')
  const batches = (await readLines(journal)) as (readonly SampleRecord[])[]
  await telling('writing samples', () => replaceLines(journal, batches))
  const done = batches.flat()

  const start = performance.now()
  for (let first = done.length; first < count; first += micro) {
    const batch = new SampleBatch(job, executable, first, prompt)
    await batch.begin()
    const reveals = batch.reveals()
    const look = Math.ceil(reveals.length / previews.looks)
    for (const [i, reveal] of reveals.entries()) {
      if (signal.aborted) {
        yield { kind: 'stopped', stage, step: first, total: count }
        return
      }
      await batch.run(reveal)
      if ((i + 1) % look !== 0 || i + 1 === reveals.length) continue
      for (const [b, tokens] of (await batch.tokens()).slice(0, previews.samples).entries()) {
        const pieces = tokenizer.pieces(tokens, job.mask)
        yield { kind: 'unmask', stage, sample: first + b, step: reveal.step + 1, total: job.sampler.steps, pieces }
      }
    }
    const forwards = reveals.length * (job.sampler.guidance === 0 ? 1 : 2)
    const records = (await batch.tokens()).map((tokens, b): SampleRecord => {
      return { sample: first + b, prompt: job.prompt, text: tokenizer.decode(tokens), tokens: [...tokens], forwards, seed }
    })
    await telling('writing samples', () => appendLine(journal, records))
    done.push(...records)
    for (const { sample, text } of records) yield { kind: 'sampled', stage, sample, text, forwards }
    yield { kind: 'progress', stage, done: done.length, total: count, seconds: secondsSince(start) }
  }
  await telling('writing samples', () => replaceLines(folder.artifact, done))
  await rm(folder.state, { recursive: true, force: true })
}

/** Copies the samples to the file that the pipeline asks for. */
export async function copySamples(artifact: string, path: string): Promise<void> {
  await telling('copying the samples', async () => {
    await mkdir(dirname(path), { recursive: true })
    await copyFile(artifact, path)
  })
}

/** Samples `first` … of one run of the device. Places behind the last sample hold tokens without masks, which nothing changes. */
class SampleBatch {
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

function tooLong(job: SampleJob, tokens: number): Failure {
  return new Failure({
    code: 'prompt-too-long',
    message: `the prompt of ${job.stage} has ${tokens} tokens, more than the whole text of ${job.length}`,
    advice: ['raise `length`, which counts the prompt too'],
  })
}
