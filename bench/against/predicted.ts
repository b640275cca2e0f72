// What was expected of a ratio before it was measured, written down so that a result can be held against it.
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
/** Few samples of a small model: PyTorch waits for its own launches there. */
const sampling: Prediction = { least: 1, most: 2 }

export function predictedFor(c: Case): Prediction | undefined {
  if (c.precision !== 'f16') return undefined
  if (c.kind === 'train') return training[c.preset]
  return c.sequences <= 4 && ['19M', '170M'].includes(c.preset) ? sampling : undefined
}
