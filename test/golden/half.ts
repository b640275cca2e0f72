// What the reference cases may differ by in f16. The reference is f32 there; its own training rounds to bf16, with 2^-8 where f16 has
// 2^-11, and is granted 0.05 on logits of size 2.5. A quarter of that bounds ours: eight times finer numbers, of which attention's
// weights and kept activations are rounded once more than in autocast.
import type { Bench } from './reference.ts'

const half = {
  /** Absolute. */
  logits: 0.05 / 4,
  /** A loss averages the errors of its rows, which are about a tenth of the worst logit's. */
  loss: 1e-3,
  norm: 2e-3,
  /** Relative L2 of a tensor: a product of three or four rounded factors and long sums of them. */
  gradient: 2e-2,
  /** AdamW's first step is the sign of the gradient: elements near zero turn. Over some steps that averages out. */
  update: 0.1,
  updateOfTensor: 0.15,
  /** Nats of a target of some tokens, each with the error of a logit. */
  nll: 0.05,
} as const

/** The case's own tolerance in f32, ours in f16. */
export function tolerated(bench: Bench, what: keyof typeof half, inF32: number): number {
  return bench.precision === 'f16' ? Math.max(half[what], inF32) : inF32
}
