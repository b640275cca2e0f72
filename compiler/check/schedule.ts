// A noise schedule gives the probability of a mask at time t. It must run from 0 at t = 0 to 1 at t = 1 without
// falling: every sampler starts from a fully masked sequence, which the model must have seen. An objective's weight
// is a number that is not negative, all the way.
import type { Span } from '../../grammar/source.ts'
import { Report } from '../../grammar/diagnostic.ts'
import { derivativeOp, numericOp, standsInGraph } from '../elaborate/op.ts'
import type { OpCode } from './pipeline.ts'
import type { Session } from './session.ts'

const POINTS = 32
const TOLERANCE = 1e-3

/** From 0 to 1. */
const times = Array.from({ length: POINTS + 1 }, (_, i) => i / POINTS)

/** True if the schedule may be used; otherwise the reason has been reported at its declaration. */
export function checkSchedule(s: Session, schedule: OpCode): boolean {
  const known = s.schedules.get(schedule.decl) ?? isSchedule(s, schedule)
  s.schedules.set(schedule.decl, known)
  return known
}

function isSchedule(s: Session, schedule: OpCode): boolean {
  const of = numericOp(schedule, s.report)
  // Its slope is found in a graph.
  if (!of || !standsInGraph(schedule, s.report)) return false
  const p = times.map((t) => of(t))
  const { name, span } = schedule.decl.name
  const [start, end] = [p[0]!, p[POINTS]!]
  if (!(Math.abs(end - 1) < TOLERANCE)) {
    s.say.unreachableSchedule(span, { name, at: 1, value: end })
    return false
  }
  if (!(Math.abs(start) < TOLERANCE)) {
    s.say.unreachableSchedule(span, { name, at: 0, value: start })
    return false
  }
  const falls = p.findIndex((value, i) => i > 0 && !(value >= p[i - 1]! - 1e-9))
  if (falls < 0) return true
  s.say.fallingSchedule(span, { name, from: times[falls - 1]!, to: times[falls]! })
  return false
}

/** Whether a weight is a number, and not negative, at the p and dp of a sound schedule with this floor; if not, that is reported at `at`. */
export function checkWeight(s: Session, weight: OpCode, schedule: OpCode, floor: number, at: Span): boolean {
  const tried = s.weights.get(weight.decl) ?? []
  s.weights.set(weight.decl, tried)
  const known = tried.find((one) => one.schedule === schedule.decl && one.floor === floor)
  if (known) return known.sound
  const sound = isWeight(s, weight, schedule, floor, at)
  tried.push({ schedule: schedule.decl, floor, sound })
  return sound
}

function isWeight(s: Session, weight: OpCode, schedule: OpCode, floor: number, at: Span): boolean {
  const of = numericOp(weight, s.report)
  const [rise, slope] = [numericOp(schedule, new Report()), derivativeOp(schedule, new Report())]
  if (!of || !rise || !slope) return false
  // The ends may be poles, and are not met in training.
  for (const t of times.slice(1, -1)) {
    const [p, dp] = [(1 - floor) * rise(t) + floor, (1 - floor) * slope(t)]
    const value = of(p, dp)
    if (Number.isFinite(value) && value >= 0) continue
    s.say.badWeight(at, { name: weight.decl.name.name, t, p, dp, value })
    return false
  }
  return true
}
