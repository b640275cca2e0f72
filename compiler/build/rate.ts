// The learning rate over training: linear warm-up, then a decay to a share of the peak (smdm.md 1.8; lr tables in test/golden).
import type { OptimizerSpec } from '../check/pipeline.ts'

export type Decay = OptimizerSpec['decay']

/** Peak rate, length of warm-up and of the whole in one unit (steps, or micro-batches in the published scripts), rate at the end. */
export interface RateCurve {
  readonly peak: number
  readonly end: number
  readonly warmup: number
  readonly total: number
  readonly decay: Decay
}

/** The rate at time `at`, counted in the curve's unit. */
export function rateAt(curve: RateCurve, at: number): number {
  const { peak, end, warmup, total, decay } = curve
  if (at < warmup) return (peak * at) / warmup
  if (decay === 'constant') return peak
  if (at > total) return end
  const share = total > warmup ? (at - warmup) / (total - warmup) : 1
  return end + decayed(decay, share) * (peak - end)
}

function decayed(decay: 'cosine' | 'linear', share: number): number {
  return decay === 'cosine' ? 0.5 * (1 + Math.cos(Math.PI * share)) : 1 - share
}

/** The rate of optimizer step 1 … steps: the first step already learns, the last has the end's rate. */
export function learningRate(optimizer: OptimizerSpec, steps: number): (step: number) => number {
  const { rate, floor, warmup, decay } = optimizer
  const curve: RateCurve = { peak: rate, end: rate * floor, warmup, total: steps, decay }
  return (step) => rateAt(curve, step)
}
