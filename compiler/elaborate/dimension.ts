// A word where a dimension is meant → its size. Any number known now is a dimension of its own name, so a size comes from
// the signature, a let or param of the body, the module, or the nearest caller, in this order. A size that is no whole
// number is explained by the formula that gave it.
import type { Expr, Ident, Let, Param } from '../../grammar/ast.ts'
import { positionAt, textOf, type Span } from '../../grammar/source.ts'
import type { Dim } from '../graph/graph.ts'
import { largestDimension } from './effort.ts'
import { withoutPrimes, type Frame } from './frame.ts'
import { known, type Term } from './term.ts'

/** The sequences of a step: every tensor of a network passes it on. */
const BATCH = 'batch'

/** The dimension that `ident` names; undefined after a message. `after`: one was given already, and a division by zero follows from it. */
export function dimension(frame: Frame, ident: Ident, after = false): Dim | undefined {
  const name = frame.word(ident.name)
  const found = knownDim(frame, name)
  if (found !== undefined) return { ...found, name }
  const base = withoutPrimes(name)
  const size = sizeTerm(frame, base)
  if (size === undefined) {
    frame.ctx.say.unknownDimension(ident.span, { name: base, known: [[...frame.dims.keys()], ...frame.names()] })
    return undefined
  }
  if (size.kind === 'failed') return undefined
  if (base === BATCH) {
    frame.ctx.say.batchIsTaken(ident.span, { name: base })
    return undefined
  }
  if (size.kind !== 'number' || !Number.isInteger(size.value) || size.value < 1) {
    if (!after || size.kind !== 'number' || Number.isFinite(size.value)) reportSize(frame, ident, base, size)
    return undefined
  }
  if (size.value > largestDimension) {
    const { at, facts } = whence(frame, ident, base)
    frame.ctx.say.dimensionTooLarge(at, { name: base, size: size.value, most: largestDimension, ...facts })
    return undefined
  }
  frame.dims.set(base, { name: base, size: size.value })
  return { name, size: size.value }
}

/** All of them, or undefined after a message. */
export function dimensions(frame: Frame, idents: readonly Ident[]): readonly Dim[] | undefined {
  const dims: Dim[] = []
  for (const [i, ident] of idents.entries()) {
    const dim = dimension(frame, ident, dims.length < i)
    if (dim !== undefined) dims.push(dim)
  }
  return dims.length === idents.length ? dims : undefined
}

/** A primed word has the size of the word with fewer primes. */
function knownDim(frame: Frame, name: string): Dim | undefined {
  return frame.dims.get(name) ?? (name.endsWith("'") ? knownDim(frame, name.slice(0, -1)) : undefined)
}

function sizeTerm(frame: Frame, name: string): Term | undefined {
  const own = frame.static(name)
  if (own !== undefined) return own
  const global = frame.code.scope.number([name])
  return global === undefined ? frame.caller?.inherited(name) : known(global)
}

function reportSize(frame: Frame, ident: Ident, name: string, size: Term): void {
  const { at, facts } = whence(frame, ident, name)
  frame.ctx.say.dimensionNotWhole(at, { name, value: size.kind === 'number' ? String(size.value) : 'no number', ...facts })
}

/** Where a size is given, and what is known of how. */
function whence(frame: Frame, ident: Ident, name: string): { readonly at: Span; readonly facts: Explanation } {
  const home = frameOf(frame, name)
  const decl = home?.declared(name)
  const set = home?.origin(name)
  if (set !== undefined) return { at: set, facts: {} }
  const facts = decl === undefined || home === undefined ? {} : explain(home, decl)
  return { at: decl?.value === undefined ? ident.span : decl.span, facts }
}

/** The frame whose let, or param with a value, gave this name. */
function frameOf(frame: Frame, name: string): Frame | undefined {
  const decl = frame.declared(name)
  const inherits = decl === undefined || (decl.kind === 'param' && decl.value === undefined && frame.origin(name) === undefined)
  return inherits && frame.caller !== undefined ? frameOf(frame.caller, name) : frame
}

interface Explanation {
  /** `width / heads = 768 / 10`. */
  readonly formula?: string
  readonly divisors?: { readonly name: string; readonly of: number; readonly nearest: readonly number[] }
  readonly set?: string
}

function explain(frame: Frame, decl: Let | Param): Explanation {
  const own = frame.origin(decl.name.name)
  if (own !== undefined || decl.value === undefined) return { set: own === undefined ? undefined : place(own) }
  const used = namesIn(decl.value)
  const values = new Map(used.map((name) => [name, frame.static(name) ?? frame.inherited(name)]))
  const text = textOf(decl.value.span)
  const filled = text.replace(/[A-Za-z]\w*/g, (word) => {
    const value = values.get(word)
    return value?.kind === 'number' ? String(value.value) : word
  })
  // Of a quotient the divisor is the likelier mistake.
  const last = used.map((name) => frame.origin(name)).findLast((span) => span !== undefined)
  return {
    formula: text === filled ? text : `${text} = ${filled}`,
    divisors: divisorsIn(decl.value, values),
    set: last === undefined ? undefined : place(last),
  }
}

/** For a quotient of two names: the divisors of the first nearest to the second. */
function divisorsIn(expr: Expr, values: ReadonlyMap<string, Term | undefined>): Explanation['divisors'] {
  if (expr.kind !== 'binary' || expr.op !== '/' || expr.left.kind !== 'name' || expr.right.kind !== 'name') return undefined
  const [whole, part] = [values.get(expr.left.name), values.get(expr.right.name)]
  if (whole?.kind !== 'number' || part?.kind !== 'number' || !Number.isInteger(whole.value) || whole.value < 1) return undefined
  const distance = (n: number): number => Math.abs(n - part.value)
  // Of a size beyond these the mistake lies elsewhere.
  const divisors = Array.from({ length: Math.min(whole.value, 65_536) }, (_, i) => i + 1).filter((n) => whole.value % n === 0)
  const nearest = divisors.sort((a, b) => distance(a) - distance(b) || a - b).slice(0, 3)
  return { name: expr.right.name, of: whole.value, nearest: nearest.sort((a, b) => a - b) }
}

function namesIn(expr: Expr): readonly string[] {
  if (expr.kind === 'name') return [expr.name]
  if (expr.kind === 'binary') return [...namesIn(expr.left), ...namesIn(expr.right)]
  if (expr.kind === 'unary') return namesIn(expr.value)
  if (expr.kind === 'paren') return namesIn(expr.inner)
  return expr.kind === 'if' ? [...namesIn(expr.test), ...namesIn(expr.then), ...namesIn(expr.else)] : []
}

/** Where a page or a block sets a name. */
export function setIn(frame: Frame, name: string): string | undefined {
  const origin = frame.origin(name)
  return origin && place(origin)
}

function place(span: Span): string {
  return `${span.source.name}:${positionAt(span.source, span.start).line}`
}
