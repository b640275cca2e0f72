// A sample job → its events, and samples.jsonl in the store. The host queues runs of the device ahead and looks at the tokens only
// now and then, for the preview; nobody waits for a look but the next one but one, so the device never does.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { SampleJob } from '../compiler/plan/jobs.ts'
import type { Executable } from './backend.ts'
import { loadWeights } from './checkpoint/load.ts'
import { Failure, type RunEvent } from './events.ts'
import { telling } from './failures.ts'
import { InFlight } from './in-flight.ts'
import { SampleBatch } from './sampler/batch.ts'
import { secondsSince, type StageContext } from './stage.ts'
import { appendLine, readLines, replaceLines } from './store/journal.ts'
import { tokenizerOf } from './tokenizer/choose.ts'

/** Looks at the tokens, of one batch, and samples shown of those; looks under way, which bound how far the host runs ahead. */
const previews = { looks: 24, samples: 4, underWay: 2 }

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

/** Tokens of the batch that begins with sample `first`: after a step, or without one when they are complete. */
interface Look {
  readonly first: number
  readonly tokens: readonly Int32Array[]
  readonly step?: number
  /** Passes of the model for the whole batch. */
  readonly forwards: number
}

/** Samples to the end, or until the signal asks to stop; what is done by then is kept. */
export async function* sample(job: SampleJob, context: StageContext): AsyncGenerator<RunEvent> {
  const { stage, count, seed } = job
  const { folder, signal } = context
  const tokenizer = tokenizerOf(job.tokenizer)
  const prompt = tokenizer.encode(job.prompt)
  if (prompt.length > job.length) throw tooLong(job, prompt.length)

  yield { kind: 'note', stage, text: 'preparing the device' }
  await using executable = await context.backend.load(job.plan)
  await loadWeights(executable, job, job.from, context.store)
  const journal = join(folder.state, 'samples.jsonl')
  const batches = (await readLines(journal)) as (readonly SampleRecord[])[]
  await telling('writing samples', () => replaceLines(journal, batches))
  const done = batches.flat()

  const start = performance.now()
  for await (const { first, tokens, step, forwards } of looks(job, executable, done.length, prompt, signal)) {
    if (step !== undefined) {
      for (const [b, now] of tokens.slice(0, previews.samples).entries()) {
        yield { kind: 'unmask', stage, sample: first + b, step, total: job.sampler.steps, pieces: tokenizer.pieces(now, job.mask) }
      }
      continue
    }
    const records = tokens.map((all, b): SampleRecord => {
      return { sample: first + b, prompt: job.prompt, text: tokenizer.decode(all), tokens: [...all], forwards, seed }
    })
    await telling('writing samples', () => appendLine(journal, records))
    done.push(...records)
    for (const { sample, text } of records) yield { kind: 'sampled', stage, sample, text, forwards }
    yield { kind: 'progress', stage, done: done.length, total: count, seconds: secondsSince(start) }
  }
  if (done.length < count) {
    yield { kind: 'stopped', stage, step: done.length, total: count }
    return
  }
  await telling('writing samples', () => replaceLines(folder.artifact, done))
  await rm(folder.state, { recursive: true, force: true })
}

/** Queues batch after batch, up to the signal; yields what is seen of them, in order, as it arrives. */
export async function* looks(
  job: SampleJob,
  executable: Executable,
  from: number,
  prompt: ArrayLike<number>,
  signal: AbortSignal,
): AsyncGenerator<Look> {
  const underWay = new InFlight<Look>(previews.underWay)
  for (let first = from; first < job.count; first += job.micro) {
    const batch = new SampleBatch(job, executable, first, prompt)
    const reveals = batch.reveals()
    const every = Math.ceil(reveals.length / previews.looks)
    const forwards = reveals.length * (job.sampler.guidance === 0 ? 1 : 2)
    const look = async function* (step?: number): AsyncGenerator<Look> {
      const seen = batch.tokens().then((tokens) => ({ first, tokens, step, forwards }))
      const oldest = await underWay.add(seen)
      if (oldest) yield oldest
    }
    await batch.begin()
    for (const [i, reveal] of reveals.entries()) {
      if (signal.aborted) {
        yield* underWay.rest()
        return
      }
      await batch.run(reveal)
      if ((i + 1) % every === 0 && i + 1 < reveals.length) yield* look(reveal.step + 1)
    }
    yield* look()
  }
  yield* underWay.rest()
}

function tooLong(job: SampleJob, tokens: number): Failure {
  return new Failure({
    code: 'prompt-too-long',
    message: `the prompt of ${job.stage} has ${tokens} tokens, more than the whole text of ${job.length}`,
    advice: ['raise `length`, which counts the prompt too'],
  })
}
