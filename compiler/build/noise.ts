// A masked objective → its noise on numbers: p(t) = (1 - floor) * schedule(t) + floor (smdm.md 1.6), and the weight of a
// masked token's cross-entropy, dp/p by default (the ELBO, Eq. 4) or the user's op of (p, dp).
import { Report } from '../../grammar/diagnostic.ts'
import { bug } from '../bug.ts'
import type { MaskedObjective, OpCode } from '../check/pipeline.ts'
import { derivativeOp, numericOp } from '../elaborate/op.ts'
import type { Noise } from '../plan/jobs.ts'

/** `floor` keeps p away from zero in training; evaluation sets it to zero. */
export function noiseOf(objective: Pick<MaskedObjective, 'schedule' | 'weight'>, floor: number): Noise {
  const schedule = onNumbers(objective.schedule)
  const slope = derivativeOp(objective.schedule, new Report()) ?? bug(`the schedule has no slope`)
  const weight = objective.weight === undefined ? undefined : onNumbers(objective.weight)
  const p = (t: number): number => (1 - floor) * schedule(t) + floor
  return {
    p,
    weight: (t) => {
      const dp = (1 - floor) * slope(t)
      return weight === undefined ? dp / p(t) : weight(p(t), dp)
    },
  }
}

function onNumbers(code: OpCode): (...args: number[]) => number {
  return numericOp(code, new Report()) ?? bug(`${code.decl.name.name} cannot be computed on numbers`)
}
