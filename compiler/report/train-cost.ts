// A training → what it will do and cost, as numbers. Two accountings of work stand side by side: 6 N D as the paper counts, and what
// is executed, with attention and with the head where tokens are masked.
import { declarationAt } from './origin.ts'
import { averageLength } from '../check/convert.ts'
import { memoryOf, type Memory } from '../check/memory.ts'
import type { TrainStage } from '../check/pipeline.ts'
import { noiseOf } from '../build/noise.ts'
import { forwardFlops } from './flops.ts'

/** Floating-point operations. */
export interface Work {
  /** 6 N D. */
  readonly paper: number
  readonly executed: number
}

/** What a training is, in numbers that do not depend on how it is run. */
export interface TrainSize {
  readonly parameters: { readonly nonEmbedding: number; readonly all: number; readonly tensors: number }
  readonly context: number
  readonly batch: number
  /** Tokens of a sequence, on average. */
  readonly sequence: number
  readonly steps: number
  readonly tokens: number
  /** Passes over the data, where its size is known. */
  readonly epochs?: number
  readonly flops: Work & { readonly perToken: Work }
}

export interface TrainCost extends TrainSize {
  /** Rows of logits that a step computes, of `rows.of` positions: those expected to be masked. */
  readonly rows: { readonly computed: number; readonly of: number }
  readonly rate: {
    readonly highest: number
    readonly lowest: number
    readonly decay: string
    /** In steps. */
    readonly warmup: number
    /** `smdm.pretrain`, or the line that sets it; undefined: the language's default. */
    readonly from?: string
  }
  readonly memory: Memory
}

export function trainSize(stage: TrainStage): TrainSize {
  const { model, batch, context, steps, data } = stage
  const sequence = averageLength(context, stage.randomLength)
  const tokens = batch * sequence * steps
  const { body, head } = forwardFlops(model)
  // Backward is twice the work of forward.
  const perToken = { paper: 6 * model.nonEmbedding, executed: 3 * (body + head * maskedShare(stage)) }
  return {
    parameters: { nonEmbedding: model.nonEmbedding, all: model.parameters, tensors: model.weights.length },
    context,
    batch,
    sequence,
    steps,
    tokens,
    epochs: epochsOf(stage, tokens, data),
    flops: { paper: perToken.paper * tokens, executed: perToken.executed * tokens, perToken },
  }
}

export function trainCost(stage: TrainStage): TrainCost {
  const { optimizer, model } = stage
  const size = trainSize(stage)
  const positions = size.batch * size.sequence
  const rate = stage.origins().get('optimizer.lr')
  return {
    ...size,
    rows: { computed: maskedShare(stage) * positions, of: positions },
    rate: {
      highest: optimizer.rate,
      lowest: optimizer.decay === 'constant' ? optimizer.rate : optimizer.rate * optimizer.floor,
      decay: optimizer.decay,
      warmup: optimizer.warmup,
      from: rate && declarationAt(rate),
    },
    memory: memoryOf(model),
  }
}

/** E[p]: how many of all positions are masked on average over time. */
export function maskedShare({ objective }: Pick<TrainStage, 'objective'>): number {
  if (objective.kind === 'next_token') return 1
  const { p } = noiseOf(objective, objective.floor)
  const points = 1000
  return Array.from({ length: points }, (_, i) => p((i + 0.5) / points)).reduce((a, b) => a + b, 0) / points
}

function epochsOf({ batch, steps }: TrainStage, tokens: number, data: TrainStage['data']): number | undefined {
  if (data.sequences !== undefined) return data.sequences === 0 ? undefined : (batch * steps) / data.sequences
  return data.tokens ? tokens / data.tokens : undefined
}
