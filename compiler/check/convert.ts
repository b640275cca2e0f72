// Measures of training length → optimizer steps, with the formulas of the paper's scripts:
//   average length  context (1 - r) + (context + 1) / 2 r       r: share of sequences cut to a random length
//   flops           steps = floor(C / (6 N batch average))      N: parameters without embedding and head
// A share of a training counts in whole steps, rounded down.
import type { Dimension } from '../spec/units.ts'
import type { Extreme, Quantity } from './value.ts'

/** What a step of a training sees. */
export interface Step {
  /** Sequences. */
  readonly batch: number
  /** Tokens of a sequence, on average. */
  readonly length: number
  /** Parameters without embedding and head: the N of the paper. */
  readonly parameters: number
  /** Sequences of the training data; unknown where its files are. */
  readonly sequences?: number
}

/** Tokens of a sequence on average, when a share of them is cut to a uniform length. */
export function averageLength(context: number, cut: number): number {
  return context * (1 - cut) + ((1 + context) / 2) * cut
}

/** Floating-point operations of a step as the paper counts: 6 N for each token. */
export function paperFlops(step: Pick<Step, 'parameters' | 'batch' | 'length'>): number {
  return 6 * step.parameters * step.batch * step.length
}

/** Whole steps in a quantity; `whole` is what a percentage is a share of. Undefined: epochs of data of unknown length. */
export function stepsIn(value: Quantity | Extreme, step: Step, whole: number): number | undefined {
  if (value.kind === 'extreme') {
    const items = value.items.map((item) => stepsIn(item, step, whole))
    if (items.some((n) => n === undefined)) return undefined
    return value.of === 'max' ? Math.max(...(items as number[])) : Math.min(...(items as number[]))
  }
  const steps = fractional(value.number, value.dimension, step, whole)
  // A product such as 300 × 29% may fall short of its whole number by a rounding error.
  return steps === undefined ? undefined : Math.floor(steps * (1 + 1e-12))
}

function fractional(n: number, dimension: Dimension, step: Step, whole: number): number | undefined {
  switch (dimension) {
    case 'steps':
      return n
    case 'fraction':
      return n * whole
    case 'tokens':
      return n / (step.batch * step.length)
    case 'sequences':
      return n / step.batch
    case 'epochs':
      return step.sequences === undefined ? undefined : (n * step.sequences) / step.batch
    case 'flops':
      return n / paperFlops(step)
    case 'none':
    case 'params':
    case 'time':
    case 'bytes':
      return undefined
  }
}
