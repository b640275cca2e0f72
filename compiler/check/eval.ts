// An evaluation as written → EvalStage: the model of its training, its data, and estimators that suit the model.
import { field, lookupsOf, number, place, quantity, record, word, type Build } from './build.ts'
import { complete, sound } from './complete.ts'
import { buildData } from './data.ts'
import { keyOf, normalForm, originsOf } from './normal.ts'
import { buildMasked } from './objective.ts'
import type { EvalStage, TrainStage } from './pipeline.ts'
import { fresh } from './record.ts'
import { trainedOf } from './sample.ts'
import type { Rec } from './value.ts'

/** Undefined where a mistake has been reported, here or in the training. */
export function buildEval(b: Build, stage: Rec): EvalStage | undefined {
  const { s } = b
  if (!complete(b, stage)) return undefined
  const isSound = sound(b, stage)
  const trained = trainedOf(b, stage)
  const dataRec = record(s, stage, 'data')
  const data = dataRec && buildData(b, dataRec, 'all')
  const metrics = trained && metricsOf(b, stage, trained)
  if (!isSound || !trained || !dataRec || !data || !metrics) return undefined
  const { context } = trained
  if (data.tokens !== undefined && data.tokens < context) {
    s.say.shortData(place(stage, 'data').at, { tokens: data.tokens, context })
    return undefined
  }
  // A model trained on the next token has no noise; its chain rule does not read this.
  const objective = trained.objective.kind === 'masked' ? trained.objective : buildMasked(b, fresh('objective', 'masked', stage.span))
  if (!objective) return undefined
  const normal = normalForm(lookupsOf(b), stage, { metric: metrics })
  return {
    kind: 'eval',
    name: stage.decl?.name.name ?? '',
    span: stage.span,
    key: keyOf(normal),
    normal,
    origins: originsOf(stage),
    needs: [trained],
    from: { kind: 'stage', stage: trained },
    model: trained.model,
    data,
    context,
    objective,
    metrics,
    limit: quantity(s, stage, 'limit')?.number,
    seed: number(s, stage, 'seed'),
  }
}

type Metric = EvalStage['metrics'][number]

/** By default Monte Carlo with spread times, as in the paper; for causal models the chain rule. */
function metricsOf(b: Build, stage: Rec, trained: TrainStage): readonly Metric[] | undefined {
  const { s } = b
  const value = field(s, stage, 'metric')
  const items = value?.kind === 'list' ? value.items : []
  const metrics: Metric[] = []
  for (const item of items) {
    if (item.kind !== 'record' || item.maker !== 'likelihood') return undefined
    const causal = trained.objective.kind === 'next_token'
    const by = (word(s, item, 'by') ?? (causal ? 'chain_rule' : 'monte_carlo')) as Metric['by']
    if (causal && by !== 'chain_rule') {
      s.say.needsChainRule(place(item, 'by').at, { name: trained.name })
      return undefined
    }
    metrics.push({ kind: 'likelihood', by, samples: number(s, item, 'samples') })
  }
  return metrics
}
