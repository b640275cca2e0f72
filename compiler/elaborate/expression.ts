// An expression in the body of an op or block → what it stands for. Every construct of the language's formulas is here,
// in one switch; what has no meaning in a formula says so.
import type {
  AmendExpr,
  BinaryExpr,
  CallExpr,
  Expr,
  IfExpr,
  ListExpr,
  NumberExpr,
  RecordExpr,
  StringExpr,
  WgslExpr,
} from '../../grammar/ast.ts'
import type { Span } from '../../grammar/source.ts'
import type { Code } from './code.ts'
import { apply, asFloat, choose, isNumeric, isTruth, negate, operate } from './arithmetic.ts'
import { BUILTINS, CONSTANTS, builtin, isFunction } from './builtin.ts'
import { callCode } from './call.ts'
import { deepestExpression } from './effort.ts'
import type { Frame } from './frame.ts'
import { index, positions } from './indexing.ts'
import { FAILED, known, number, showTerm, tensor, truth, type Term } from './term.ts'

export function evaluate(expr: Expr, frame: Frame): Term {
  const { effort, say } = frame.ctx
  if (!frame.spend(1, expr.span)) return FAILED
  if (effort.depth >= deepestExpression) {
    say.tooDeep(expr.span, { limit: deepestExpression, what: 'expressions' })
    return FAILED
  }
  effort.depth++
  const term = formula(expr, frame)
  effort.depth--
  return term.kind === 'number' && Number.isNaN(term.value) ? number(NaN, term.since ?? expr.span) : term
}

function formula(expr: Expr, frame: Frame): Term {
  const { ctx } = frame
  switch (expr.kind) {
    case 'number':
      return literal(expr, frame)
    case 'boolean':
      return truth(expr.value)
    case 'paren':
      return evaluate(expr.inner, frame)
    case 'name':
      return named(frame, [expr.name], expr.span)
    case 'member': {
      const path = pathOf(expr)
      return path === undefined ? meaningless(expr, frame) : named(frame, path, expr.span)
    }
    case 'unary': {
      const x = evaluate(expr.value, frame)
      return expr.op === '-' ? apply(ctx, expr.span, 'neg', x) : negate(ctx, expr.span, x)
    }
    case 'binary':
      return binary(expr, frame)
    case 'if':
      return conditional(expr, frame)
    case 'index':
      if (isName(expr.target, 'pos') && !frame.locals.has('pos')) return positions(frame, expr)
      return index(frame, expr, evaluate(expr.target, frame))
    case 'call':
      return call(expr, frame)
    case 'wgsl':
      return native(expr, frame)
    case 'string':
    case 'list':
    case 'record':
    case 'amend':
      return meaningless(expr, frame)
    default:
      return expr satisfies never
  }
}

/** What suffixes do to a plain number; time and memory have none in a formula. */
const SCALES: ReadonlyMap<string | undefined, (x: number) => number> = new Map([
  [undefined, (x) => x],
  ['%', (x) => x / 100],
  ['k', (x) => x * 1e3],
  ['M', (x) => x * 1e6],
  ['B', (x) => x * 1e9],
  ['T', (x) => x * 1e12],
])

function literal({ value, suffix, unit, text, span }: NumberExpr, frame: Frame): Term {
  const scale = SCALES.get(suffix)
  if (scale !== undefined && unit === undefined) return number(scale(value))
  frame.ctx.say.unitInCode(span, { text, number: String(scale === undefined ? value : scale(value)) })
  return FAILED
}

/** `f` or `paper.f`: nearest first. */
function named(frame: Frame, path: readonly string[], span: Span): Term {
  const [name = '', ...rest] = path
  if (rest.length === 0) {
    const local = frame.locals.get(name) ?? frame.static(name)
    if (local !== undefined) return local
    const dim = frame.dims.get(frame.word(name))
    if (dim !== undefined) return number(dim.size)
  }
  const global = frame.code.scope.number(path) ?? frame.code.scope.code(path)
  if (global !== undefined) return known(global)
  const constant = rest.length === 0 ? CONSTANTS.get(name) : undefined
  if (constant !== undefined) return number(constant)
  const inherits = rest.length === 0 && frame.caller?.inherited(name) !== undefined
  frame.ctx.say.undefinedName(span, { name: path.join('.'), known: [...frame.names(), BUILTINS], inherits })
  return FAILED
}

/** A side that is known may decide `and` and `or`; then the other is not even looked at. */
function binary(expr: BinaryExpr, frame: Frame): Term {
  const left = evaluate(expr.left, frame)
  if (left.kind === 'truth' && ((expr.op === 'and' && !left.value) || (expr.op === 'or' && left.value))) return left
  return operate(frame.ctx, expr.span, expr.op, left, evaluate(expr.right, frame))
}

function conditional(expr: IfExpr, frame: Frame): Term {
  const test = evaluate(expr.test, frame)
  if (test.kind === 'failed') return FAILED
  if (test.kind === 'truth') return evaluate(test.value ? expr.then : expr.else, frame)
  if (!isTruth(frame.ctx, expr.test.span, '`if`', test) || test.kind !== 'tensor') return FAILED
  return choose(frame.ctx, expr.span, test, evaluate(expr.then, frame), evaluate(expr.else, frame))
}

function call(expr: CallExpr, frame: Frame): Term {
  const { callee } = expr
  const bracketed = callee.kind === 'index' && callee.entries.every((e) => e.value === undefined)
  const target = bracketed ? callee.target : callee
  const dims = bracketed ? callee.entries.map((e) => e.name) : undefined
  const path = pathOf(target)
  const own = path !== undefined && path.length === 1 ? (frame.locals.get(path[0] ?? '') ?? frame.static(path[0] ?? '')) : undefined
  if (own === undefined && path !== undefined) {
    const [name = ''] = path
    if (path.length === 1 && isFunction(name)) return builtin(frame, name, dims, expr)
    const code: Code | undefined = frame.code.scope.code(path)
    if (code !== undefined) return callCode(frame, code, dims ?? [], expr)
  }
  const what = own ?? evaluate(target, frame)
  if (what.kind === 'failed') return FAILED
  if (what.kind === 'code') return callCode(frame, what.code, dims ?? [], expr)
  frame.ctx.say.notCallable(target.span, { what: showTerm(what) })
  return FAILED
}

/** A WGSL function of the op's arguments; in a gradient, of dy too. */
function native(expr: WgslExpr, frame: Frame): Term {
  const { ctx, code } = frame
  if (code.kind !== 'op') return meaningless(expr, frame)
  const params = [...code.decl.formals.map((f) => f.name.name), ...(code.decl.grad === undefined ? [] : [code.decl.grad.name.name])]
  const args = params.flatMap((name) => {
    const term = frame.locals.get(name)
    return term === undefined ? [] : [{ name, term }]
  })
  const wrong = args.find(({ term }) => !isNumeric(term))
  if (wrong !== undefined) {
    ctx.say.needsNumber(expr.span, { what: `a function in WGSL`, given: showTerm(wrong.term) })
    return FAILED
  }
  const inputs = args.flatMap(({ term }) => (isNumeric(term) ? [asFloat(ctx, term)] : []))
  return tensor(ctx.b.add('native', inputs, { name: code.decl.name.name, code: expr.code.value, params: args.map((a) => a.name) }))
}

const MEANINGLESS = {
  string: 'a text',
  list: 'a list',
  record: 'a record',
  amend: 'an amendment',
  member: 'a field',
  wgsl: 'WGSL outside an op',
} as const

type Meaningless = StringExpr | ListExpr | RecordExpr | AmendExpr | WgslExpr | Extract<Expr, { kind: 'member' }>

function meaningless(expr: Meaningless, frame: Frame): Term {
  frame.ctx.say.notAnExpression(expr.span, { what: MEANINGLESS[expr.kind] })
  return FAILED
}

function isName(expr: Expr, name: string): boolean {
  return expr.kind === 'name' && expr.name === name
}

/** `a.b.c` as its words; undefined for what is no path. */
export function pathOf(expr: Expr): readonly string[] | undefined {
  if (expr.kind === 'name') return [expr.name]
  if (expr.kind !== 'member') return undefined
  const before = pathOf(expr.target)
  return before && [...before, expr.name.name]
}
