// The words that every body knows without a library: functions of numbers, reductions over dimensions, and two constants.
import type { CallExpr, Ident } from '../../grammar/ast.ts'
import type { BinaryOp, UnaryOp } from '../graph/graph.ts'
import { apply, combine } from './arithmetic.ts'
import type { Frame } from './frame.ts'
import { reduction, type Reduction } from './reduction.ts'
import { FAILED, type Term } from './term.ts'

export const CONSTANTS: ReadonlyMap<string, number> = new Map([
  ['pi', Math.PI],
  ['inf', Infinity],
])

const UNARY: readonly UnaryOp[] = ['exp', 'log', 'sqrt', 'sin', 'cos', 'tanh', 'abs', 'floor', 'ceil', 'round', 'bf16']
const BINARY: readonly BinaryOp[] = ['min', 'max']
const REDUCTIONS: readonly Reduction[] = ['sum', 'max', 'min', 'mean', 'argmax']

/** What a name may do: `max` and `min` are reductions with brackets behind them, and functions of two numbers without. */
const FUNCTIONS = new Map<string, { readonly unary?: UnaryOp; readonly binary?: BinaryOp; readonly reduces?: Reduction }>([
  ...UNARY.map((unary) => [unary, { unary }] as const),
  ...REDUCTIONS.map((reduces) => [reduces, { reduces, binary: BINARY.find((b) => b === reduces) }] as const),
])

/** Built-in names of functions and constants, `pos` included. No declaration may take one. */
export const BUILTINS: readonly string[] = [...new Set<string>([...UNARY, ...BINARY, ...REDUCTIONS, ...CONSTANTS.keys(), 'pos'])]

export function isFunction(name: string): boolean {
  return FUNCTIONS.has(name)
}

/** Applies the built-in function `name`; `dims` stood in brackets behind it, undefined if there were none. */
export function builtin(frame: Frame, name: string, dims: readonly Ident[] | undefined, call: CallExpr): Term {
  const args = call.args.map((a) => frame.ctx.evaluate(a.value, frame))
  const { unary, binary, reduces } = FUNCTIONS.get(name) ?? {}
  const [x, y] = args
  const named = call.args.find((a) => a.name !== undefined)?.name
  if (named !== undefined) {
    frame.ctx.say.unknownArgument(named.span, { name, argument: named.name, formals: binary && dims === undefined ? ['x', 'y'] : ['x'] })
    return FAILED
  }
  if (reduces !== undefined && (dims !== undefined || binary === undefined)) {
    if (x === undefined || y !== undefined) return count(frame, call, name, ['x'])
    return reduction(frame, reduces, dims ?? [], x, call)
  }
  if (dims !== undefined) {
    frame.ctx.say.dimensionCount(call.callee.span, { name, formals: [], given: dims.length })
    return FAILED
  }
  if (unary !== undefined)
    return x === undefined || y !== undefined ? count(frame, call, name, ['x']) : apply(frame.ctx, call.span, unary, x)
  if (binary === undefined || x === undefined || y === undefined || args.length > 2) return count(frame, call, name, ['x', 'y'])
  return combine(frame.ctx, call.span, binary, x, y)
}

function count(frame: Frame, call: CallExpr, name: string, formals: readonly string[]): Term {
  const reduces = FUNCTIONS.get(name)?.reduces !== undefined
  frame.ctx.say.argumentCount(call.span, { name, formals, given: call.args.length, reduces })
  return FAILED
}
