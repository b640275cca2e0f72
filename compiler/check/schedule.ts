// A noise schedule gives the probability of a mask at time t. It must run from 0 at t = 0 to 1 at t = 1 without
// falling: every sampler starts from a fully masked sequence, which the model must have seen. A weight of masked tokens
// is a number, not negative, and more than nothing somewhere.
import type { Span } from '../../grammar/source.ts'
import { numericOp, pointsOf } from '../elaborate/op.ts'
import type { OpCode } from './pipeline.ts'
import type { Curve, Session } from './session.ts'

const POINTS = 32
const TOLERANCE = 1e-3

/** Points at which a weight is tried: not the ends, which may be poles and are not met in training. */
const TRIED = [1, 8, 16, 24, 31]

/** The curve of a schedule that may be used; otherwise the reason has been reported at its declaration. */
export function curveOf(s: Session, schedule: OpCode): Curve | undefined {
  if (!s.schedules.has(schedule.decl)) s.schedules.set(schedule.decl, checked(s, schedule))
  return s.schedules.get(schedule.decl)
}

function checked(s: Session, schedule: OpCode): Curve | undefined {
  const known = numericOp(schedule, s.report)
  const points = known && pointsOf(schedule, Array.from({ length: POINTS + 1 }, (_, i) => i / POINTS), s.report) // prettier-ignore
  if (!points) return undefined
  const { name, span } = schedule.decl.name
  const [start, end] = [points[0]!.p, points[POINTS]!.p]
  const falls = points.findIndex(({ p }, i) => i > 0 && !(p >= points[i - 1]!.p - 1e-9))
  if (!(Math.abs(end - 1) < TOLERANCE)) s.say.unreachableSchedule(span, { name, at: 1, value: end })
  else if (!(Math.abs(start) < TOLERANCE)) s.say.unreachableSchedule(span, { name, at: 0, value: start })
  else if (falls >= 0) s.say.fallingSchedule(span, { name, from: (falls - 1) / POINTS, to: falls / POINTS })
  else return TRIED.map((i) => points[i]!)
  return undefined
}

/** Whether a weight, dp / p if none is given, may be used along a schedule with this floor; if not, that is reported at `at`. */
export function checkWeight(s: Session, weight: OpCode | undefined, curve: Curve, floor: number, at: Span): boolean {
  const tried = s.weights.get(weight?.decl) ?? []
  s.weights.set(weight?.decl, tried)
  const known = tried.find((one) => one.curve === curve && one.floor === floor)
  if (known) return known.sound
  const sound = isWeight(s, weight, curve, floor, at)
  tried.push({ curve, floor, sound })
  return sound
}

function isWeight(s: Session, weight: OpCode | undefined, curve: Curve, floor: number, at: Span): boolean {
  const of = weight ? numericOp(weight, s.report) : (p: number, dp: number): number => dp / p
  if (!of) return false
  const name = weight?.decl.name.name
  let most = 0
  for (const { t, ...bare } of curve) {
    const [p, dp] = [(1 - floor) * bare.p + floor, (1 - floor) * bare.dp]
    // Where p is zero nothing is masked.
    const value = p > 0 ? of(p, dp) : 0
    most = Math.max(most, value)
    if (Number.isFinite(value) && value >= 0) continue
    s.say.badWeight(at, { name, t, p, dp, value })
    return false
  }
  if (most === 0) s.say.noWeight(at, { name })
  return most > 0
}
