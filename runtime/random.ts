// The host's random draws. All are counter-based (compiler/graph/philox.ts), so nothing of a generator needs saving, and a
// draw does not depend on batch split, resume point or what was drawn before. One stream per purpose.
import { philox } from '../compiler/graph/philox.ts'

/** Second word of the key. The compiler's programs use streams of their own. */
export const streams = { time: 1, mask: 2, order: 3, offset: 4, reveal: 5, subset: 6, plugin: 7 } as const
export type Stream = keyof typeof streams

/** Uniform numbers of one purpose: f32 values strictly between 0 and 1, equal to the graph's `uniform` of the same numbers. */
export type Draw = (step: number, sample: number, position: number, index?: number) => number

export function drawing(seed: number, stream: Stream): Draw {
  const words = new Uint32Array(4)
  const key = streams[stream]
  return (step, sample, position, index = 0) => {
    philox(words, seed, key, step, sample, position, index)
    return ((words[0]! >>> 9) + 0.5) * 2 ** -23
  }
}

/** The numbers 0 … n-1 in an order drawn from (step, sample): Fisher-Yates. */
export function permutation(n: number, draw: Draw, step: number, sample = 0): Int32Array {
  const order = Int32Array.from({ length: n }, (_, i) => i)
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(draw(step, sample, i) * (i + 1))
    const held = order[i]!
    order[i] = order[j]!
    order[j] = held
  }
  return order
}

/** k of the numbers 0 … n-1, ascending; every set of k is as likely. */
export function subset(n: number, k: number, draw: Draw, step: number, sample: number): Int32Array {
  return permutation(n, draw, step, sample).subarray(0, k).sort()
}
