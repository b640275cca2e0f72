// What may follow a number: suffixes that scale it and words that say what it measures. One table each;
// after reading, a quantity is a plain number and a dimension, in the canonical unit of that dimension.

/** What a quantity measures. `none`: a plain number. */
export type Dimension = 'none' | 'fraction' | 'tokens' | 'steps' | 'flops' | 'sequences' | 'epochs' | 'params' | 'time' | 'bytes'

interface Scale {
  readonly factor: number
  readonly dimension: Dimension
}

/** Suffixes that touch the number. Time is kept in seconds, memory in bytes, a percentage as a fraction. */
export const SUFFIXES: Readonly<Record<string, Scale>> = {
  '%': { factor: 0.01, dimension: 'fraction' },
  k: { factor: 1e3, dimension: 'none' },
  M: { factor: 1e6, dimension: 'none' },
  B: { factor: 1e9, dimension: 'none' },
  T: { factor: 1e12, dimension: 'none' },
  ms: { factor: 1e-3, dimension: 'time' },
  s: { factor: 1, dimension: 'time' },
  min: { factor: 60, dimension: 'time' },
  h: { factor: 3600, dimension: 'time' },
  d: { factor: 86400, dimension: 'time' },
  KB: { factor: 1e3, dimension: 'bytes' },
  MB: { factor: 1e6, dimension: 'bytes' },
  GB: { factor: 1e9, dimension: 'bytes' },
  TB: { factor: 1e12, dimension: 'bytes' },
  KiB: { factor: 2 ** 10, dimension: 'bytes' },
  MiB: { factor: 2 ** 20, dimension: 'bytes' },
  GiB: { factor: 2 ** 30, dimension: 'bytes' },
  TiB: { factor: 2 ** 40, dimension: 'bytes' },
}

/** Unit words, singular and plural. */
export const UNITS: Readonly<Record<string, Dimension>> = {
  token: 'tokens',
  tokens: 'tokens',
  step: 'steps',
  steps: 'steps',
  flop: 'flops',
  flops: 'flops',
  sequence: 'sequences',
  sequences: 'sequences',
  epoch: 'epochs',
  epochs: 'epochs',
  param: 'params',
  params: 'params',
}

/** How a dimension is called in a sentence: `… is measured in steps or a percentage`. */
export const CALLED: Readonly<Record<Dimension, string>> = {
  none: 'a plain number',
  fraction: 'a percentage',
  tokens: 'tokens',
  steps: 'steps',
  flops: 'flops',
  sequences: 'sequences',
  epochs: 'epochs',
  params: 'params',
  time: 'a time',
  bytes: 'bytes',
}
