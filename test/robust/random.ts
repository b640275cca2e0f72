// A seed → random choices, the same on every machine: splitmix32. What a failing input was made of is told by its seed.

export interface Random {
  /** A whole number from 0 to n - 1. */
  readonly below: (n: number) => number
  readonly pick: <T>(items: readonly T[]) => T
  /** True once in n times. */
  readonly once: (n: number) => boolean
}

export function randomOf(seed: number): Random {
  let state = seed | 0
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0
    let t = state ^ (state >>> 16)
    t = Math.imul(t, 0x21f0aaad)
    t ^= t >>> 15
    t = Math.imul(t, 0x735a2d97)
    return (t ^ (t >>> 15)) >>> 0
  }
  const below = (n: number): number => Math.floor((next() / 2 ** 32) * n)
  return { below, pick: (items) => items[below(items.length)]!, once: (n) => below(n) === 0 }
}
