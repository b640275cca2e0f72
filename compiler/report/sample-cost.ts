// A sampling → its passes of the model and the rows of logits they compute, as numbers. The schedule is known ahead, so rounds that
// reveal nothing are never run; of the rest only rows of masks are computed, and for the ancestral sampler only those it reveals.
import type { SampleStage, SamplerSpec } from '../check/pipeline.ts'
import { sizeOf } from '../check/template.ts'
import { forwardFlops } from './flops.ts'

export interface SamplerCost {
  readonly kind: SamplerSpec['kind']
  /** Tokens to be written. */
  readonly masks: number
  /** Rounds of the schedule, and of those the ones that reveal something. */
  readonly rounds: number
  readonly busy: number
  /** Whether `busy` is exact; for the ancestral sampler it is what is to be expected. */
  readonly exact: boolean
  /** Runs of the model a round: two under guidance. */
  readonly passes: number
  /** `busy` times `passes`, for one text. */
  readonly forwards: number
  /** Rows of logits for one text, of all rows of those passes. */
  readonly rows: { readonly computed: number; readonly of: number }
}

export interface SampleCost {
  readonly texts: number
  readonly length: number
  /** Tokens of the prompt, where they can be counted without its tokenizer. */
  readonly given?: number
  /** Absent where `given` is. */
  readonly sampler?: SamplerCost
  /** Executed, for all texts. */
  readonly flops?: number
}

export function sampleCost(stage: SampleStage): SampleCost {
  const { count, length, sampler, model } = stage
  const bytes = stage.template ? sizeOf(stage.template).bytes : new TextEncoder().encode(stage.prompt).length
  const given = stage.tokenizer.kind === 'bytes' || bytes === 0 ? bytes : undefined
  if (given === undefined) return { texts: count, length }
  const cost = samplerCost(sampler, length - given, length)
  const { body, head } = forwardFlops(model, length)
  return { texts: count, length, given, sampler: cost, flops: count * (body * length * cost.forwards + head * cost.rows.computed) }
}

/** The work of writing `masks` tokens of `length`. */
export function samplerCost(sampler: SamplerSpec, masks: number, length: number): SamplerCost {
  const { kind, steps } = sampler
  const passes = sampler.guidance > 0 ? 2 : 1
  const left = kind === 'confidence' ? masksBeforeRounds(masks, steps) : []
  const busy = kind === 'confidence' ? left.length : expectedRounds(masks, steps)
  const rows = kind === 'confidence' ? left.reduce((a, b) => a + b, 0) : masks
  return {
    kind,
    masks,
    rounds: steps,
    busy,
    exact: kind === 'confidence',
    passes,
    forwards: busy * passes,
    rows: { computed: rows * passes, of: busy * passes * length },
  }
}

/**
 * Masks left before each round of the confidence sampler that reveals at least one: round i takes floor(masks (1 - s / t)), the
 * last one all.
 */
export function masksBeforeRounds(masks: number, rounds: number): readonly number[] {
  const end = 1e-5
  const time = (i: number): number => 1 + ((end - 1) * i) / rounds
  const before: number[] = []
  let left = masks
  for (let i = 0; i < rounds; i++) {
    const reveal = i === rounds - 1 ? left : Math.floor(left * (1 - time(i + 1) / time(i)))
    if (reveal > 0) before.push(left)
    left -= reveal
  }
  return before
}

/** Rounds in which at least one of the masks, each falling into a round at random, is revealed. */
function expectedRounds(masks: number, rounds: number): number {
  return Math.round(rounds * (1 - (1 - 1 / rounds) ** masks))
}
