// A finished stage in the store → its numbers: what an evaluation measured, how a training ended, what samples took.
import { readFile } from 'node:fs/promises'
import type { CustomMetric, Done } from '../compiler/plan/jobs.ts'
import { Failure, type RunEvent } from './events.ts'
import type { SampleRecord } from './sample.ts'
import { readLines } from './store/journal.ts'
import { stageFolder } from './store/store.ts'

/** A number with its standard error, if it has one. */
export type Measured = Pick<CustomMetric, 'name' | 'value' | 'error' | 'unit'>

type Step = Extract<RunEvent, { kind: 'step' }>
type Validation = Extract<RunEvent, { kind: 'validation' }>

/** Share of the steps at the end whose logged losses stand for the training's. */
const END = 0.1

/** `store`: the folder with the stages' folders. Fails with a Failure where the result is gone. */
export async function resultsOf(store: string, done: Done): Promise<readonly Measured[]> {
  const folder = stageFolder(store, done.kind, done.key)
  switch (done.kind) {
    case 'train': {
      const log = (await readLines(folder.log)) as readonly RunEvent[]
      const [held, loss] = [heldOut(log), trainingLoss(log)]
      if (loss === undefined) throw gone(done, folder.log)
      return [...(held ? [held] : []), loss]
    }
    case 'sample': {
      const samples = (await readLines(folder.artifact)) as readonly SampleRecord[]
      if (samples.length === 0) throw gone(done, folder.artifact)
      const forwards = samples.reduce((sum, s) => sum + s.forwards, 0) / samples.length
      return [number('texts', samples.length), number('forwards', forwards, 'a text')]
    }
    case 'eval':
    case 'custom': {
      const text = await readFile(folder.artifact, 'utf8').catch(() => undefined)
      if (text === undefined) throw gone(done, folder.artifact)
      return (JSON.parse(text) as readonly CustomMetric[]).map(({ name, value, error, unit }) => ({ name, value, error, unit }))
    }
    default:
      return done.kind satisfies never
  }
}

/** The bound on held-out text at the end of a training. */
function heldOut(log: readonly RunEvent[]): Measured | undefined {
  const last = log.findLast((e): e is Validation => e.kind === 'validation')
  // JSON has no NaN: an error that is not known comes back as null.
  return last && { name: 'validation', value: last.bound, error: Number.isFinite(last.error) ? last.error : null, unit: 'nats per token' }
}

/** One step's loss is noise: the mean of those logged at the end. */
function trainingLoss(log: readonly RunEvent[]): Measured | undefined {
  const steps = log.filter((e): e is Step => e.kind === 'step')
  const last = steps.at(-1)
  if (last === undefined) return undefined
  const ending = steps.filter((e) => e.step > last.total * (1 - END))
  return number('loss', ending.reduce((sum, e) => sum + e.loss, 0) / ending.length, 'nats per token')
}

function number(name: string, value: number, unit = ''): Measured {
  return { name, value, error: null, unit }
}

function gone({ stage }: Done, path: string): Failure {
  return new Failure({
    code: 'result-gone',
    message: `${stage} is done, and its numbers are not in ${path}`,
    advice: ['remove that folder and run again: the stage is computed anew'],
  })
}
