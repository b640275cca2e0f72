// A train job → its events, and at the end its weights in the store. The loop keeps a few runs of the device under way while it
// makes the next batches. Every number depends on seed and step alone, so a training that is stopped or killed goes on from its
// last checkpoint as if nothing had been.
import { rm } from 'node:fs/promises'
import type { TrainJob } from '../compiler/plan/jobs.ts'
import type { Executable } from './backend.ts'
import { resumeState, saveState, writeModel } from './checkpoint/checkpoint.ts'
import { initializeWeights, loadWeights } from './checkpoint/load.ts'
import { batchesOf } from './data/batches.ts'
import { readTokens } from './data/source.ts'
import type { RunEvent } from './events.ts'
import { telling } from './failures.ts'
import { Meter } from './meter.ts'
import type { StageContext } from './stage.ts'
import { programOf, runProgram } from './program.ts'
import { StepQueue, type QueuedStep } from './step-queue.ts'
import { appendLine, readLines, replaceLines } from './store/journal.ts'
import { validationOf } from './validate.ts'

/** Trains to the end, or until the signal asks to stop; then the state is saved and the last event is `stopped`. */
export async function* train(job: TrainJob, context: StageContext): AsyncGenerator<RunEvent> {
  const { stage, steps, every, weights, extra } = job
  const { folder, signal } = context
  const note = (text: string): RunEvent => ({ kind: 'note', stage, text })

  yield note('reading data')
  const batches = batchesOf(job, await readTokens(job.data, context.cache))
  const validation = job.validation === undefined ? undefined : validationOf(job, await readTokens(job.validation, context.cache))
  yield note('preparing the device')
  await using executable = await context.backend.load(job.plan)
  const begin = await begun(job, context, executable)
  const queue = new StepQueue(job, batches, executable)
  const meter = new Meter(job, executable)
  const log = await openLog(folder.log, begin)

  const queued: QueuedStep[] = []
  const settle = async function* (left: number): AsyncGenerator<RunEvent> {
    while (queued.length > left) {
      const event = await meter.stepEvent(queued.shift()!)
      if (event.skipped)
        yield note(`step ${event.step} changed nothing: its gradients overflow f16, so the loss is scaled by half as much now`)
      if (event.step !== begin + 1 && event.step !== steps && !isDue(event.step, every.log)) continue
      meter.lap(event)
      await log(event)
      yield event
    }
  }
  let saved = begin
  const save = async function* (step: number): AsyncGenerator<RunEvent> {
    if (step === saved) return
    const path = await meter.saving(() => saveState(folder, job.key, step, executable, { weights, extra }))
    saved = step
    yield { kind: 'checkpoint', stage, step, path }
  }
  const validate = async function* (step: number): AsyncGenerator<RunEvent> {
    if (validation === undefined) return
    const { value, error } = await meter.aside(() => validation.measure(executable))
    const event: RunEvent = { kind: 'validation', stage, step, bound: value, error, unigram: validation.unigram }
    await log(event)
    yield event
  }

  for (let step = begin + 1; step <= steps; step++) {
    const next = signal.aborted ? undefined : await queue.add(step, signal)
    if (next === undefined) {
      yield* settle(0)
      yield* save(step - 1)
      yield { kind: 'stopped', stage, step: step - 1, total: steps }
      return
    }
    queued.push(next)
    const validates = isDue(step, every.validate) && step < steps
    const keeps = (isDue(step, every.keep) || meter.saveIsDue) && step < steps
    yield* settle(validates || keeps || step === steps ? 0 : 2)
    if (validates) yield* validate(step)
    if (keeps) yield* save(step)
  }
  yield* validate(steps)
  await writeModel(folder, executable, weights, { key: job.key, stage, steps: String(steps) })
  await rm(folder.state, { recursive: true, force: true })
}

function isDue(step: number, every: number): boolean {
  return every > 0 && step % every === 0
}

/** Brings weights and moments onto the device; returns the number of steps already done. */
async function begun(job: TrainJob, { folder, store }: StageContext, executable: Executable): Promise<number> {
  const saved = await resumeState(folder, job.key, executable, job)
  if (saved === undefined && job.start === undefined) await initializeWeights(executable, job.weights, job.seed)
  else if (saved === undefined) await loadWeights(executable, job, job.start!, store)
  const prepare = programOf(job.plan, 'prepare')
  if (prepare !== undefined) await runProgram(executable, prepare, {})
  return saved ?? 0
}

/** The log without what came after the step that is taken up, ready to be continued. */
async function openLog(path: string, begin: number): Promise<(event: RunEvent) => Promise<void>> {
  const isPast = (line: unknown): boolean => ((line as { readonly step?: number } | null)?.step ?? Infinity) <= begin
  await telling('writing the log', async () => replaceLines(path, (await readLines(path)).filter(isPast)))
  return (event) => telling('writing the log', () => appendLine(path, event))
}
