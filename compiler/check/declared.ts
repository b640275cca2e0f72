// `let x: steps = …`, `param name: text`: what a declaration says of its own value, held against the value.
import type { TypeExpr } from '../../grammar/ast.ts'
import { nearest } from '../../grammar/suggest.ts'
import { UNITS } from '../spec/units.ts'
import type { Session } from './session.ts'
import { poison, type Value } from './value.ts'

/** Types that are no units, with the values they allow. */
const PLAIN: Readonly<Record<string, (value: Value) => boolean>> = {
  float: (value) => value.kind === 'quantity' && (value.dimension === 'none' || value.dimension === 'fraction'),
  int: (value) => value.kind === 'quantity' && value.dimension === 'none' && Number.isInteger(value.number),
  bool: (value) => value.kind === 'truth',
  text: (value) => value.kind === 'text',
}

/** The value, or poison after a report that it is not what was declared. */
export function asDeclared(s: Session, type: TypeExpr | undefined, value: Value): Value {
  if (!type || value.kind === 'poison') return value
  const name = type.element?.name ?? ''
  const dimension = Object.hasOwn(UNITS, name) ? UNITS[name] : undefined
  const allows = Object.hasOwn(PLAIN, name) ? PLAIN[name] : undefined
  const words = [...Object.keys(PLAIN), ...new Set(Object.values(UNITS))]
  if (type.dims || (!allows && !dimension)) {
    s.say.unknownType(type.span, { name, near: type.dims ? undefined : nearest(name, words), words })
    return poison(value.span)
  }
  if (allows ? allows(value) : value.kind === 'quantity' && value.dimension === dimension) return value
  s.say.notAsDeclared(value.span, { type: name, value })
  return poison(value.span)
}
