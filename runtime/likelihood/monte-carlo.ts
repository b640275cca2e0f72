// The bound by Monte Carlo: a time t, every token masked with probability p(t), cross-entropies weighted as the objective says.
// Times are spread evenly from one random start (smdm.md 1.12; Kingma et al. 2021, I.1). Unbiased, but heavy-tailed at small t.
import type { Noise } from '../../compiler/plan/jobs.ts'
import { drawing, permutation } from '../random.ts'
import { noised, type Noised, type Texts } from './scored.ts'

/**
 * `draws` noised sequences, dealt out to the texts in turn; the times are dealt in an order of their own, so that they have nothing
 * to do with the order of the texts.
 */
export function* monteCarlo(texts: Texts, draws: number, noise: Noise, mask: number, seed: number): Iterable<Noised> {
  const [ofTime, ofMask] = [drawing(seed, 'time'), drawing(seed, 'mask')]
  const order = permutation(draws, drawing(seed, 'order'), 0)
  const clean = new Int32Array(texts.length)
  const start = ofTime(0, 0, 0)
  for (let j = 0; j < draws; j++) {
    const text = j % texts.count
    texts.text(text, clean)
    const t = (start + order[j]! / draws) % 1
    const p = noise.p(t)
    const masked = Int32Array.from({ length: clean.length }, (_, at) => at).filter((at) => ofMask(0, j, at) < p)
    yield noised(text, clean, masked, mask, noise.weight(t))
  }
}
