// An evaluation → passes of the model for each of its metrics, as numbers.
import type { EvalStage, MetricSpec } from '../check/pipeline.ts'
import { readsAnswers } from '../check/metrics.ts'
import { forwardFlops } from './flops.ts'
import { samplerCost } from './sample-cost.ts'

export interface EvalCost {
  /** Sequences or examples that are read, where that is known. */
  readonly sequences?: number
  readonly context: number
  readonly metrics: readonly MetricCost[]
  /** Writing one answer, where the metrics read answers: at most, since a prompt leaves fewer masks. */
  readonly writing?: { readonly turns: number; readonly forwards: number; readonly length: number }
  /** Executed, of the metrics that only score. */
  readonly flops?: number
}

export interface MetricCost {
  readonly metric: string
  readonly by?: string
  readonly samples?: number
  /** Passes over a sequence, in all. */
  readonly forwards?: number
  /** Rows of logits of such a pass, on average. */
  readonly rows?: number
}

export function evalCost(stage: EvalStage): EvalCost {
  const { context, data, limit, sampler, metrics } = stage
  const all = data.sequences ?? (data.tokens === undefined ? undefined : Math.floor(data.tokens / context))
  const drawn = metrics.every((m) => m.kind === 'likelihood') ? Math.max(...metrics.map((m) => m.samples)) : Infinity
  const least = Math.min(limit ?? Infinity, drawn, all ?? Infinity)
  const sequences = Number.isFinite(least) ? least : undefined
  const causal = stage.from.kind === 'stage' && stage.from.stage.objective.kind === 'next_token'
  const costs = metrics.map((metric) => metricCost(metric, context, sequences, causal))
  const { body, head } = forwardFlops(stage.model)
  const scored = costs.reduce((n, { forwards = 0, rows = 0 }) => n + forwards * (body * context + head * rows), 0)
  const length = stage.length ?? context
  const turns = Math.max(1, data.turns.length)
  const writes = sampler !== undefined && metrics.some(readsAnswers)
  return {
    sequences,
    context,
    metrics: costs,
    writing: writes ? { turns, forwards: turns * samplerCost(sampler, length, length).forwards, length } : undefined,
    flops: scored > 0 ? scored : undefined,
  }
}

function metricCost(metric: MetricSpec, context: number, sequences: number | undefined, causal: boolean): MetricCost {
  const { kind } = metric
  if (kind === 'choice') return { metric: kind, by: metric.by }
  if (kind !== 'likelihood') return { metric: kind }
  const { by, samples } = metric
  if (by !== 'chain_rule') return { metric: kind, by, samples, forwards: samples, rows: context / 2 }
  // A causal model says all tokens of a text in one pass; one that fills masks says one.
  const rows = causal ? context : 1
  return { metric: kind, by, samples, forwards: (Math.min(samples, sequences ?? samples) * context) / rows, rows }
}
