// The promises of a signature, kept: arguments → what formals stand for inside, and results → what callers see.
// Dimensions that a signature does not mention lift: they pass through.
import type { Formal, Ident, TypeExpr } from '../../grammar/ast.ts'
import type { Span } from '../../grammar/source.ts'
import type { Dim } from '../graph/graph.ts'
import { asFloat, isNumeric, isTruth } from './arithmetic.ts'
import { dimension, dimensions } from './dimension.ts'
import type { Frame } from './frame.ts'
import { inside } from './range.ts'
import { FAILED, dimsOf, isWhole, rangeOf, showDims, showTerm, tensor, type Term } from './term.ts'

/** An argument, and where it stands. */
export interface Given {
  readonly formal: Formal
  readonly term: Term
  readonly span: Span
  /** Whole numbers are taken to be inside the dimension they index: the tokens of a model. */
  readonly trusted?: boolean
}

/**
 * Enters the arguments into the callee's frame, dimensions first. Returns the dimensions that lift, or undefined after a
 * message.
 */
export function bind(frame: Frame, given: readonly Given[]): readonly Dim[] | undefined {
  const { ctx, code } = frame
  const name = code.decl.name.name
  const lifted = new Map<string, Dim>()
  let right = true
  for (const { formal, term, span } of given) {
    const mine = wordsIn(frame, formal.type)
    const dims = dimsOf(term)
    const missing = mine.filter((d) => !dims.some((e) => e.name === d))
    if (missing.length > 0) {
      ctx.say.argumentDimension(span, { name, missing: [...new Set(missing)], given: showTerm(term) })
      right = false
    }
    const others = formal.type === undefined ? [] : dims.map((d) => d.name).filter((d) => !mine.includes(d))
    const promised = others.length === 0 ? [] : [...given.map((g) => g.formal.type), code.decl.result].flatMap((t) => wordsIn(frame, t))
    const clash = others.filter((d) => promised.includes(d))
    if (clash.length > 0) {
      ctx.say.clashingDimension(span, { name, formal: formal.name.name, clash, given: showTerm(term) })
      right = false
    }
    for (const dim of dims) {
      const known = frame.dims.get(dim.name) ?? lifted.get(dim.name)
      if (known !== undefined && known.size !== dim.size) {
        ctx.say.twoSizes(span, { name: dim.name, sizes: [known.size, dim.size] })
        right = false
      }
      if (mine.includes(dim.name)) frame.dims.set(dim.name, dim)
      else lifted.set(dim.name, dim)
    }
  }
  if (!right) return undefined
  for (const argument of given) {
    const entered = enter(frame, argument)
    if (entered.kind === 'failed') return undefined
    frame.locals.set(argument.formal.name.name, entered)
  }
  return sizesAgree(frame, given) ? [...lifted.values()] : undefined
}

/** The dimensions that a type mentions, as they are called here. */
function wordsIn(frame: Frame, type: TypeExpr | undefined): readonly string[] {
  return type?.dims?.map((d) => frame.word(d.name)) ?? []
}

/** What a formal stands for: of its element type, and if that is an index, inside its dimension from here on. */
function enter(frame: Frame, { formal, term, span, trusted = false }: Given): Term {
  const { type } = formal
  if (type === undefined) return term
  if (type.element !== undefined && !isPlain(type.element)) {
    const dim = dimension(frame, type.element)
    if (dim === undefined) return FAILED
    if (!indexes(frame, term, dim, span, trusted)) return FAILED
    return term.kind === 'tensor' ? { ...term, range: [0, dim.size - 1], shift: undefined } : term
  }
  return ofElement(frame, type.element?.name ?? 'float', term, span, `\`${formal.name.name}\``)
}

const isPlain = (element: Ident): boolean => element.name === 'float' || element.name === 'bool'

function indexes(frame: Frame, term: Term, dim: Dim, span: Span, trusted: boolean): boolean {
  if (!isNumeric(term) || !isWhole(term)) {
    if (term.kind !== 'failed') frame.ctx.say.indexNotWhole(span, { name: dim.name })
    return false
  }
  if (trusted || inside(rangeOf(term), dim.size)) return true
  frame.ctx.say.indexOutOfRange(span, { name: dim.name, last: dim.size - 1 })
  return false
}

function ofElement(frame: Frame, element: string, term: Term, span: Span, what: string): Term {
  if (element === 'bool') return isTruth(frame.ctx, span, what, term) ? term : FAILED
  if (isNumeric(term)) return term.kind === 'tensor' && term.type.dtype !== 'f32' ? tensor(asFloat(frame.ctx, term)) : term
  if (term.kind !== 'failed') frame.ctx.say.needsNumber(span, { what, given: showTerm(term) })
  return FAILED
}

/** A dimension of the signature that the body also fixes must have that size. */
function sizesAgree(frame: Frame, given: readonly Given[]): boolean {
  for (const [name, dim] of frame.dims) {
    const fixed = frame.static(name)
    if (fixed === undefined || fixed.kind === 'failed') continue
    if (fixed.kind === 'number' && fixed.value === dim.size) continue
    const at = given.find((g) => dimsOf(g.term).some((d) => d.name === name))?.span ?? frame.code.decl.name.span
    frame.ctx.say.twoSizes(at, { name, sizes: [dim.size, fixed.kind === 'number' ? fixed.value : NaN] })
    return false
  }
  return true
}

/** Checks that a result has the promised dimensions and the lifted ones, no more; FAILED after a message. */
export function keepPromise(
  frame: Frame,
  promise: TypeExpr | undefined,
  lifted: readonly Dim[],
  term: Term,
  span: Span,
  of?: string,
): Term {
  if (term.kind === 'failed' || promise === undefined) return term
  const name = of ?? frame.code.decl.name.name
  const promised = dimensions(frame, promise.dims ?? [])
  if (promised === undefined) return FAILED
  if (term.kind === 'code') {
    frame.ctx.say.needsNumber(span, { what: `the result of \`${name}\``, given: showTerm(term) })
    return FAILED
  }
  const dims = dimsOf(term)
  const left = dims.filter((d) => ![...promised, ...lifted].some((e) => e.name === d.name)).map((d) => d.name)
  const missing = promised.filter((d) => !dims.some((e) => e.name === d.name)).map((d) => d.name)
  const facts = { name, promised: showPromise(promise, promised), returned: showDims(dims), missing }
  if (left.length > 0) frame.ctx.say.leftoverDimension(span, { ...facts, left })
  else if (missing.length > 0) frame.ctx.say.missingDimension(span, facts)
  if (left.length > 0 || missing.length > 0) return FAILED
  if (promise.element === undefined || isPlain(promise.element)) {
    return ofElement(frame, promise.element?.name ?? 'float', term, span, `the result of \`${name}\``)
  }
  const dim = dimension(frame, promise.element)
  return dim !== undefined && indexes(frame, term, dim, span, false) ? term : FAILED
}

function showPromise(promise: TypeExpr, dims: readonly Dim[]): string {
  return promise.dims === undefined ? 'a number' : showDims(dims)
}
