// Entropy of single tokens: what a model that knows only how often each token occurs would need.
import type { Tokens } from '../tokenizer/tokenizer.ts'

/** Nats per token. */
export function unigramEntropy(tokens: Tokens, vocab: number): number {
  const counts = new Float64Array(vocab)
  for (const t of tokens) counts[t]!++
  return counts.reduce((h, c) => (c === 0 ? h : h - (c / tokens.length) * Math.log(c / tokens.length)), 0)
}
