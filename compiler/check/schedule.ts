// A noise schedule gives the probability of a mask at time t. It must run from 0 at t = 0 to 1 at t = 1 without
// falling: every sampler starts from a fully masked sequence, which the model must have seen.
import type { OpCode } from './pipeline.ts'
import type { Session } from './session.ts'

const POINTS = 32
const TOLERANCE = 1e-3

/** True if the schedule may be used; otherwise the reason has been reported at its declaration. */
export function checkSchedule(s: Session, schedule: OpCode): boolean {
  const known = s.schedules.get(schedule.decl) ?? isSchedule(s, schedule)
  s.schedules.set(schedule.decl, known)
  return known
}

function isSchedule(s: Session, schedule: OpCode): boolean {
  const p = s.elaboration.op(schedule, s.report)
  if (!p) return false
  const { name, span } = schedule.decl.name
  const start = p(0)
  const end = p(1)
  if (!(Math.abs(end - 1) < TOLERANCE)) {
    s.say.unreachableSchedule(span, { name, at: 1, value: end })
    return false
  }
  if (!(Math.abs(start) < TOLERANCE)) {
    s.say.unreachableSchedule(span, { name, at: 0, value: start })
    return false
  }
  let last = start
  for (let i = 1; i <= POINTS; i++) {
    const value = p(i / POINTS)
    if (!(value >= last - 1e-9)) {
      s.say.fallingSchedule(span, { name, from: (i - 1) / POINTS, to: i / POINTS })
      return false
    }
    last = value
  }
  return true
}
