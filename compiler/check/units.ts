// Quantities: reading a number with its suffix and unit, and arithmetic that keeps dimensions apart.
// + and - need the same dimension; * and / a plain number on one side, or two alike; max and min may mix
// measures of training length, which convert.ts compares once the stage is known.
import type { BinaryOp, NumberExpr } from '../../grammar/ast.ts'
import type { Span } from '../../grammar/source.ts'
import { SUFFIXES, UNITS, type Dimension } from '../spec/units.ts'
import type { Session } from './session.ts'
import { poison, type Extreme, type Poison, type Quantity, type Truth } from './value.ts'

const LENGTHS: readonly Dimension[] = ['fraction', 'tokens', 'steps', 'flops', 'sequences', 'epochs']

/** A literal as a quantity. Of suffixes and units that nobody knows the parser has spoken. */
export function readNumber(s: Session, expr: NumberExpr): Quantity | Poison {
  const { suffix, unit, text, span } = expr
  const scale = suffix === undefined ? { factor: 1, dimension: 'none' as const } : own(SUFFIXES, suffix)
  if (!scale) return poison(span)
  const number = suffix === '%' ? expr.value / 100 : expr.value * scale.factor
  if (unit === undefined) return { kind: 'quantity', number, dimension: scale.dimension, span }
  const dimension = own(UNITS, unit)
  const start = span.start + text.lastIndexOf(unit)
  const at: Span = { source: span.source, start, end: start + unit.length }
  if (!dimension) return poison(span)
  if (scale.dimension !== 'none') {
    s.say.twoUnits(at, { text })
    return poison(span)
  }
  return { kind: 'quantity', number, dimension, span }
}

/** Arithmetic and comparison of quantities. */
export function arithmetic(s: Session, op: BinaryOp, a: Quantity, b: Quantity, span: Span): Quantity | Truth | Poison {
  const number = (value: number, dimension: Dimension): Quantity => ({ kind: 'quantity', number: value, dimension, span })
  const same = a.dimension === b.dimension
  switch (op) {
    case '+':
    case '-':
      if (same) return number(op === '+' ? a.number + b.number : a.number - b.number, a.dimension)
      break
    case '*':
      if (isFactor(a)) return number(a.number * b.number, isFactor(b) && !same ? 'none' : b.dimension)
      if (isFactor(b)) return number(a.number * b.number, a.dimension)
      break
    case '/':
      if (same) return number(a.number / b.number, 'none')
      if (isFactor(b)) return number(a.number / b.number, a.dimension)
      break
    case '^':
      if (a.dimension === 'none' && b.dimension === 'none') return number(a.number ** b.number, 'none')
      break
    case 'mod':
      if (same) return number(a.number - b.number * Math.floor(a.number / b.number), a.dimension)
      break
    case '==':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
      if (same) return { kind: 'truth', truth: compare(op, a.number, b.number), span }
      break
    case 'and':
    case 'or':
      break
    default:
      op satisfies never
  }
  s.say.mixedUnits(span, { op, left: a.dimension, right: b.dimension })
  return poison(span)
}

/** `max` or `min` of quantities: at once where they measure the same, else left to the stage. */
export function extreme(s: Session, of: 'max' | 'min', items: readonly (Quantity | Extreme)[], span: Span): Quantity | Extreme | Poison {
  const first = items[0]!
  if (first.kind === 'quantity' && items.every((q) => q.kind === 'quantity' && q.dimension === first.dimension)) {
    const numbers = items.map((q) => (q as Quantity).number)
    return { kind: 'quantity', number: of === 'max' ? Math.max(...numbers) : Math.min(...numbers), dimension: first.dimension, span }
  }
  const stranger = items.find((q) => q.kind === 'quantity' && !LENGTHS.includes(q.dimension))
  if (stranger) {
    const other = items.find((q) => q !== stranger)!
    s.say.mixedUnits(span, {
      op: of,
      left: (stranger as Quantity).dimension,
      right: other.kind === 'quantity' ? other.dimension : 'steps',
    })
    return poison(span)
  }
  return { kind: 'extreme', of, items, span }
}

function isFactor(q: Quantity): boolean {
  return q.dimension === 'none' || q.dimension === 'fraction'
}

function compare(op: '==' | '!=' | '<' | '<=' | '>' | '>=', a: number, b: number): boolean {
  switch (op) {
    case '==':
      return a === b
    case '!=':
      return a !== b
    case '<':
      return a < b
    case '<=':
      return a <= b
    case '>':
      return a > b
    case '>=':
      return a >= b
  }
}

function own<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined
}
