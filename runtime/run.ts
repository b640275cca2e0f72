// Stages in order → one stream of events. A stage whose artifact is in the store is not even compiled; the others are locked,
// compiled, carried out and linked. What the world does wrong comes as a last event `failed`; what is done by then stays.
import type { FitJob, Job, ReadingJob } from '../compiler/plan/jobs.ts'
import type { Backend } from './backend.ts'
import { cachedEvents } from './cached.ts'
import { custom } from './custom.ts'
import { evaluate } from './evaluate.ts'
import { DoesNotFit, Failure, type RunEvent, type StageState } from './events.ts'
import { asFailure, telling } from './failures.ts'
import { fit } from './fit.ts'
import { sample } from './sample.ts'
import { secondsSince, type StageContext } from './stage.ts'
import { lockFolder } from './store/lock.ts'
import { linkRun, readRecord, stageFolder, stateOf, sweep, writeRecord, type StageFolder, type StoredKind } from './store/store.ts'
import { table } from './table.ts'
import { train } from './train.ts'
import { writeResult } from './written.ts'

/** A stage before it is compiled. */
export interface StagePlan {
  readonly stage: string
  readonly kind: StoredKind
  /** The word of its kind: `train`, or a plugin's own. */
  readonly what: string
  readonly key: string
  /** A file for the result, which is not part of the key. */
  readonly write?: string
  /** Of a fit. */
  readonly law?: FitJob['law']
  /** Compiles it; asked only when there is work to do, and again with less `memory` than a plan needed that did not fit. */
  readonly job: (memory?: number) => Promise<Job | ReadingJob>
}

export interface RunOptions {
  /** `.smdmc/store`. */
  readonly store: string
  /** `runs/<file>`: gets a link for each stage. */
  readonly runs: string
  /** For fetched files. */
  readonly cache: string
  readonly signal: AbortSignal
}

/** Runs stages, dependencies first. Ends after the first stage that stops or fails. */
export async function* run(stages: readonly StagePlan[], backend: Backend, options: RunOptions): AsyncGenerator<RunEvent> {
  const states = await Promise.all(stages.map((s) => stateOf(stageFolder(options.store, s.kind, s.key))))
  const heads = stages.map(({ stage, what, key }, i) => ({ stage, what, key, state: states[i]! }))
  yield { kind: 'run', device: backend.device, stages: heads }
  for (const stage of stages) {
    let last: RunEvent | undefined
    try {
      for await (const event of runStage(stage, backend, options)) yield (last = event)
    } catch (error) {
      const failure = asFailure(error, `running ${stage.stage}`)
      if (!(failure instanceof Failure)) throw failure
      yield { kind: 'failed', stage: stage.stage, code: failure.code, message: failure.message, advice: failure.advice }
      return
    }
    if (last?.kind === 'stopped') return
  }
}

async function* runStage(plan: StagePlan, backend: Backend, options: RunOptions): AsyncGenerator<RunEvent> {
  const { stage, kind, key } = plan
  const folder = stageFolder(options.store, kind, key)
  const start = performance.now()
  if ((await stateOf(folder)) === 'cached') yield* cached(plan, folder)
  else {
    const lock = await telling('locking the stage', () => lockFolder(folder.path))
    try {
      for await (const event of locked(plan, folder, backend, options)) {
        yield event
        if (event.kind === 'stopped') return
      }
    } finally {
      await lock[Symbol.asyncDispose]()
    }
  }
  await telling('linking the run', () => linkRun(options.runs, stage, folder.path))
  const { write, law } = plan
  if (write !== undefined) {
    await writeResult({ kind, write, law }, folder.artifact)
    yield { kind: 'note', stage, text: `written to ${write}` }
  }
  yield { kind: 'done', stage, folder: folder.path, seconds: secondsSince(start) }
}

/** What is in the store already. */
async function* cached({ stage, kind }: StagePlan, folder: StageFolder): AsyncGenerator<RunEvent> {
  yield stageEvent({ stage, kind }, folder, 'cached', (await readRecord(folder))?.total ?? 0)
  yield* cachedEvents(stage, kind, folder)
}

/** The work on a stage that is not finished, done by this process alone. */
async function* locked(plan: StagePlan, folder: StageFolder, backend: Backend, options: RunOptions): AsyncGenerator<RunEvent> {
  const { stage, kind, key } = plan
  const { store, cache, signal } = options
  await telling('clearing up', () => sweep(folder))
  // Another process may have finished it just before.
  const state = await stateOf(folder)
  if (state === 'cached') {
    yield* cached(plan, folder)
    return
  }
  if (signal.aborted) {
    yield { kind: 'stopped', stage, step: 0, total: 0 }
    return
  }
  yield { kind: 'note', stage, text: 'compiling' }
  const job = await plan.job()
  const total = totalOf(job)
  await telling('writing to the store', () => writeRecord(folder, { stage, kind, key, total, normal: job.normal }))
  await telling('linking the run', () => linkRun(options.runs, stage, folder.path))
  yield stageEvent(plan, folder, state, total)
  if ('notes' in job) for (const text of job.notes) yield { kind: 'note', stage, text }
  yield* fitting(plan, job, { backend, folder, store, cache, signal })
}

/** Works on the largest plan that the device has the memory for: few devices tell how much they have before it is full. */
async function* fitting(plan: StagePlan, job: Job | ReadingJob, context: StageContext): AsyncGenerator<RunEvent> {
  try {
    yield* work(job, context)
  } catch (error) {
    if (!(error instanceof DoesNotFit) || !('plan' in job)) throw error
    const smaller = await plan.job(bytesOf(job))
    if (!('plan' in smaller) || bytesOf(smaller) >= bytesOf(job)) throw error
    const instead = smaller.micro < job.micro ? `${smaller.micro}` : 'to keep fewer of their activations'
    yield { kind: 'note', stage: plan.stage, text: `${job.micro} sequences at once do not fit the device, trying ${instead}` }
    yield* fitting(plan, smaller, context)
  }
}

function bytesOf({ plan: { memory } }: Job): number {
  return memory.states + memory.activations
}

function work(job: Job | ReadingJob, context: StageContext): AsyncGenerator<RunEvent> {
  switch (job.kind) {
    case 'train':
      return train(job, context)
    case 'sample':
      return sample(job, context)
    case 'eval':
      return evaluate(job, context)
    case 'custom':
      return custom(job, context)
    case 'fit':
      return fit(job, context)
    case 'table':
      return table(job, context)
    default:
      return job satisfies never
  }
}

function stageEvent({ stage, kind }: Pick<StagePlan, 'stage' | 'kind'>, folder: StageFolder, state: StageState, total: number): RunEvent {
  return { kind: 'stage', stage, state, folder: folder.path, total, unit: kind === 'train' ? 'steps' : 'sequences' }
}

function totalOf(job: Job | ReadingJob): number {
  switch (job.kind) {
    case 'train':
      return job.steps
    case 'sample':
      return job.count
    case 'eval':
      return job.metric.by === 'chain_rule' ? Math.min(job.metric.samples, job.limit ?? Infinity) : job.metric.samples
    case 'custom':
    case 'fit':
    case 'table':
      return 0
    default:
      return job satisfies never
  }
}
