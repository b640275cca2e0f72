// An eval job → its events, and metrics.json in the store: the likelihood of a text, with its standard error and what a model of
// single tokens would reach.
import { join } from 'node:path'
import { rm } from 'node:fs/promises'
import type { CustomMetric, EvalJob } from '../compiler/plan/jobs.ts'
import { loadWeights } from './checkpoint/load.ts'
import { windowsIn } from './data/sequences.ts'
import { readTokens } from './data/source.ts'
import { unigramEntropy } from './data/unigram.ts'
import type { RunEvent } from './events.ts'
import { telling } from './failures.ts'
import { chainRule, nextToken } from './likelihood/chain-rule.ts'
import { exactK } from './likelihood/exact-k.ts'
import { monteCarlo } from './likelihood/monte-carlo.ts'
import { Estimator, windowsOf, type Noised, type Texts } from './likelihood/scored.ts'
import { programOf } from './program.ts'
import { score } from './score.ts'
import { secondsSince, type StageContext } from './stage.ts'
import { replaceText } from './store/atomic.ts'
import { appendLine, readLines, replaceLines } from './store/journal.ts'
import { tokenizerOf } from './tokenizer/choose.ts'
import type { Tokens } from './tokenizer/tokenizer.ts'

/** An entry of metrics.json. `error`: null where one number leaves nothing to compare. */
export interface MetricRecord {
  readonly name: string
  readonly value: number
  readonly error: number | null
  readonly unit: string
  readonly by: EvalJob['metric']['by']
  /** Sequences of the text that were scored, and noised copies of them in all: as many passes of the model. */
  readonly sequences: number
  readonly forwards: number
  readonly unigram: number
  readonly notes: readonly string[]
}

/** Evaluates to the end, or until the signal asks to stop; what is scored by then is kept. */
export async function* evaluate(job: EvalJob, context: StageContext): AsyncGenerator<RunEvent> {
  const { stage, plan, micro, mask } = job
  const { folder, signal } = context
  yield { kind: 'note', stage, text: 'reading data' }
  const tokens = await readTokens(job.data, context.cache)
  const work = planned(job, tokens)
  const program = programOf(plan, 'nll')
  if (program === undefined) throw new Error('the plan has no program nll')

  yield { kind: 'note', stage, text: 'preparing the device' }
  await using executable = await context.backend.load(plan)
  await loadWeights(executable, job, job.from, context.store)
  const journal = join(folder.state, 'sums.jsonl')
  const batches = (await readLines(journal)) as (readonly number[])[]
  await telling('keeping results', () => replaceLines(journal, batches))

  const estimator = new Estimator(job.context)
  const draws: Iterator<Noised, unknown> = work.draws[Symbol.iterator]()
  let done = 0
  for (const sum of batches.flat()) {
    const next = draws.next()
    if (next.done === true) break
    estimator.add(next.value, sum)
    done++
  }
  const start = performance.now()
  for await (const scored of score({ executable, program, batch: micro, time: job.context, mask }, rest(draws))) {
    if (signal.aborted) {
      yield { kind: 'stopped', stage, step: done, total: work.total }
      return
    }
    for (const { draw, sum } of scored) estimator.add(draw, sum)
    const sums = scored.map((s) => s.sum)
    await telling('keeping results', () => appendLine(journal, sums))
    done += scored.length
    yield { kind: 'progress', stage, done, total: work.total, seconds: secondsSince(start) }
  }
  const record = measured(job, tokens, estimator, done)
  await telling('writing metrics', () => replaceText(folder.artifact, JSON.stringify([record], undefined, 2) + '\n'))
  await rm(folder.state, { recursive: true, force: true })
  yield metricEvent(stage, record)
}

/** How the terminal hears of a metric, fresh or out of the store. */
export function metricEvent(stage: string, { name, value, error, unit, notes }: CustomMetric): RunEvent {
  return { kind: 'metric', stage, name, value, error: error ?? NaN, unit, notes }
}

interface Work {
  readonly draws: Iterable<Noised>
  readonly total: number
}

function planned({ metric, objective, context, limit = Infinity, mask, seed }: EvalJob, tokens: Tokens): Work {
  // A model of the next token says nothing of the first, so its texts have one more.
  const length = objective === 'masked' ? context : context + 1
  const windows = windowsIn(tokens, length)
  const { samples } = metric
  const texts: Texts = windowsOf(tokens, length, windows, Math.min(windows, samples, limit))
  switch (metric.by) {
    case 'monte_carlo':
      return { draws: monteCarlo(texts, samples, metric.noise, mask, seed), total: samples }
    case 'exact_k':
      return { draws: exactK(texts, samples, mask, seed), total: samples }
    case 'chain_rule':
      return objective === 'masked'
        ? { draws: chainRule(texts, mask), total: texts.count * context }
        : { draws: nextToken(texts), total: texts.count }
    default:
      return metric.by satisfies never
  }
}

function measured(job: EvalJob, tokens: Tokens, estimator: Estimator, forwards: number): MetricRecord {
  const { by } = job.metric
  const { value, error } = estimator.estimate()
  const unigram = unigramEntropy(tokens, job.vocab)
  const what = by === 'chain_rule' ? 'exact in the order of the text' : 'an upper bound'
  const texts = estimator.texts
  return {
    name: 'likelihood',
    value,
    error: Number.isFinite(error) ? error : null,
    unit: `nats per ${tokenizerOf(job.data.tokenizer).unit}`,
    by,
    sequences: texts,
    forwards,
    unigram,
    notes: [
      `${what} (${by}), ${forwards} passes over ${texts} sequences of ${job.context} tokens`,
      texts > 1 ? 'standard error between sequences' : 'standard error between draws of one sequence',
      `single tokens: ${unigram.toFixed(3)} nats`,
    ],
  }
}

/** What is left of an iterator. */
function* rest<T>(iterator: Iterator<T, unknown>): Iterable<T> {
  for (let next = iterator.next(); next.done !== true; next = iterator.next()) yield next.value
}
