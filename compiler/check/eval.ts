// An evaluation as written → EvalStage: the model of its training, its data, and metrics that suit both.
import { asStage, type Parts } from './base.ts'
import { number, place, quantity, record, type Build } from './build.ts'
import { complete, sound } from './complete.ts'
import { buildData, tokenizerOf } from './data.ts'
import { metricsOf, readsAnswers } from './metrics.ts'
import { normalForm } from './normal.ts'
import { buildMasked } from './objective.ts'
import type { DataSpec, EvalStage, SamplerSpec, TrainStage } from './pipeline.ts'
import { fresh } from './record.ts'
import { checkWeight, curveOf } from './schedule.ts'
import { buildSampler, trainedOf } from './sample.ts'
import { checkLength, sequenceOf } from './train.ts'
import type { Rec } from './value.ts'

/** Undefined where a mistake has been reported, here or in the training. */
export function buildEval(b: Build, stage: Rec): EvalStage | undefined {
  const { s } = b
  if (!complete(b, stage)) return undefined
  const isSound = sound(stage)
  const trained = trainedOf(b, stage)
  const dataRec = record(s, stage, 'data')
  const data = dataRec && trained && dataFor(b, dataRec, trained)
  const metrics = isSound && data && trained && metricsOf(b, stage, trained, data)
  if (!isSound || !trained || !dataRec || !data || !metrics) return undefined
  const { context } = trained
  if (!checkLength(b, stage, data, sequenceOf(trained))) return undefined
  const writes = metrics.some(readsAnswers)
  if (!checkUnread(b, stage, writes)) return undefined
  const answers = writes ? answersOf(b, stage, context, trained) : {}
  // A model trained on the next token has no noise; its chain rule does not read this.
  const objective = trained.objective.kind === 'masked' ? trained.objective : buildMasked(b, fresh('objective', 'masked', stage.span))
  if (!objective || !answers || !checkBound(b, stage, metrics, objective)) return undefined
  const length = answers.length === undefined ? {} : { length: `${answers.length} tokens` }
  const parts: Parts = {
    normal: (look) => normalForm(look, stage, { metric: metrics, ...length }),
    needs: [trained],
    later: metrics.length > 1 ? [{ what: 'more than one metric', at: place(stage, 'metric').at }] : [],
  }
  return asStage<EvalStage>(b, stage, parts, {
    kind: 'eval',
    from: { kind: 'stage', stage: trained },
    model: trained.model,
    data,
    context,
    objective,
    metrics,
    ...answers,
    limit: quantity(s, stage, 'limit')?.number,
    seed: number(s, stage, 'seed'),
  })
}

/** The bound by Monte Carlo weighs with the schedule's slope, whatever the training did. */
function checkBound(b: Build, stage: Rec, metrics: EvalStage['metrics'], { schedule }: EvalStage['objective']): boolean {
  const drawn = metrics.some((metric) => metric.kind === 'likelihood' && metric.by === 'monte_carlo')
  const curve = curveOf(b.s, schedule)
  return !drawn || (curve !== undefined && checkWeight(b.s, undefined, curve, 0, place(stage, 'metric').at))
}

/** The data with the tokenizer of the training, which alone its model can read. */
function dataFor(b: Build, data: Rec, trained: TrainStage): DataSpec | undefined {
  const own = trained.data.tokenizer
  const given = data.fields.has('tokenizer') ? tokenizerOf(b, data) : own
  if (given && (given.kind !== own.kind || given.path !== own.path)) {
    b.s.say.otherTokenizer(place(data, 'tokenizer').at, { here: given.kind, there: own.kind, name: trained.name })
    return undefined
  }
  return given && buildData(b, data, 'all', own)
}

interface Answers {
  readonly sampler?: SamplerSpec
  readonly length?: number
}

/** How answers are written. */
function answersOf(b: Build, stage: Rec, context: number, trained: TrainStage): Answers | undefined {
  const { s } = b
  const rec = record(s, stage, 'sampler') ?? fresh('sampler', 'confidence', stage.span)
  const sampler = buildSampler(b, rec, trained.model.vocab)
  const length = quantity(s, stage, 'length')?.number ?? context
  if (length > context) s.say.lengthTooLong(place(stage, 'length').at, { length, context, name: trained.name })
  return sampler && length <= context ? { sampler, length } : undefined
}

/** A sampler or a length that no metric reads is a mistake: the page promises more than it does. */
function checkUnread(b: Build, stage: Rec, writes: boolean): boolean {
  const unread = writes ? undefined : ['sampler', 'length'].find((name) => stage.fields.has(name))
  if (unread !== undefined) b.s.say.nothingWritten(place(stage, unread).field, { field: unread })
  return unread === undefined
}
