// An op brought to the types of its arguments → a composite: its body as a graph with inputs arg0, arg1, … (one for each
// tensor), and a graph for each gradient that its `grad` clause gives, with the further input dy. Equal calls share one.
import type { Grad, OpDecl } from '../../grammar/ast.ts'
import type { OpCode } from './code.ts'
import { Builder, type Value } from '../graph/builder.ts'
import type { Dim, Graph, Type } from '../graph/graph.ts'
import { asFloat, isNumeric } from './arithmetic.ts'
import { resultSpan, run } from './body.ts'
import { Frame, type Composed, type Composite } from './frame.ts'
import { bind, keepPromise, type Given } from './signature.ts'
import { dimsOf, showDims, showTerm, tensor, type TensorTerm } from './term.ts'

/** `frame` is the callee's, before its arguments are bound. Undefined after a message. */
export function compose(frame: Frame, code: OpCode, words: ReadonlyMap<string, string>, given: readonly Given[]): Composite | undefined {
  const { composites } = frame.ctx
  const known = composites.get(code.decl) ?? new Map<string, Composed>()
  composites.set(code.decl, known)
  const key = keyOf(frame, words, given)
  const done = known.get(key)
  if (done !== undefined) return frame.spend(done.steps, code.decl.name.span) ? done.composite : undefined
  const before = frame.ctx.effort.steps
  const composite = build(frame, code, words, given)
  known.set(key, { composite, steps: before - frame.ctx.effort.steps })
  return composite
}

function keyOf(frame: Frame, words: ReadonlyMap<string, string>, given: readonly Given[]): string {
  const args = given.map(({ term }) => {
    if (term.kind === 'tensor') return [term.type.dtype, term.type.dims.map((d) => [d.name, d.size, d.live]), term.range?.map(String)]
    return term.kind === 'number' ? [String(term.value)] : term.kind === 'truth' ? [term.value] : [term.kind]
  })
  return JSON.stringify([frame.ctx.gradients, [...words], args])
}

function build(frame: Frame, code: OpCode, words: ReadonlyMap<string, string>, given: readonly Given[]): Composite | undefined {
  const { decl } = code
  const inner = open(frame, code, words, given, false)
  if (inner === undefined) return undefined
  const y = keepPromise(inner.frame, decl.result, inner.lifted, run(inner.frame), resultSpan(decl))
  if (y.kind === 'failed' || y.kind === 'number' || y.kind === 'truth') return y.kind === 'failed' ? undefined : y
  if (y.kind === 'code') {
    frame.ctx.say.notANumber(resultSpan(decl), { name: decl.name.name, given: showTerm(y), native: false })
    return undefined
  }
  inner.b.result('y', y.value())
  const body = inner.b.finish()
  const grads = decl.grad !== undefined && frame.ctx.gradients ? gradients(frame, code, decl.grad, words, given, y.type) : undefined
  return { attrs: { name: decl.name.name, body, grads, args: argsOf(decl, words, given) }, range: y.range }
}

/** Numbers and dimensions that the call was made with, by formal: what a hand-written kernel needs to know. */
function argsOf(decl: OpDecl, words: ReadonlyMap<string, string>, given: readonly Given[]): Readonly<Record<string, number | string>> {
  const numbers = given.flatMap(({ formal, term }): [string, number][] =>
    term.kind === 'number' || term.kind === 'truth' ? [[formal.name.name, Number(term.value)]] : [],
  )
  const dims = decl.dims.map((d): [string, string] => [d.name, words.get(d.name) ?? d.name])
  return Object.fromEntries<number | string>([...numbers, ...dims])
}

interface Inner {
  readonly b: Builder
  readonly frame: Frame
  readonly lifted: readonly Dim[]
}

/** The op's frame over a graph of its own. */
function open(
  frame: Frame,
  code: OpCode,
  words: ReadonlyMap<string, string>,
  given: readonly Given[],
  gradient: boolean,
): Inner | undefined {
  const b = new Builder()
  const ctx = gradient ? { ...frame.ctx, b, gradients: false } : { ...frame.ctx, b }
  const inner = new Frame(ctx, code, { words, stack: gradient ? [] : frame.stack })
  let count = 0
  const entered = given.map((g): Given => {
    if (g.term.kind !== 'tensor') return g
    return { ...g, term: tensor(b.input(`arg${count++}`, 'data', g.term.type), { range: g.term.range }) }
  })
  const lifted = bind(inner, entered)
  return lifted && { b, frame: inner, lifted }
}

/** One graph for each tensor argument; whole numbers and truth values have no gradient. */
function gradients(
  frame: Frame,
  code: OpCode,
  grad: Grad,
  words: ReadonlyMap<string, string>,
  given: readonly Given[],
  y: Type,
): readonly (Graph | undefined)[] {
  const formals = code.decl.formals.map((f) => f.name.name)
  for (const { name } of grad.record.fields) {
    if (!formals.includes(name.name)) frame.ctx.say.unknownGradient(name.span, { name: name.name, formals })
  }
  const tensors = given.flatMap(({ formal, term }) => (term.kind === 'tensor' ? [{ formal, term }] : []))
  return tensors.map(({ formal, term }) => {
    if (term.type.dtype !== 'f32') return undefined
    const name = formal.name.name
    const field = grad.record.fields.find((f) => f.name.name === name)
    if (field?.value === undefined) {
      frame.ctx.say.missingGradient(grad.span, { name: code.decl.name.name, formal: name })
      return undefined
    }
    const inner = open(frame, code, words, given, true)
    if (inner === undefined) return undefined
    inner.frame.locals.set(grad.name.name, tensor(inner.b.input('dy', 'data', y)))
    const dx = inner.frame.ctx.evaluate(field.value, inner.frame)
    if (dx.kind === 'failed') return undefined
    const fitted = isNumeric(dx) ? fit(inner, asFloat(inner.frame.ctx, dx), term) : undefined
    if (fitted === undefined) {
      frame.ctx.say.gradientShape(field.value.span, { formal: name, given: showTerm(dx), wanted: showDims(term.type.dims) })
      return undefined
    }
    inner.b.result('dx', fitted)
    return inner.b.finish()
  })
}

/** Sums over lifted dims that the argument had not (it was spread along them) and spreads over those that dx lacks. */
function fit({ b, lifted }: Inner, dx: Value, x: TensorTerm): Value | undefined {
  const extra = dx.type.dims.filter((d) => !dimsOf(x).some((e) => e.name === d.name)).map((d) => d.name)
  if (!extra.every((name) => lifted.some((d) => d.name === name))) return undefined
  return b.broadcast(extra.length === 0 ? dx : b.reduce('reduce_sum', dx, extra), x.type.dims)
}
