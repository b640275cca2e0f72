// A likelihood without a bound: each token given all before it, everything from it on masked; one forward pass a token.
import type { Noised, Texts } from './scored.ts'

/** One noised sequence for each token of each text. Their cross-entropies add up to a text's, hence the weight. */
export function* chainRule(texts: Texts, mask: number): Iterable<Noised> {
  const { count, length } = texts
  const clean = new Int32Array(length)
  for (let text = 0; text < count; text++) {
    texts.text(text, clean)
    for (let i = 0; i < length; i++) {
      const tokens = clean.slice().fill(mask, i)
      // Draws of a text are averaged, so each stands for `length` of them.
      yield { text, tokens, positions: Int32Array.of(i), targets: clean.slice(i, i + 1), weight: length }
    }
  }
}

/** What a causal model says of each text in one pass: every token but the first, from those before it. */
export function* nextToken(texts: Texts): Iterable<Noised> {
  const { count, length } = texts
  const clean = new Int32Array(length)
  for (let text = 0; text < count; text++) {
    texts.text(text, clean)
    const positions = Int32Array.from({ length: length - 1 }, (_, i) => i)
    yield { text, tokens: clean.slice(0, -1), positions, targets: clean.slice(1), weight: 1 }
  }
}
