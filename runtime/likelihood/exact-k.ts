// The same bound with a fixed number of masks: k uniform in 1 … L, exactly k positions masked, weight L / k (Nie et al. 2025,
// LLaDA). What the times would have averaged over is summed exactly, so weights are bounded and the variance is far smaller.
// The bound does not depend on the noise schedule.
import { drawing, permutation, subset } from '../random.ts'
import { noised, type Noised, type Texts } from './scored.ts'

/**
 * `draws` noised sequences, dealt out to the texts in turn. The k are spread evenly from one random start, and dealt in an order
 * of their own, so that they have nothing to do with the order of the texts.
 */
export function* exactK(texts: Texts, draws: number, mask: number, seed: number): Iterable<Noised> {
  const { length } = texts
  const [ofTime, ofSubset] = [drawing(seed, 'time'), drawing(seed, 'subset')]
  const order = permutation(draws, drawing(seed, 'order'), 0)
  const clean = new Int32Array(length)
  const start = ofTime(0, 0, 0)
  for (let j = 0; j < draws; j++) {
    const text = j % texts.count
    texts.text(text, clean)
    const k = Math.min(length, 1 + Math.floor(((start + order[j]! / draws) % 1) * length))
    yield noised(text, clean, subset(length, k, ofSubset, 0, j), mask, length / k)
  }
}
