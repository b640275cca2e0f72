// Sampling as written → SampleStage: the model of its training, a prompt that fits, a sampler with work to do.
import { asStage, type Parts } from './base.ts'
import { code, number, place, quantity, record, text, truth, type Build } from './build.ts'
import { complete, sound } from './complete.ts'
import { normalForm } from './normal.ts'
import { checkOrder } from './order.ts'
import type { SamplerSpec, SampleStage, TrainStage } from './pipeline.ts'
import { sizeOf, templateOf } from './template.ts'
import { fromOf } from './train.ts'
import type { Rec } from './value.ts'

/** Undefined where a mistake has been reported, here or in the training. */
export function buildSample(b: Build, stage: Rec): SampleStage | undefined {
  const { s } = b
  if (!complete(b, stage)) return undefined
  const isSound = sound(stage)
  const trained = trainedOf(b, stage)
  const given = text(s, stage, 'prompt')
  const template = given === undefined ? undefined : templateOf(b, given, place(stage, 'prompt').at, { holes: true })
  const sampler = record(s, stage, 'sampler')
  if (!isSound || !trained || !template || !sampler) return undefined

  const { context } = trained
  const { bytes, masks } = sizeOf(template)
  // How many tokens a text makes is known ahead for bytes alone.
  const prompt = trained.data.tokenizer.kind === 'bytes' ? bytes : bytes === 0 ? 0 : undefined
  const size = (prompt ?? 0) + masks
  const length = quantity(s, stage, 'length')?.number ?? (masks > 0 && prompt !== undefined ? size : context)
  if (!checkLengths(b, stage, trained, size, length, masks)) return undefined
  const samplerSpec = buildSampler(b, sampler, trained.model.vocab, prompt === undefined ? undefined : { prompt, masks: length - prompt })
  if (!samplerSpec) return undefined
  const parts: Parts = {
    normal: (look) => normalForm(look, stage, { length: `${length} tokens` }),
    needs: [trained],
    later: masks > 0 ? [{ what: 'a prompt with holes', at: place(stage, 'prompt').at }] : [],
  }
  return asStage<SampleStage>(b, stage, parts, {
    kind: 'sample',
    from: { kind: 'stage', stage: trained },
    model: trained.model,
    tokenizer: trained.data.tokenizer,
    prompt: template.map((piece) => (piece.kind === 'text' ? piece.text : '')).join(''),
    template: masks > 0 ? template : undefined,
    length,
    count: number(s, stage, 'count'),
    sampler: samplerSpec,
    seed: number(s, stage, 'seed'),
    write: text(s, stage, 'write'),
  })
}

/** The training that a sample or an evaluation takes its model from. */
export function trainedOf(b: Build, stage: Rec): TrainStage | undefined {
  const from = fromOf(b, stage)
  if (from?.kind === 'checkpoint') b.s.say.checkpointAlone(place(stage, 'from').at, { kind: stage.of })
  return from?.kind === 'stage' ? from.stage : undefined
}

function checkLengths(b: Build, stage: Rec, trained: TrainStage, size: number, length: number, masks: number): boolean {
  const { say } = b.s
  const { context, name } = trained
  if (size > context) say.promptTooLong(place(stage, 'prompt').at, { size, context, name })
  else if (length > context) say.lengthTooLong(place(stage, 'length').at, { length, context, name })
  else if (size > length || (size === length && masks === 0)) say.nothingToWrite(place(stage, 'prompt').at, { size, length })
  else if (trained.objective.kind === 'next_token') say.needsMasked(place(stage, 'from').at, { name })
  else return checkFits(b, stage, trained, length)
  return false
}

/** Few models have a size that goes with the whole context. */
function checkFits(b: Build, stage: Rec, { context, name, model }: TrainStage, length: number): boolean {
  const misfit = length === context ? undefined : model.misfit(length)
  if (misfit) b.s.say.fixedLength(place(stage, 'length').at, { length, context, name, misfit })
  return !misfit
}

/** `known`: tokens of the prompt and masks behind it, where that is known ahead. */
export function buildSampler(
  b: Build,
  sampler: Rec,
  vocab: number,
  known?: { readonly prompt: number; readonly masks: number },
): SamplerSpec | undefined {
  const { s } = b
  const kind = sampler.maker === 'ancestral' ? 'ancestral' : 'confidence'
  const [steps, guidance] = [number(s, sampler, 'steps'), number(s, sampler, 'guidance')]
  const order = kind === 'confidence' ? code(s, sampler, 'order')?.code : undefined
  if (order?.kind === 'block' || (order && !checkOrder(s, order, vocab, place(sampler, 'order').at))) return undefined
  if (known && steps > known.masks && sampler.fields.has('steps'))
    s.say.moreStepsThanMasks(place(sampler, 'steps').at, { steps, masks: known.masks })
  if (guidance > 0 && known?.prompt === 0) s.say.guidanceWithoutPrompt(place(sampler, 'guidance').at, undefined)
  return {
    kind,
    steps,
    guidance,
    temperature: number(s, sampler, 'temperature'),
    order,
    pooled: kind === 'confidence' && truth(s, sampler, 'pooled'),
  }
}
