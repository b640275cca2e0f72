// A sampler's order: an op of the probabilities at one position that gives one number, the surest position the highest.
import { applyOp } from '../elaborate/op.ts'
import { Builder } from '../graph/builder.ts'
import type { Span } from '../../grammar/source.ts'
import type { OpCode } from './pipeline.ts'
import type { Session } from './session.ts'

/** What a program of the sampler has one of for each masked position (build/sample.ts); how many is free. */
const SLOT = { name: 'slot', size: 2 }

/** True if the order may be used with so many tokens; otherwise the reason has been reported. */
export function checkOrder(s: Session, order: OpCode, vocab: number, at: Span): boolean {
  const b = new Builder()
  const dims = [SLOT, { name: 'vocab', size: vocab }]
  const before = s.report.diagnostics.length
  const { type } = applyOp(b, order, [b.input('p', 'data', { dtype: 'f32', dims })], s.report)
  if (s.report.diagnostics.length > before) return false
  const given = type.dims.map((d) => d.name)
  if (given.length === 1 && given[0] === SLOT.name) return true
  s.say.orderNotNumber(at, { name: order.decl.name.name, given: given.filter((name) => name !== SLOT.name) })
  return false
}
