// Dynamic loss scaling for gradients in f16 (Micikevicius et al., 2018), on the device: no number comes back to the host before a
// step ends. The loss is multiplied by a power of two; a step whose gradients overflow changes nothing and halves it, and a
// thousand good steps in a row double it. All of it is three states that begin at zero, and a scale of zero stands for the first one.
import type { Builder, Value } from '../graph/builder.ts'
import { f32 } from './network.ts'

/** States of the scaler, each one f32: the scale, good steps since it last changed, and all steps that were skipped. */
export const scalerStates = ['scaler/scale', 'scaler/steady', 'scaler/skipped'] as const

/** Good steps in a row after which the scale doubles. */
const patience = 1000
/** The scale's range: beyond it training has diverged, or nothing is gained. */
const range = { least: 2 ** -24, most: 2 ** 30 } as const

/**
 * The power of two nearest to the tokens of a batch: the loss is their mean, so that a token's gradient by its logits is then about
 * its weight. `context` is the model's, so that programs for shorter sequences, whose gradients add up, agree.
 */
export function firstScale(batch: number, context: number): number {
  return 2 ** Math.round(Math.log2(batch * context))
}

export class LossScaler {
  readonly #b: Builder
  readonly #steady: Value
  readonly #skipped: Value
  /** What the loss is multiplied by, f32 []. */
  readonly scale: Value

  constructor(b: Builder, first: number) {
    const [scale, steady, skipped] = scalerStates.map((name) => b.input(name, 'state', f32())) as [Value, Value, Value]
    this.#b = b
    this.#steady = steady
    this.#skipped = skipped
    this.scale = b.select(b.binary('eq', scale, 0), b.constant(first), scale)
  }

  /** Of the first `step` steps, those that changed the weights. */
  applied(step: Value): Value {
    return this.#b.binary('sub', step, this.#skipped)
  }

  /** Updates the states after a step. `good`: bool [], whether its gradients were finite. */
  advance(good: Value): void {
    const b = this.#b
    const steady = b.binary('add', this.#steady, 1)
    const grows = b.binary('ge', steady, patience)
    const higher = b.binary('min', b.binary('mul', this.scale, 2), range.most)
    const lower = b.binary('max', b.binary('mul', this.scale, 0.5), range.least)
    b.update('scaler/scale', b.select(good, b.select(grows, higher, this.scale), lower))
    b.update('scaler/steady', b.select(b.binary('and', good, b.unary('not', grows)), steady, 0))
    b.update('scaler/skipped', b.select(good, this.#skipped, b.binary('add', this.#skipped, 1)))
  }
}
