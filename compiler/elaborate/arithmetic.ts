// Operators and functions of numbers, on terms. Numbers known now are computed now; tensors meet by the names of their
// dimensions: products may spread, sums must fit. Whole numbers stay whole under + - * mod and may spread in sums;
// everything else is f32.
import type { BinaryOp as Operator } from '../../grammar/ast.ts'
import { textOf, type Span } from '../../grammar/source.ts'
import { union } from '../graph/dims.ts'
import type { BinaryOp, Dim, OpName, UnaryOp } from '../graph/graph.ts'
import type { Value } from '../graph/builder.ts'
import { opOf } from '../graph/ops/table.ts'
import type { Context } from './frame.ts'
import { rangeAfter, type WholeOp } from './range.ts'
import {
  FAILED,
  dimsOf,
  isWhole,
  number,
  rangeOf,
  showDims,
  showTerm,
  tensor,
  truth,
  type Numeric,
  type Range,
  type TensorTerm,
  type Term,
} from './term.ts'

const GRAPH_OPS: Readonly<Record<Operator, BinaryOp>> = {
  '+': 'add', '-': 'sub', '*': 'mul', '/': 'div', '^': 'pow', mod: 'mod',
  '==': 'eq', '!=': 'ne', '<': 'lt', '<=': 'le', '>': 'gt', '>=': 'ge', and: 'and', or: 'or',
} // prettier-ignore
const FITTING: readonly BinaryOp[] = ['add', 'sub', 'min', 'max']
const WHOLE: readonly WholeOp[] = ['add', 'sub', 'mul', 'mod', 'min', 'max']
const COMPARING: readonly BinaryOp[] = ['eq', 'ne', 'lt', 'le', 'gt', 'ge']

/** left `operator` right. `and` and `or` with a side that decides are left to the caller. */
export function operate(ctx: Context, span: Span, operator: Operator, left: Term, right: Term): Term {
  return combine(ctx, span, GRAPH_OPS[operator], left, right)
}

/** The elementwise op of two terms: an operator, min or max. */
export function combine(ctx: Context, span: Span, op: BinaryOp, left: Term, right: Term): Term {
  if (left.kind === 'failed' || right.kind === 'failed') return FAILED
  if (op === 'and' || op === 'or') return logic(ctx, span, op, left, right)
  if ((op === 'eq' || op === 'ne') && left.kind === 'truth' && right.kind === 'truth')
    return truth((left.value === right.value) === (op === 'eq'))
  if (!numeric(ctx, span, op, left) || !numeric(ctx, span, op, right)) return FAILED
  if (left.kind === 'number' && right.kind === 'number') {
    const value = opOf(op).scalar?.(left.value, right.value) ?? NaN
    return COMPARING.includes(op) ? truth(value !== 0) : number(value, left.since ?? right.since)
  }
  return onTensors(ctx, span, op, left, right)
}

function onTensors(ctx: Context, span: Span, op: BinaryOp, left: Numeric, right: Numeric): Term {
  if (!isSound(ctx, left) || !isSound(ctx, right)) return FAILED
  const wholes = isWhole(left) && isWhole(right)
  const wholeOp = wholes ? WHOLE.find((w) => w === op) : undefined
  const range = wholeOp && rangeAfter(wholeOp, rangeOf(left), rangeOf(right))
  const whole = range !== undefined || (wholes && COMPARING.includes(op))
  if (!agree(ctx, span, left, right)) return FAILED
  if (range === undefined && FITTING.includes(op) && !fits(ctx, span, op, left, right)) return FAILED
  const [a, b] = whole ? [asWhole(ctx, left), asWhole(ctx, right)] : [asFloat(ctx, left), asFloat(ctx, right)]
  if (op === 'mul' && !whole && left.kind === 'tensor' && right.kind === 'tensor') return product(ctx, a, b)
  return tensor(ctx.b.binary(op, a, b), { range, shift: shifted(op, left, right) })
}

/** A product is appended when it is asked for: a sum over it takes its factors instead. */
function product(ctx: Context, a: Value, b: Value): TensorTerm {
  let made: Value | undefined
  return {
    kind: 'tensor',
    type: { dtype: 'f32', dims: union([a.type, b.type]) },
    value: () => (made ??= ctx.b.binary('mul', a, b)),
    factors: [a, b],
  }
}

/** Follows pos[dim] through `+ n`, `- n` and `mod size`. */
function shifted(op: BinaryOp, left: Numeric, right: Numeric): TensorTerm['shift'] {
  if (left.kind === 'number' && right.kind === 'tensor' && op === 'add') return shifted(op, right, left)
  if (left.kind !== 'tensor' || left.shift === undefined || right.kind !== 'number') return undefined
  const { dim, by, wrapped } = left.shift
  if (op === 'mod') return right.value === dimsOf(left)[0]?.size ? { dim, by, wrapped: true } : undefined
  if (wrapped || !Number.isInteger(right.value)) return undefined
  if (op === 'add') return { dim, by: by + right.value, wrapped }
  return op === 'sub' ? { dim, by: by - right.value, wrapped } : undefined
}

function logic(ctx: Context, span: Span, op: 'and' | 'or', left: Term, right: Term): Term {
  for (const side of [left, right]) if (!isTruth(ctx, span, `\`${op}\``, side)) return FAILED
  // The side that is known decides, or leaves it to the other.
  if (left.kind === 'truth') return left.value === (op === 'or') ? left : right
  if (right.kind === 'truth') return right.value === (op === 'or') ? right : left
  if (left.kind !== 'tensor' || right.kind !== 'tensor' || !agree(ctx, span, left, right)) return FAILED
  return tensor(ctx.b.binary(op, left.value(), right.value()))
}

/** A function of one number: exp, floor, bf16, … or neg. */
export function apply(ctx: Context, span: Span, op: UnaryOp, x: Term): Term {
  if (x.kind === 'failed' || !numeric(ctx, span, op, x)) return FAILED
  if (x.kind === 'number') return number(opOf(op).scalar?.(x.value) ?? NaN, x.since)
  const [least, greatest] = rangeOf(x)
  if (x.type.dtype === 'i32') {
    if (op === 'neg') return tensor(ctx.b.unary(op, x.value()), { range: [-greatest, -least] })
    if (op === 'abs') return tensor(ctx.b.unary(op, x.value()), { range: [0, Math.max(Math.abs(least), Math.abs(greatest))] })
    if (op === 'floor' || op === 'ceil' || op === 'round') return x
  }
  return tensor(ctx.b.unary(op, asFloat(ctx, x)))
}

export function negate(ctx: Context, span: Span, x: Term): Term {
  if (x.kind === 'truth') return truth(!x.value)
  if (!isTruth(ctx, span, '`not`', x) || x.kind !== 'tensor') return FAILED
  return tensor(ctx.b.unary('not', x.value()))
}

/** `if test then … else …` with a test that is a tensor. */
export function choose(ctx: Context, span: Span, test: TensorTerm, then: Term, otherwise: Term): Term {
  if (then.kind === 'failed' || otherwise.kind === 'failed') return FAILED
  for (const side of [then, otherwise]) if (!agree(ctx, span, test, side)) return FAILED
  if (!agree(ctx, span, then, otherwise)) return FAILED
  if (isLogical(then) && isLogical(otherwise)) {
    const not = tensor(ctx.b.unary('not', test.value()))
    return combine(ctx, span, 'or', combine(ctx, span, 'and', test, then), combine(ctx, span, 'and', not, otherwise))
  }
  if (!isNumeric(then) || !isNumeric(otherwise)) {
    ctx.say.unlikeBranches(span, { then: showTerm(then), else: showTerm(otherwise) })
    return FAILED
  }
  if (!isSound(ctx, then) || !isSound(ctx, otherwise)) return FAILED
  if (!isWhole(then) || !isWhole(otherwise)) return tensor(ctx.b.select(test.value(), asFloat(ctx, then), asFloat(ctx, otherwise)))
  const [a, b] = [rangeOf(then), rangeOf(otherwise)]
  const range: Range = [Math.min(a[0], b[0]), Math.max(a[1], b[1])]
  return tensor(ctx.b.select(test.value(), asWhole(ctx, then), asWhole(ctx, otherwise)), { range })
}

/** Whether a number that goes into a tensor is one; if not, that is said where it ceased to be. */
function isSound(ctx: Context, x: Numeric): boolean {
  if (x.kind !== 'number' || !Number.isNaN(x.value) || x.since === undefined) return true
  ctx.say.noNumber(x.since, { formula: textOf(x.since) })
  return false
}

/** The term as an f32 node. */
export function asFloat(ctx: Context, x: Numeric): Value {
  if (x.kind === 'number') return ctx.b.constant(x.value, 'f32')
  return x.type.dtype === 'f32' ? x.value() : ctx.b.cast(x.value(), 'f32')
}

/** A whole term as an i32 node. */
export function asWhole(ctx: Context, x: Numeric): Value {
  return x.kind === 'number' ? ctx.b.constant(x.value, 'i32') : x.value()
}

export function isNumeric(x: Term): x is Numeric {
  return x.kind === 'number' || (x.kind === 'tensor' && x.type.dtype !== 'bool')
}

export function isLogical(x: Term): boolean {
  return x.kind === 'truth' || (x.kind === 'tensor' && x.type.dtype === 'bool')
}

function numeric(ctx: Context, span: Span, op: OpName, x: Term): x is Numeric {
  if (isNumeric(x)) return true
  if (x.kind !== 'failed') ctx.say.needsNumber(span, { what: SPOKEN[op] ?? `\`${op}\``, given: showTerm(x) })
  return false
}

const SPOKEN: Readonly<Partial<Record<OpName, string>>> = {
  add: 'a sum', sub: 'a difference', mul: 'a product', div: 'a quotient', pow: 'a power', neg: 'a sign',
  eq: 'a comparison', ne: 'a comparison', lt: 'a comparison', le: 'a comparison', gt: 'a comparison', ge: 'a comparison',
} // prettier-ignore

export function isTruth(ctx: Context, span: Span, what: string, x: Term): boolean {
  if (isLogical(x)) return true
  if (x.kind !== 'failed') ctx.say.needsTruth(span, { what, given: showTerm(x) })
  return false
}

/** Dimensions of one name have one size. */
export function agree(ctx: Context, span: Span, left: Term, right: Term): boolean {
  for (const a of dimsOf(left)) {
    const b = dimsOf(right).find((d) => d.name === a.name)
    if (b === undefined || b.size === a.size) continue
    ctx.say.twoSizes(span, { name: a.name, sizes: [a.size, b.size] })
    return false
  }
  return true
}

function fits(ctx: Context, span: Span, op: BinaryOp, left: Numeric, right: Numeric): boolean {
  const without = (a: readonly Dim[], b: readonly Dim[]): readonly Dim[] => a.filter((d) => !b.some((e) => e.name === d.name))
  const leftOnly = without(dimsOf(left), dimsOf(right))
  const rightOnly = without(dimsOf(right), dimsOf(left))
  if (leftOnly.length === 0 || rightOnly.length === 0) return true
  ctx.say.cannotAdd(span, { op, left: showDims(dimsOf(left)), right: showDims(dimsOf(right)), leftOnly, rightOnly })
  return false
}
