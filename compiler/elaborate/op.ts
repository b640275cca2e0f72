// Ops outside of bodies: applied in a graph (samplers, the optimizer), and as plain functions of numbers (schedules and
// objective weights, at compile time and by the host).
import { Report } from '../../grammar/diagnostic.ts'
import type { Span } from '../../grammar/source.ts'
import { bug } from '../bug.ts'
import type { OpCode } from './code.ts'
import { Builder, type Value } from '../graph/builder.ts'
import { evaluate as interpret } from '../graph/evaluate.ts'
import { differentiate } from '../passes/differentiate.ts'
import { asFloat, isNumeric } from './arithmetic.ts'
import { callOp, wordsFor } from './call.ts'
import { effortOf, stepsOfOp } from './effort.ts'
import { evaluate } from './expression.ts'
import { Frame, type Context } from './frame.ts'
import { sayTo } from './messages.ts'
import { FAILED, number, showTerm, tensor, type Term } from './term.ts'

/**
 * Appends the op applied to `args` in order; a number stands for itself. It lifts over whatever dimensions the arguments
 * have beyond its signature, and whole numbers are taken to be inside what they index. `dims` gives its dimension parameters: `{ d: "time'" }`. After errors in `report` the value
 * is a zero.
 */
export function applyOp(
  b: Builder,
  code: OpCode,
  args: readonly (Value | number)[],
  report: Report,
  dims: Readonly<Record<string, string>> = {},
): Value {
  const frame = outermost(b, code, report)
  const terms = args.map((a) => (typeof a === 'number' ? number(a) : tensor(a)))
  const result = call(frame, code, terms, code.decl.dims.map((d) => dims[d.name] ?? d.name)) // prettier-ignore
  if (result.kind === 'tensor') return result.value()
  if (result.kind === 'truth') return b.constant(Number(result.value), 'bool')
  return isNumeric(result) ? asFloat(frame.ctx, result) : b.constant(0)
}

/** The op as a function of numbers in float64, or undefined after errors in `report`. Where it gives none, that is reported, and NaN. */
export function numericOp(code: OpCode, report: Report): ((...args: number[]) => number) | undefined {
  const arity = code.decl.formals.filter((f) => f.value === undefined).length
  const frame = outermost(new Builder(), code, report)
  const trial = onNumbers(frame, code, Array.from({ length: arity }, () => 0.5)) // prettier-ignore
  if (trial === undefined) return undefined
  return (...args) => onNumbers(frame, code, args) ?? NaN
}

function onNumbers(frame: Frame, code: OpCode, args: readonly number[]): number | undefined {
  frame.ctx.effort.steps = stepsOfOp
  const result = call(frame, code, args.map((a) => number(a)), code.decl.dims.map((d) => d.name)) // prettier-ignore
  if (result.kind === 'number') return result.value
  if (result.kind !== 'failed')
    frame.ctx.say.notANumber(code.decl.name.span, { name: code.decl.name.name, given: showTerm(result), native: result.kind === 'tensor' })
  return undefined
}

/** What an op of one number gives at a point, and how steep it is there. */
export interface Point {
  readonly t: number
  readonly p: number
  readonly dp: number
}

/**
 * An op of one number and its slope at some points, in float64, or undefined after errors in `report`. They are found in a graph, all
 * points in one go, where that number is not known ahead: a `let` must not depend on it.
 */
export function pointsOf(code: OpCode, at: readonly number[], report: Report): readonly Point[] | undefined {
  const b = new Builder()
  // No dim of the language is called so.
  const dims = [{ name: '#point', size: at.length }]
  const found = withSlope(b, code, [b.input('t', 'data', { dtype: 'f32', dims })], report)
  if (found === undefined) return undefined
  b.result('p', found.y)
  b.result('dp', found.slope)
  const { p, dp } = interpret(b.finish(), { t: { dims, data: Float64Array.from(at) } })
  return at.map((t, i) => ({ t, p: p!.data[i]!, dp: dp!.data[i]! }))
}

/**
 * The derivative with respect to the first argument, on numbers in float64, or undefined after errors in `report`.
 * A gradient that the op gives for itself counts as its derivative.
 */
export function derivativeOp(code: OpCode, report: Report): ((...args: number[]) => number) | undefined {
  if (numericOp(code, report) === undefined) return undefined
  const b = new Builder()
  const scalars = code.decl.formals
    .filter((f) => f.value === undefined)
    .map((f) => b.input(f.name.name, 'data', { dtype: 'f32', dims: [] }))
  if (scalars.length === 0) return () => 0
  const found = withSlope(b, code, scalars, report)
  if (found === undefined) return undefined
  b.result('slope', found.slope)
  const graph = b.finish()
  const names = code.decl.formals.map((f) => f.name.name)
  return (...args) => {
    const found = interpret(graph, Object.fromEntries(args.map((a, i) => [names[i] ?? '', a]))).slope
    return found?.data[0] ?? bug(`${code.decl.name.name} has no slope`)
  }
}

/** The op and its derivative at each element of the first input, of which none knows of the others. */
function withSlope(b: Builder, code: OpCode, inputs: readonly Value[], report: Report): { y: Value; slope: Value } | undefined {
  const { dims } = inputs[0]!.type
  const before = report.diagnostics.length
  const y = b.broadcast(applyOp(b, code, inputs, report), dims)
  if (report.diagnostics.length > before) return undefined
  const [slope] = differentiate(b, b.reduce('reduce_sum', y, dims.map((d) => d.name)), [inputs[0]!]) // prettier-ignore
  return { y, slope: b.broadcast(slope ?? b.constant(0), dims) }
}

/** A frame around the op itself, from which it is called. */
function outermost(b: Builder, code: OpCode, report: Report): Frame {
  const ctx: Context = {
    b,
    say: sayTo(report),
    gradients: true,
    composites: new Map(),
    effort: effortOf(stepsOfOp),
    weight: () => bug('an op with a weight'),
    evaluate,
  }
  return new Frame(ctx, code)
}

function call(frame: Frame, code: OpCode, terms: readonly Term[], dims: readonly string[]): Term {
  const span: Span = code.decl.name.span
  const words = wordsFor(frame, code, dims, span)
  return words === undefined ? FAILED : callOp(frame, code, words, terms.map((term) => ({ term, span, trusted: true })), span) // prettier-ignore
}
