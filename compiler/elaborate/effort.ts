// How much one elaboration may do. A few words can describe a model of any size (`layers: 1e9`, ops that call each other
// twice over), so every expression counts as a step each time it is met, and the stack of the host as room for so many levels.

export interface Effort {
  /** Steps that are left. A composite that is used again counts as if it were elaborated again: so much would be expanded. */
  steps: number
  /** Expressions that are open now, around each other. */
  depth: number
}

/** Of a model: some twenty times what the largest of the paper takes. */
export const stepsOfModel = 200_000
/** Of an op by itself: a schedule or a sampler's rule. */
export const stepsOfOp = 10_000
/** Expressions around each other, through calls and through the lets they mention: more than one may have by itself. */
export const deepestExpression = 1500
/** Ops and blocks that call each other. */
export const deepestCall = 100
/** A place in a tensor is found with a whole number of 32 bits. */
export const largestDimension = 2 ** 31 - 1

export function effortOf(steps: number): Effort {
  return { steps, depth: 0 }
}
