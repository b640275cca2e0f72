// A sampler's order: an op of the probabilities at one position that gives one number, the surest position the highest.
import { applyOp } from '../elaborate/op.ts'
import { Builder } from '../graph/builder.ts'
import type { Span } from '../../grammar/source.ts'
import type { OpCode } from './pipeline.ts'
import type { Session } from './session.ts'

/** Sizes are free; the vocabulary is as large as any, so that no index falls outside. */
const DIMS = [
  { name: 'time', size: 2 },
  { name: 'vocab', size: 2 ** 18 },
]

/** True if the order may be used; otherwise the reason has been reported. */
export function checkOrder(s: Session, order: OpCode, at: Span): boolean {
  const b = new Builder()
  const before = s.report.diagnostics.length
  const { type } = applyOp(b, order, [b.input('p', 'data', { dtype: 'f32', dims: DIMS })], s.report)
  if (s.report.diagnostics.length > before) return false
  const given = type.dims.map((d) => d.name)
  if (given.length === 1 && given[0] === 'time') return true
  s.say.orderNotNumber(at, { name: order.decl.name.name, given: given.filter((name) => name !== 'time') })
  return false
}
