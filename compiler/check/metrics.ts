// What an evaluation measures, and whether its data has what that needs: answers to compare with, choices to choose among.
import { field, number, place, text, word, type Build } from './build.ts'
import type { DataSpec, EvalStage, Estimator, MetricSpec, TrainStage } from './pipeline.ts'
import type { Rec } from './value.ts'

/** Undefined where a mistake has been reported. */
export function metricsOf(b: Build, stage: Rec, trained: TrainStage, data: DataSpec): EvalStage['metrics'] | undefined {
  const value = field(b.s, stage, 'metric')
  const items = value?.kind === 'list' ? value.items : []
  const metrics = items.map((item) => (item.kind === 'record' ? metricOf(b, item, trained) : undefined))
  if (metrics.some((metric) => !metric)) return undefined
  const known = metrics as readonly MetricSpec[]
  return known.every((metric, i) => hasData(b, stage, items[i] as Rec, metric, data)) ? known : undefined
}

/** Whether a metric compares what the model writes. */
export function readsAnswers({ kind }: MetricSpec): boolean {
  return kind !== 'likelihood' && kind !== 'choice'
}

function metricOf(b: Build, metric: Rec, trained: TrainStage): MetricSpec | undefined {
  switch (metric.maker) {
    case 'likelihood': {
      const by = estimatorOf(b, metric, trained)
      return by && { kind: 'likelihood', by, samples: number(b.s, metric, 'samples') }
    }
    case 'choice': {
      const by = estimatorOf(b, metric, trained)
      return by && { kind: 'choice', by }
    }
    case 'same_number':
      return { kind: 'same_number', after: text(b.s, metric, 'after') }
    case 'exact':
    case 'contains':
    case 'bleu':
      return { kind: metric.maker }
    default:
      return undefined
  }
}

/** By default Monte Carlo with spread times, as in the paper; for causal models the chain rule. */
function estimatorOf(b: Build, metric: Rec, trained: TrainStage): Estimator | undefined {
  const causal = trained.objective.kind === 'next_token'
  const by = (word(b.s, metric, 'by') ?? (causal ? 'chain_rule' : 'monte_carlo')) as Estimator
  if (!causal || by === 'chain_rule') return by
  b.s.say.needsChainRule(place(metric, 'by').at, { name: trained.name })
  return undefined
}

function hasData(b: Build, stage: Rec, metric: Rec, { kind }: MetricSpec, data: DataSpec): boolean {
  const at = stage.fields.get('metric')?.at ?? metric.span
  const needs = kind === 'likelihood' ? undefined : kind === 'choice' ? 'choices' : 'expect'
  if (needs === undefined) return true
  if (data.turns.length === 0) b.s.say.metricNeedsTurns(at, { metric: kind })
  else if (data.expect === undefined) b.s.say.metricNeeds(at, { metric: kind, field: 'expect' })
  else if (data[needs] === undefined) b.s.say.metricNeeds(at, { metric: kind, field: needs })
  else return true
  return false
}
