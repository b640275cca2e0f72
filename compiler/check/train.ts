// A training as written → TrainStage: sizes known, budget and warm-up in steps, sections at peace with each other.
import { asStage, type Parts } from './base.ts'
import { field, inPage, length, number, place, quantity, record, word, type Build } from './build.ts'
import { complete, sound } from './complete.ts'
import { averageLength, stepsIn, type Step } from './convert.ts'
import { buildData, checkpointPath, vocabOf } from './data.ts'
import { checkMemory, smallerCases } from './memory.ts'
import { checkGradient } from './gradient.ts'
import { buildModel } from './model.ts'
import { modelForm, normalForm } from './normal.ts'
import { buildObjective, buildOptimizer } from './objective.ts'
import type { DataSpec, From, Stage, TrainStage } from './pipeline.ts'
import type { Model } from '../elaborate/model.ts'
import type { WeightSpec } from '../plan/jobs.ts'
import type { Rec } from './value.ts'

/** Undefined where a mistake has been reported. Every part is checked even if another is wrong. */
export function buildTrain(b: Build, stage: Rec): TrainStage | undefined {
  const { s } = b
  if (!complete(b, stage)) return undefined
  const isSound = sound(stage)
  const part = (name: string): Rec | undefined => record(s, stage, name)
  const [modelRec, dataRec, objectiveRec, optimizerRec] = [part('model'), part('data'), part('objective'), part('optimizer')]
  const from = fromOf(b, stage)
  const data = dataRec && buildData(b, dataRec, 'train')
  const held = data?.validation && data.part === 'train' ? buildData(b, { ...dataRec!, part: 'validation' }, 'train') : undefined
  const objective = objectiveRec && buildObjective(b, objectiveRec)
  const vocab = vocabOf(b, dataRec)
  const model = modelRec && sound(modelRec) ? buildModel(s, modelRec, vocab) : undefined
  if (model && modelRec) checkMemory(b, stage, modelRec, model)
  const learns = !model || !modelRec?.block || checkGradient(s, model, modelRec.block, place(stage, 'model').field)
  const atPeace = !model || !objectiveRec || (checkCausal(b, stage, model, objectiveRec) && checkSymbols(b, stage, model, objectiveRec))
  const alike = !model || from?.kind !== 'stage' || checkWeights(b, stage, model, from.stage)
  const sizes = model && sizesOf(b, stage, model, data ?? {})
  const steps = sizes && stepsOf(b, stage, sizes, data)
  const optimizer =
    optimizerRec && sound(optimizerRec) && sizes && steps !== undefined ? buildOptimizer(b, stage, optimizerRec, sizes, steps) : undefined
  const sequence = model && objective && sequenceOf({ objective, context: model.context })
  if (sequence !== undefined && ![data, held].every((part) => checkLength(b, stage, part, sequence))) return undefined
  if (data && objective && !checkExamples(b, stage, data, objective)) return undefined
  if (
    !isSound ||
    !atPeace ||
    !learns ||
    !alike ||
    from === null ||
    !modelRec?.block ||
    !data ||
    !objective ||
    !model ||
    !sizes ||
    steps === undefined ||
    !optimizer
  )
    return undefined

  const every = (name: string): number => {
    const value = length(s, stage, name)
    const n = value ? (stepsIn(value, sizes, steps) ?? 0) : 0
    return value?.kind === 'quantity' && value.number > 0 ? Math.max(1, n) : n
  }
  const { block } = modelRec
  const parts: Parts = {
    normal: (look) => normalForm(look, stage, { model: modelForm(s, model, block) }),
    needs: from?.kind === 'stage' ? [from.stage] : [],
  }
  return asStage<TrainStage>(b, stage, parts, {
    kind: 'train',
    model,
    smaller: () => smallerCases(s, modelRec, model.vocab),
    from,
    data,
    held,
    objective,
    optimizer,
    batch: sizes.batch,
    context: model.context,
    steps,
    randomLength: number(s, stage, 'random_length'),
    precision: word(s, stage, 'precision') as TrainStage['precision'],
    seed: number(s, stage, 'seed'),
    every: { log: every('log'), validate: every('validate'), keep: every('keep') },
  })
}

/** Where weights come from; null where that is not to be had. */
export function fromOf(b: Build, stage: Rec): From | undefined | null {
  const value = field(b.s, stage, 'from')
  if (!value) return undefined
  if (value.kind !== 'record') return null
  if (value.of === 'checkpoint') {
    const path = checkpointPath(b, value)
    return path === undefined ? null : { kind: 'checkpoint', path }
  }
  const trained: Stage | undefined = b.stageOf(value)
  return trained?.kind === 'train' ? { kind: 'stage', stage: trained } : null
}

function sizesOf(b: Build, stage: Rec, model: Model, { tokens, sequences }: Pick<DataSpec, 'tokens' | 'sequences'>): Step | undefined {
  const batch = quantity(b.s, stage, 'batch')
  const cut = quantity(b.s, stage, 'random_length')
  if (!batch || !cut) return undefined
  const size = batch.dimension === 'tokens' ? batch.number / model.context : batch.number
  if (!Number.isInteger(size)) {
    b.s.say.brokenBatch(place(stage, 'batch').at, { tokens: batch.number, context: model.context })
    return undefined
  }
  return {
    batch: size,
    length: averageLength(model.context, cut.number),
    parameters: model.nonEmbedding,
    sequences: sequences ?? (tokens === undefined ? undefined : Math.floor(tokens / model.context)),
  }
}

function stepsOf(b: Build, stage: Rec, sizes: Step, data: DataSpec | undefined): number | undefined {
  const budget = length(b.s, stage, 'budget')
  const steps = budget && stepsIn(budget, sizes, 0)
  if (!budget || (steps !== undefined && steps >= 1 && Number.isFinite(steps))) return steps
  const { at } = place(stage, 'budget')
  if (steps !== undefined && steps < 1) b.s.say.smallBudget(at, { sizes })
  else if (steps !== undefined) b.s.say.uncountedBudget(at, { lacks: sizes.parameters === 0 ? 'parameters' : 'end' })
  else if (data) b.s.say.uncountedBudget(at, { lacks: 'tokens' })
  return undefined
}

function checkCausal(b: Build, stage: Rec, model: Model, objective: Rec): boolean {
  if (objective.maker === 'next_token' && !model.causal) b.s.say.needsCausal(place(stage, 'objective').field, undefined)
  else if (objective.maker === 'masked' && model.causal) b.s.say.needsBidirectional(place(stage, 'model').field, undefined)
  else return true
  return false
}

/** Tokens are inside what the model reads by this check alone: nothing looks at them where it runs. */
function checkSymbols(b: Build, stage: Rec, { symbols, vocab }: Model, objective: Rec): boolean {
  const masks = objective.maker === 'masked'
  if (!symbols || symbols.size >= (masks ? vocab + 1 : vocab)) return true
  const name = record(b.s, stage, 'model')?.block?.decl.name.name ?? 'it'
  b.s.say.fewSymbols(place(stage, 'model').field, { name, symbols: symbols.name, size: symbols.size, vocab, masks })
  return false
}

/** Weights of another training fit only where names and sizes agree. */
function checkWeights(b: Build, stage: Rec, model: Model, from: TrainStage): boolean {
  const there = new Map(from.model.weights.map((w) => [w.name, w]))
  const sizes = (weight: WeightSpec | undefined): string | undefined => weight?.dims.map((d) => `${d.name} ${d.size}`).join(', ')
  const odd = model.weights.find((w) => sizes(w) !== sizes(there.get(w.name)))
  const here = new Set(model.weights.map((w) => w.name))
  const missing = from.model.weights.find((w) => !here.has(w.name))
  const name = (odd ?? missing)?.name
  if (name === undefined) return true
  b.s.say.unlikeWeights(place(stage, 'from').at, { from: from.name, weight: name, here: sizes(odd), there: sizes(there.get(name)) })
  return false
}

/** Data with columns says in its turns what is given and written; one long text has no prompts. */
function checkExamples(b: Build, stage: Rec, { form, turns }: DataSpec, objective: TrainStage['objective']): boolean {
  const { say } = b.s
  const at = place(stage, 'data')
  if ((form === 'jsonl' || form === 'lines') && turns.length === 0) say.needsTurns(at.at, { form })
  else if (turns.some((turn) => !turn.write)) say.needsWrite(at.at, undefined)
  else if (objective.kind === 'masked' && turns.length === 0) {
    const answers = objective.learn === 'answers' ? 'learn' : objective.dropPrompt > 0 ? 'drop_prompt' : undefined
    if (answers === undefined) return true
    say.needsExamples(inPage(stage, place(record(b.s, stage, 'objective') ?? stage, answers).at), { field: answers })
  } else return true
  return false
}

/** Tokens of the data that a sequence takes: what the last token foretells is one more. */
export function sequenceOf({ objective, context }: Pick<TrainStage, 'objective' | 'context'>): number {
  return objective.kind === 'next_token' ? context + 1 : context
}

/** Whether there is one sequence of so many tokens, where that is known; if not, it has been said. */
export function checkLength(b: Build, stage: Rec, data: DataSpec | undefined, length: number): boolean {
  if (data?.tokens === undefined || data.tokens >= length) return true
  b.s.say.shortData(place(stage, 'data').at, { tokens: data.tokens, length, part: data.part })
  return false
}
