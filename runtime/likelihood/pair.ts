// The likelihood of a target after a prefix, as multiple choice needs it (smdm.md 1.12): noised sequences of both, of which only
// target positions are masked and scored. Under guidance the model also sees each sequence with its prefix masked.
// An Estimator of length 1 gives the target's negative log-likelihood in nats.
import type { Noise } from '../../compiler/plan/jobs.ts'
import { drawing } from '../random.ts'
import { noised, type Noised } from './scored.ts'

export interface Pair {
  readonly prefix: Int32Array
  readonly target: Int32Array
}

/** One sequence for each target token: what comes before it is seen, it and the rest masked. */
export function* pairChainRule({ prefix, target }: Pair, mask: number): Iterable<Noised> {
  for (const [i, token] of target.entries()) {
    const tokens = Int32Array.of(...prefix, ...target).fill(mask, prefix.length + i)
    yield { text: 0, tokens, positions: Int32Array.of(prefix.length + i), targets: Int32Array.of(token), weight: target.length }
  }
}

/** `calls` batches of `batch` sequences, the times of each batch spread evenly from a random start of its own. */
export function* pairMonteCarlo(
  { prefix, target }: Pair,
  noise: Noise,
  batch: number,
  calls: number,
  mask: number,
  seed: number,
): Iterable<Noised> {
  const clean = Int32Array.of(...prefix, ...target)
  const all = Int32Array.from({ length: target.length }, (_, i) => prefix.length + i)
  const [ofTime, ofMask] = [drawing(seed, 'time'), drawing(seed, 'mask')]
  for (let call = 0; call < calls; call++) {
    const start = ofTime(call, 0, 0)
    for (let j = 0; j < batch; j++) {
      const t = (start + j / batch) % 1
      const p = noise.p(t)
      const masked = all.filter((at) => ofMask(call, j, at) < p)
      yield noised(0, clean, masked, mask, noise.weight(t))
    }
  }
}

/** Logits of sequences [n, time] → [n, time, vocab]. */
export type Predict = (sequences: readonly Int32Array[]) => Promise<Float32Array>

/**
 * The suffix of `length` tokens that the model gives when it reveals its single most confident token at each of `length` steps.
 * Ties go to the first position.
 */
export async function greedySuffix(
  prefix: Int32Array,
  length: number,
  guidance: number,
  mask: number,
  vocab: number,
  predict: Predict,
): Promise<Int32Array> {
  const tokens = new Int32Array(prefix.length + length).fill(mask)
  tokens.set(prefix)
  for (let step = 0; step < length; step++) {
    const clear = tokens.slice().fill(mask, 0, prefix.length)
    const logits = await predict(guidance === 0 ? [tokens] : [tokens, clear])
    let best = { confidence: -1, at: 0, token: 0 }
    for (let at = prefix.length; at < tokens.length; at++) {
      if (tokens[at] !== mask) continue
      const guess = mostLikely(mixed(logits, at, tokens.length, vocab, guidance))
      if (guess.confidence > best.confidence) best = { ...guess, at }
    }
    tokens[best.at] = best.token
  }
  return tokens.slice(prefix.length)
}

/** Logits of a position, moved away from those without the prefix: clear + (1 + guidance) * (seen - clear). */
function mixed(logits: Float32Array, at: number, time: number, vocab: number, guidance: number): Float32Array {
  const seen = logits.subarray(at * vocab, (at + 1) * vocab)
  if (guidance === 0) return seen
  const clear = logits.subarray((time + at) * vocab, (time + at + 1) * vocab)
  return seen.map((x, v) => clear[v]! + (1 + guidance) * (x - clear[v]!))
}

/** The most likely token and its probability. */
function mostLikely(logits: Float32Array): { readonly token: number; readonly confidence: number } {
  let token = 0
  for (let v = 1; v < logits.length; v++) if (logits[v]! > logits[token]!) token = v
  const total = logits.reduce((sum, x) => sum + Math.exp(x - logits[token]!), 0)
  return { token, confidence: 1 / total }
}
