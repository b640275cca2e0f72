// The statements of a body, in order: weights come to be, names are given, repeats go round, and a result is returned.
import type { Assign, BlockDecl, Body, Expr, OpDecl, Repeat, Weight } from '../../grammar/ast.ts'
import { textOf, type Span } from '../../grammar/source.ts'
import type { WeightSpec } from '../plan/jobs.ts'
import { dimensions, setIn } from './dimension.ts'
import type { Frame } from './frame.ts'
import { keepPromise } from './signature.ts'
import { FAILED, dimsOf, showTerm, tensor, type Term } from './term.ts'

/** The result of the op or block of this frame. */
export function run(frame: Frame): Term {
  const { decl } = frame.code
  const value: Expr | Body = decl.kind === 'block' ? decl.body : decl.value
  if (value.kind !== 'body') return frame.ctx.evaluate(value, frame)
  const result = statements(frame, value)
  if (result !== undefined) return result
  frame.ctx.say.noReturn(decl.name.span, { name: decl.name.name })
  return FAILED
}

/** Where the result of an op or block is written. */
export function resultSpan(decl: OpDecl | BlockDecl): Span {
  const value: Expr | Body = decl.kind === 'block' ? decl.body : decl.value
  if (value.kind !== 'body') return value.span
  return value.statements.findLast((s) => s.kind === 'return')?.value.span ?? decl.name.span
}

function statements(frame: Frame, body: Body, turn = false): Term | undefined {
  const { say } = frame.ctx
  for (const s of body.statements) {
    switch (s.kind) {
      case 'let':
      case 'param':
        if (s.kind === 'param' && frame.code.kind === 'op') say.paramInOp(s.span, { name: s.name.name })
        else frame.static(s.name.name)
        break
      case 'weight':
        weights(frame, s)
        break
      case 'repeat':
        repeat(frame, s)
        break
      case 'assign':
        assign(frame, s)
        break
      case 'return':
        if (!turn) return frame.ctx.evaluate(s.value, frame)
        say.returnInRepeat(s.span, undefined)
        break
      default:
        s satisfies never
    }
  }
  return undefined
}

function assign(frame: Frame, s: Assign): void {
  const { name, span } = s.name
  const fixed = frame.declared(name)
  if (fixed !== undefined) {
    frame.ctx.say.fixedName(span, { keyword: fixed.kind, name })
    return
  }
  const value = frame.ctx.evaluate(s.value, frame)
  if (s.type === undefined) frame.locals.set(name, value)
  else frame.locals.set(name, keepPromise(frame, s.type, liftedHere(frame), value, s.value.span, name))
}

/** Dimensions that pass through this body: of its formals, those that its signature does not mention. */
function liftedHere(frame: Frame): ReturnType<typeof dimsOf> {
  const own = new Set(frame.code.decl.formals.flatMap((f) => f.type?.dims ?? []).map((d) => frame.word(d.name)))
  const all = frame.code.decl.formals.flatMap((f) => dimsOf(frame.locals.get(f.name.name) ?? FAILED))
  return all.filter((d) => !own.has(d.name))
}

/** Each turn has its own weights and forgets the names it made; names from outside go round. */
function repeat(frame: Frame, s: Repeat): void {
  const { ctx } = frame
  const count = ctx.evaluate(s.count, frame)
  if (count.kind === 'failed') return
  if (count.kind !== 'number' || !Number.isInteger(count.value) || count.value < 0) {
    const set = s.count.kind === 'name' ? setIn(frame, s.count.name) : undefined
    ctx.say.notACount(s.count.span, { what: count.kind === 'number' ? String(count.value) : showTerm(count), set })
    return
  }
  const word = s.count.kind === 'name' ? s.count.name : 'repeat'
  const left = ctx.effort.steps
  const home = frame.place
  const uses = (home.uses.get(word) ?? 0) + 1
  home.uses.set(word, uses)
  const outside = new Map(frame.locals)
  const pathOf = (turn: number): string => `${home.path}${word}${uses === 1 ? '' : `.${uses}`}.${turn}.`
  const first = ctx.trial?.length ?? 0
  for (let turn = 0; turn < count.value && frame.spend(1, s.span); turn++) {
    frame.place = { path: pathOf(turn), uses: new Map() }
    statements(frame, s.body, true)
    for (const name of frame.locals.keys()) if (!outside.has(name)) frame.locals.delete(name)
    if (!keepsDimensions(frame, outside, s)) break
    // One turn tells how long all of them will be.
    if (turn === 0 && ctx.effort.steps >= 0 && (left - ctx.effort.steps) * count.value > left) {
      const at = s.count.kind === 'name' ? frame.origin(s.count.name) : undefined
      ctx.say.tooManyTurns(at ?? s.count.span, { turns: count.value })
      ctx.effort.steps = -1
    }
    if (turn > 0 || ctx.trial === undefined || ctx.effort.steps < 0 || !leavesAlike(frame, outside)) continue
    ctx.effort.steps -= (left - ctx.effort.steps) * (count.value - 1)
    const made = ctx.trial.slice(first)
    for (let other = 1; other < count.value; other++)
      for (const spec of made) ctx.trial.push({ ...spec, name: pathOf(other) + spec.name.slice(pathOf(0).length) })
    break
  }
  frame.place = home
}

/** Whether a turn left the names from outside such that the next one will do the very same. */
function leavesAlike(frame: Frame, before: ReadonlyMap<string, Term>): boolean {
  const said = (term: Term | undefined): string => {
    if (term?.kind === 'tensor') return JSON.stringify([term.type, term.range?.map(String), term.shift])
    return term?.kind === 'number' || term?.kind === 'truth' ? String(term.value) : (term?.kind ?? '')
  }
  return [...before].every(([name, old]) => {
    const now = frame.locals.get(name)
    return now === old || (now?.kind === old.kind && now.kind !== 'failed' && now.kind !== 'code' && said(now) === said(old))
  })
}

function keepsDimensions(frame: Frame, before: ReadonlyMap<string, Term>, s: Repeat): boolean {
  for (const [name, old] of before) {
    const now = frame.locals.get(name) ?? FAILED
    if (now.kind === 'failed' || old.kind === 'failed' || now === old) continue
    const same =
      dimsOf(now).length === dimsOf(old).length && dimsOf(now).every((d) => dimsOf(old).some((e) => e.name === d.name && e.size === d.size))
    if (same) continue
    const at = s.body.statements.find((t) => t.kind === 'assign' && t.name.name === name)?.span ?? s.span
    frame.ctx.say.changedDimensions(at, { name, before: showTerm(old), after: showTerm(now) })
    frame.locals.set(name, FAILED)
    return false
  }
  return true
}

function weights(frame: Frame, s: Weight): void {
  const { ctx } = frame
  const { element } = s.type
  const typed = element === undefined || element.name === 'float'
  const twice = s.type.dims?.find((d, i) => s.type.dims!.findIndex((e) => e.name === d.name) < i)
  if (twice) ctx.say.dimensionTwice(twice.span, { name: twice.name, given: textOf(s.type.span) })
  if (!typed) ctx.say.weightType(s.type.span, { type: element.name })
  const dims = frame.code.kind === 'op' || !typed || twice ? undefined : dimensions(frame, s.type.dims ?? [])
  for (const { name, span } of s.names) {
    if (!frame.spend(1, span)) return
    if (frame.code.kind === 'op') ctx.say.weightInOp(span, { name })
    const init = dims && initial(frame, s, name)
    if (dims === undefined || init === undefined) {
      frame.locals.set(name, FAILED)
      continue
    }
    frame.locals.set(
      name,
      tensor(ctx.weight({ name: frame.place.path + name, dims: dims.map((d) => ({ name: d.name, size: d.size })), init })),
    )
  }
}

/** `~ normal(s)`, `~ 1`; without either a normal of standard deviation sqrt(2 / (5 width)) (Nguyen & Salazar, 2019). */
function initial(frame: Frame, s: Weight, name: string): WeightSpec['init'] | undefined {
  const { ctx } = frame
  if (s.init === undefined) {
    const width = frame.inherited('width')
    if (width?.kind === 'number') return { kind: 'normal', std: Math.sqrt(2 / (5 * width.value)) }
    if (width?.kind !== 'failed') ctx.say.initNeedsWidth(s.span, { name })
    return undefined
  }
  const [argument, ...more] = s.init.kind === 'call' && s.init.callee.kind === 'name' && s.init.callee.name === 'normal' ? s.init.args : []
  if (argument !== undefined && more.length === 0) {
    const std = ctx.evaluate(argument.value, frame)
    if (std.kind === 'number') return { kind: 'normal', std: std.value }
    if (std.kind !== 'failed') ctx.say.notAnInit(s.init.span, undefined)
    return undefined
  }
  const value = ctx.evaluate(s.init, frame)
  if (value.kind === 'number') return { kind: 'constant', value: value.value }
  if (value.kind !== 'failed') ctx.say.notAnInit(s.init.span, undefined)
  return undefined
}
