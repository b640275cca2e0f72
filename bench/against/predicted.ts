// What was expected of a ratio before it was measured, written down so that a result can be held against it. How it was come by, and for
// which devices it is meant: docs/benchmarks.md.
import type { Case } from './case.ts'

/** Our speed over PyTorch's. */
export interface Prediction {
  readonly least: number
  readonly most: number
}

/** Products in f16 on matrix units of an NVIDIA data-centre GPU, against bf16 there: from published kernels of the same class. */
const training: Readonly<Record<string, Prediction>> = {
  '19M': { least: 0.6, most: 0.9 },
  '170M': { least: 0.5, most: 0.65 },
  '1028M': { least: 0.4, most: 0.55 },
}
/** Batches of few samples, and of some; of many are as training. PyTorch waits for its own launches where there is little work. */
const sampling: Readonly<Record<string, readonly [few: Prediction, some: Prediction]>> = {
  '19M': [{ least: 1, most: 2 }, { least: 1, most: 2 }], // prettier-ignore
  '170M': [{ least: 1, most: 2 }, { least: 0.6, most: 1.5 }], // prettier-ignore
  '1028M': [{ least: 0.4, most: 1.2 }, { least: 0.45, most: 0.65 }], // prettier-ignore
}

export function predictedFor(c: Case): Prediction | undefined {
  if (c.precision !== 'f16') return undefined
  if (c.kind === 'train' || c.sequences > 16) return training[c.preset]
  return sampling[c.preset]?.[c.sequences <= 4 ? 0 : 1]
}
