// What a likelihood is made of: noised sequences with the positions that are scored, and the estimate from their cross-entropies.
import type { Tokens } from '../tokenizer/tokenizer.ts'

/** One sequence as the model sees it. */
export interface Noised {
  /** Which of the texts this belongs to: errors are taken between texts. */
  readonly text: number
  readonly tokens: Int32Array // [time]
  /** Scored positions, ascending; may be none. */
  readonly positions: Int32Array
  /** The true tokens there. */
  readonly targets: Int32Array
  /** Factor on the sum of their cross-entropies that makes it an estimate for the whole text, in nats. */
  readonly weight: number
}

/** Texts of one length to be scored; `text(i, out)` copies text i. */
export interface Texts {
  readonly count: number
  readonly length: number
  readonly text: (i: number, out: Int32Array) => void
}

/** n windows of `length` tokens spread evenly over tokens that hold `windows` of them side by side. */
export function windowsOf(tokens: Tokens, length: number, windows: number, n: number): Texts {
  return {
    count: n,
    length,
    text: (i, out) => {
      const start = Math.floor((i * windows) / n) * length
      out.set(tokens.subarray(start, start + length))
    },
  }
}

/** Masks `positions` of a clean text. */
export function noised(text: number, clean: Int32Array, positions: Int32Array, mask: number, weight: number): Noised {
  const tokens = clean.slice()
  const targets = new Int32Array(positions.length)
  for (const [i, at] of positions.entries()) {
    targets[i] = clean[at]!
    tokens[at] = mask
  }
  return { text, tokens, positions, targets, weight }
}

export interface Estimate {
  readonly value: number
  /** Standard error; NaN where a single number leaves nothing to compare. */
  readonly error: number
}

/**
 * Mean over texts of the mean over their draws, per token. The standard error is taken between texts, so it holds both the noise
 * of the draws and what another text would have given; with one text, between its draws.
 */
export class Estimator {
  readonly #sums = new Map<number, { sum: number; draws: number }>()
  readonly #values: number[] = []
  readonly #length: number

  constructor(length: number) {
    this.#length = length
  }

  /** Adds a draw: the sum of cross-entropies of its scored positions, in nats. */
  add(draw: Noised, sum: number): void {
    // At time zero nothing is masked and the weight may be infinite.
    const value = draw.positions.length === 0 ? 0 : (draw.weight * sum) / this.#length
    this.#values.push(value)
    const text = this.#sums.get(draw.text) ?? { sum: 0, draws: 0 }
    this.#sums.set(draw.text, { sum: text.sum + value, draws: text.draws + 1 })
  }

  get texts(): number {
    return this.#sums.size
  }

  /** Nats per token. */
  estimate(): Estimate {
    const means = [...this.#sums.values()].map((t) => t.sum / t.draws)
    return means.length > 1 ? meanAndError(means) : { value: meanAndError(means).value, error: meanAndError(this.#values).error }
  }
}

/** Mean and its standard error; NaN for the error of fewer than two values. */
export function meanAndError(values: readonly number[]): Estimate {
  const n = values.length
  const value = values.reduce((a, b) => a + b, 0) / n
  const variance = values.reduce((a, b) => a + (b - value) ** 2, 0) / (n - 1)
  return { value, error: n > 1 ? Math.sqrt(variance / n) : NaN }
}
