// A fit job → its events, and metrics.json in the store: the law through the losses of a sweep's trainings, and those losses.
import type { CustomMetric, FitJob } from '../compiler/plan/jobs.ts'
import { metricEvent } from './evaluate.ts'
import { Failure, type RunEvent } from './events.ts'
import { telling } from './failures.ts'
import { factorOf, isoflop, middleOf, power, scientific, short, type Isoflop, type NoLaw, type Point, type Power } from './law/law.ts'
import type { Line } from './law/least-squares.ts'
import { resultsOf } from './results.ts'
import type { ReadingContext } from './stage.ts'
import { replaceText } from './store/atomic.ts'

/** An entry of metrics.json: a result of the fit, or a loss that it read, which names its stage. */
export interface FitRecord extends CustomMetric {
  readonly stage?: string
  readonly parameters?: number
  /** 6 N D. */
  readonly compute?: number
  /** The mean compute of the trainings that stand for one budget. */
  readonly budget?: number
}

/** Fails with a Failure where the losses follow no law. */
export async function* fit(job: FitJob, { folder, store }: ReadingContext): AsyncGenerator<RunEvent> {
  const budgets: (readonly Point[])[] = []
  for (const runs of job.budgets) budgets.push(await Promise.all(runs.map((run) => pointOf(job, run, store))))
  const law = lawOf(job.law, budgets)
  if (law.kind === 'none') throw noLaw(job, law)
  const records = [...resultsIn(law), ...budgets.flatMap(lossesOf)]
  await telling('writing metrics', () => replaceText(folder.artifact, JSON.stringify(records, undefined, 2) + '\n'))
  yield* fitEvents(job.stage, records)
}

/** How the terminal hears of a fit, fresh or out of the store: its results, not the losses that it read. */
export function* fitEvents(stage: string, records: readonly FitRecord[]): Iterable<RunEvent> {
  for (const record of records) if (record.stage === undefined) yield metricEvent(stage, record)
}

/** `budgets`: trainings of one compute each. */
export function lawOf(law: FitJob['law'], budgets: readonly (readonly Point[])[]): Isoflop | Power | NoLaw {
  return law === 'isoflop' ? isoflop(budgets) : power(budgets)
}

async function pointOf({ loss }: FitJob, run: FitJob['budgets'][number][number], store: string): Promise<Point> {
  const found = (await resultsOf(store, run)).find(({ name }) => name === (loss === 'train' ? 'loss' : 'validation'))
  return { stage: run.stage, parameters: run.parameters, compute: run.compute, loss: found?.value ?? NaN }
}

function lossesOf(points: readonly Point[]): readonly FitRecord[] {
  const known = points.filter((p) => Number.isFinite(p.loss))
  const budget = middleOf(known)
  return known.map(({ loss, ...point }) => ({
    name: 'loss',
    value: loss,
    error: null,
    unit: 'nats per token',
    notes: [],
    ...point,
    budget,
  }))
}

function resultsIn(law: Isoflop | Power): readonly FitRecord[] {
  if (law.kind === 'power') {
    const [letter, word] = law.over === 'compute' ? ['C', 'compute, 6 N D'] : ['N', 'parameters without embeddings']
    return [
      exponent('loss exponent', law.loss, `L = ${formula(law.loss, letter)}, ${letter}: ${word}; ${law.points.length} points`, law.notes),
    ]
  }
  const best = law.best.map(({ compute, parameters, loss }): FitRecord => {
    const notes = [`with ${short(parameters)} parameters, on ${short(compute / (6 * parameters))} tokens`]
    return {
      name: `best loss at ${scientific(compute)} flops`,
      value: loss,
      error: null,
      unit: 'nats per token',
      notes,
      parameters,
      compute,
    }
  })
  const budgets = `${law.best.length} budgets`
  return [
    ...best,
    exponent('loss exponent', law.loss, `L* = ${formula(law.loss, 'C')}, C: compute, 6 N D; ${budgets}`, law.notes),
    exponent('size exponent', law.size, `N* = ${formula(law.size, 'C')}, N: parameters without embeddings; ${budgets}`, []),
  ]
}

function exponent(name: string, line: Line, text: string, notes: readonly string[]): FitRecord {
  return { name, value: line.slope, error: Number.isFinite(line.error) ? line.error : null, unit: '', notes: [text, ...notes] }
}

/** `34.2 · C^-0.0625`. */
function formula(line: Line, letter: string): string {
  return `${Number(factorOf(line).toPrecision(4))} · ${letter}^${Number(line.slope.toPrecision(4))}`
}

function noLaw({ stage }: FitJob, { reason, advice }: NoLaw): Failure {
  return new Failure({ code: 'no-law', message: `${stage} finds no law: ${reason}`, advice: [advice, 'the trainings are kept'] })
}
