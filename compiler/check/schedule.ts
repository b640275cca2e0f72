// A noise schedule gives the probability of a mask at time t. It must run from 0 at t = 0 to 1 at t = 1 without
// falling: every sampler starts from a fully masked sequence, which the model must have seen. An objective's weight
// is a number that is not negative, all the way.
import type { Span } from '../../grammar/source.ts'
import { numericOp, standsInGraph } from '../elaborate/op.ts'
import type { OpCode } from './pipeline.ts'
import type { Session } from './session.ts'

const POINTS = 32
const TOLERANCE = 1e-3

/** Points at which a weight is tried: not the ends, which may be poles and are not met in training. */
const TRIED = [1, 4, 8, 12, 16, 20, 24, 28, 31]

/** The schedule at POINTS + 1 times from 0 to 1, if it may be used; otherwise the reason has been reported at its declaration. */
export function curveOf(s: Session, schedule: OpCode): readonly number[] | undefined {
  if (!s.schedules.has(schedule.decl)) s.schedules.set(schedule.decl, checked(s, schedule))
  return s.schedules.get(schedule.decl)
}

function checked(s: Session, schedule: OpCode): readonly number[] | undefined {
  const of = numericOp(schedule, s.report)
  // Its slope is found in a graph.
  if (!of || !standsInGraph(schedule, s.report)) return undefined
  const curve = Array.from({ length: POINTS + 1 }, (_, i) => of(i / POINTS))
  const { name, span } = schedule.decl.name
  const [start, end] = [curve[0]!, curve[POINTS]!]
  const falls = curve.findIndex((value, i) => i > 0 && !(value >= curve[i - 1]! - 1e-9))
  if (!(Math.abs(end - 1) < TOLERANCE)) s.say.unreachableSchedule(span, { name, at: 1, value: end })
  else if (!(Math.abs(start) < TOLERANCE)) s.say.unreachableSchedule(span, { name, at: 0, value: start })
  else if (falls >= 0) s.say.fallingSchedule(span, { name, from: (falls - 1) / POINTS, to: falls / POINTS })
  else return curve
  return undefined
}

/** Whether a weight is a number, and not negative, along a schedule with this floor; if not, that is reported at `at`. */
export function checkWeight(s: Session, weight: OpCode, curve: readonly number[], floor: number, at: Span): boolean {
  const tried = s.weights.get(weight.decl) ?? new Map<readonly number[], boolean>()
  s.weights.set(weight.decl, tried)
  const known = tried.get(curve) ?? isWeight(s, weight, curve, floor, at)
  tried.set(curve, known)
  return known
}

function isWeight(s: Session, weight: OpCode, curve: readonly number[], floor: number, at: Span): boolean {
  const of = numericOp(weight, s.report)
  if (!of) return false
  for (const i of TRIED) {
    const p = (1 - floor) * curve[i]! + floor
    const dp = ((1 - floor) * (curve[i + 1]! - curve[i - 1]!) * POINTS) / 2
    const value = of(p, dp)
    if (Number.isFinite(value) && value >= 0) continue
    s.say.badWeight(at, { name: weight.decl.name.name, t: i / POINTS, p, dp, value })
    return false
  }
  return true
}
