// What `smdmc plan` prints: for each stage its key and what it will do and cost, without asking any device.
// Two accountings of work stand side by side: 6 N D as the paper counts, and what is executed, with attention and with
// the head at masked positions (smdm.md Q20: at 6M parameters the second is three times the first).
import type { EvalStage, Pipeline, SampleStage, Stage, TrainStage } from '../check/pipeline.ts'
import { averageLength } from '../check/convert.ts'
import { memoryOf } from '../check/memory.ts'
import { noiseOf } from '../build/noise.ts'
import type { Model } from '../elaborate/model.ts'
import { forwardFlops } from './flops.ts'
import { bytes, grouped, rounded, scientific } from './numbers.ts'

type Line = readonly [name: string, text: string]

/** Several lines without a newline at the end. */
export function planText(pipeline: Pipeline): string {
  return pipeline.stages.map(stageText).join('\n')
}

function stageText(stage: Stage): string {
  const after = stage.needs.length === 0 ? '' : `  after ${stage.needs.map((s) => s.name).join(', ')}`
  const lines = linesOf(stage).map(([name, text]) => `  ${name.padEnd(10)} ${text}`)
  return [`${stage.kind} ${stage.name}  [${stage.key.slice(0, 12)}]${after}`, ...lines].join('\n')
}

function linesOf(stage: Stage): readonly Line[] {
  switch (stage.kind) {
    case 'train':
      return trainLines(stage)
    case 'sample':
      return sampleLines(stage)
    case 'eval':
      return evalLines(stage)
    case 'sweep':
    case 'fit':
    case 'table':
      return [['later', `a ${stage.kind} is checked and cannot run yet`]]
  }
}

function trainLines(stage: TrainStage): readonly Line[] {
  const { model, batch, context, steps, optimizer, data } = stage
  const perSequence = averageLength(context, stage.randomLength)
  const perStep = batch * perSequence
  const tokens = perStep * steps
  const paper = 6 * model.nonEmbedding
  const executed = trainingFlops(stage)
  const memory = memoryOf(model)
  const epochs = data.tokens === undefined ? '' : ` = ${(tokens / data.tokens).toPrecision(3)} epochs of ${rounded(data.tokens)} tokens`
  return [
    ['model', modelText(model)],
    ['one step', `${grouped(batch)} sequences × ${grouped(perSequence)} tokens = ${grouped(perStep)} tokens`],
    ['budget', `${grouped(steps)} steps = ${rounded(tokens)} tokens${epochs}`],
    ['flops', `${scientific(paper * tokens)} as the paper counts (6 N D), ${scientific(executed * tokens)} executed`],
    ['one token', `${rounded(paper)} flops as the paper counts, ${rounded(executed)} executed`],
    ['warm-up', `${grouped(optimizer.warmup)} steps`],
    [
      'rate',
      `${optimizer.rate}${optimizer.decay === 'constant' ? '' : `, ${optimizer.decay} to ${short(optimizer.rate * optimizer.floor)}`}`,
    ],
    ['memory', `${bytes(memory.state)} of state + ${bytes(memory.sequence)} a sequence, before a device is asked`],
  ]
}

/** Executed for one token of training: forward, and twice as much backward. */
function trainingFlops({ model, objective }: TrainStage): number {
  const { body, head } = forwardFlops(model)
  if (objective.kind === 'next_token') return 3 * (body + head)
  const { p } = noiseOf(objective, objective.floor)
  const points = 1000
  const share = Array.from({ length: points }, (_, i) => p((i + 0.5) / points)).reduce((a, b) => a + b, 0) / points
  return 3 * (body + head * share)
}

function sampleLines(stage: SampleStage): readonly Line[] {
  const { sampler, length, count } = stage
  const prompt = new TextEncoder().encode(stage.prompt).length
  const masks = length - prompt
  const rounds = sampler.kind === 'confidence' ? busyRounds(masks, sampler.steps) : expectedRounds(masks, sampler.steps)
  const idle = sampler.steps - rounds
  const passes = sampler.guidance > 0 ? 2 : 1
  const about = sampler.kind === 'ancestral' ? 'about ' : ''
  return [
    ['text', `${count === 1 ? '1 text' : `${grouped(count)} texts`} of ${grouped(length)} tokens, of which ${grouped(prompt)} are given`],
    [
      'forwards',
      `${about}${grouped(rounds * passes)} for each: ${grouped(sampler.steps)} rounds` +
        (idle > 0 ? `, ${about}${grouped(idle)} of them idle and skipped` : '') +
        (passes > 1 ? ', twice each for guidance' : ''),
    ],
    ['sampler', `${sampler.kind}, temperature ${sampler.temperature}${sampler.guidance > 0 ? `, guidance ${sampler.guidance}` : ''}`],
  ]
}

/** Rounds of the confidence sampler that reveal at least one token: round i takes floor(masks (1 - s / t)), the last one all. */
export function busyRounds(masks: number, rounds: number): number {
  const end = 1e-5
  const time = (i: number): number => 1 + ((end - 1) * i) / rounds
  let left = masks
  let busy = 0
  for (let i = 0; i < rounds; i++) {
    const reveal = i === rounds - 1 ? left : Math.floor(left * (1 - time(i + 1) / time(i)))
    left -= reveal
    if (reveal > 0) busy++
  }
  return busy
}

/** Rounds in which at least one of the masks, each falling into a round at random, is revealed. */
function expectedRounds(masks: number, rounds: number): number {
  return Math.round(rounds * (1 - (1 - 1 / rounds) ** masks))
}

function evalLines(stage: EvalStage): readonly Line[] {
  const { context, data, limit } = stage
  const all = data.tokens === undefined ? undefined : Math.floor(data.tokens / context)
  const sequences = limit === undefined ? all : Math.min(limit, all ?? limit)
  const size = sequences === undefined ? '' : `${grouped(sequences)} sequences of ${grouped(context)} tokens`
  return [['data', size], ...stage.metrics.map((m): Line => ['metric', `${m.kind} by ${m.by}, ${grouped(m.samples)} samples`])]
}

function modelText(model: Model): string {
  const { nonEmbedding, parameters, weights, context } = model
  return `${rounded(nonEmbedding)} parameters (${rounded(parameters)} with embeddings) in ${weights.length} tensors, context ${grouped(context)}`
}

function short(n: number): string {
  return String(Number(n.toPrecision(3)))
}
