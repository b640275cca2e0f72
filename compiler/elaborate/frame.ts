// One instantiation of an op or block: what its names stand for. Lets and params are computed when first asked for, so
// their order does not matter; a param without a default asks the nearest caller that has one of its name.
import type { BlockDecl, Body, Expr, Let, OpDecl, Param } from '../../grammar/ast.ts'
import type { Span } from '../../grammar/source.ts'
import type { Code, Setting } from './code.ts'
import type { Builder, Value } from '../graph/builder.ts'
import type { Attributes, Dim } from '../graph/graph.ts'
import type { WeightSpec } from '../plan/jobs.ts'
import type { Effort } from './effort.ts'
import type { Say } from './messages.ts'
import { FAILED, known, number, showTerm, type NumberTerm, type Range, type Term, type TruthTerm } from './term.ts'

/** What all bodies that go into one graph share. */
export interface Context {
  readonly b: Builder
  readonly say: Say
  /** Whether calls carry their gradients; inside gradients they do not. */
  readonly gradients: boolean
  readonly composites: Composites
  readonly effort: Effort
  readonly weight: (spec: WeightSpec) => Value
  /** On trial, all weights so far: then of turns that are alike the first stands for all, and of the others only the weights are told. */
  readonly trial?: WeightSpec[]
  readonly evaluate: (expr: Expr, frame: Frame) => Term
}

/** Composites by op and by what they were called with. They do not depend on the graph they go into. */
export type Composites = Map<OpDecl, Map<string, Composed>>

/** A composite, or none after a message, and the steps it took. */
export interface Composed {
  readonly composite: Composite | undefined
  readonly steps: number
}

/** An op brought to the types of its arguments: a call node's attributes, or the number it always gives. */
export type Composite = { readonly attrs: Attributes['call']; readonly range?: Range } | NumberTerm | TruthTerm

/** Where weights and blocks are named: a path with its dot at the end, and how often each name was used under it. */
export interface Place {
  readonly path: string
  readonly uses: Map<string, number>
}

export interface FrameOptions {
  /** The ops and blocks that are being elaborated, outermost first, this one last. */
  readonly stack?: readonly Code[]
  readonly caller?: Frame
  /** Dimension parameters: the formal word → the word at the call. */
  readonly words?: ReadonlyMap<string, string>
  readonly path?: string
  /** Of a model's root block: params set from outside. */
  readonly settings?: ReadonlyMap<string, Setting>
}

export class Frame {
  readonly ctx: Context
  readonly code: Code
  readonly caller: Frame | undefined
  readonly stack: readonly Code[]
  /** Formals, weights and assigned names. */
  readonly locals = new Map<string, Term>()
  /** Dimensions of the signature, and those that were asked for. */
  readonly dims = new Map<string, Dim>()
  place: Place
  readonly #words: ReadonlyMap<string, string>
  readonly #settings: ReadonlyMap<string, Setting>
  readonly #statics: ReadonlyMap<string, Let | Param>
  readonly #values = new Map<string, Term | 'pending'>()

  constructor(ctx: Context, code: Code, options: FrameOptions = {}) {
    this.ctx = ctx
    this.code = code
    this.caller = options.caller
    this.stack = options.stack ?? []
    this.place = { path: options.path ?? '', uses: new Map() }
    this.#words = options.words ?? NONE
    this.#settings = options.settings ?? NONE
    this.#statics = staticsOf(code.decl)
  }

  /** The dimension that a word means here: `d'` of `softmax[d]` called as `softmax[head]` is `head'`. */
  word(name: string): string {
    if (this.#words.size === 0) return name
    const base = withoutPrimes(name)
    return (this.#words.get(base) ?? base) + name.slice(base.length)
  }

  /** The let or param of this name in the body. */
  declared(name: string): Let | Param | undefined {
    return this.#statics.get(name)
  }

  /** The value of a let or param of this body; undefined if there is none of this name. */
  static(name: string): Term | undefined {
    const decl = this.#statics.get(name)
    if (decl === undefined) return undefined
    const done = this.#values.get(name)
    if (done === 'pending') {
      this.ctx.say.circularLet(decl.name.span, { name })
      return FAILED
    }
    if (done !== undefined) return done
    this.#values.set(name, 'pending')
    // A let that mentions a let takes as much of the stack as some expressions around each other.
    this.ctx.effort.depth += 4
    const value = this.#typed(decl, decl.kind === 'param' ? this.#param(decl) : this.#fixed(decl, decl.value))
    this.ctx.effort.depth -= 4
    this.#values.set(name, value)
    return value
  }

  /** What a callee inherits: a let or param, or the size of a dimension, of this body or the nearest caller. */
  inherited(name: string): Term | undefined {
    const dim = this.dims.get(name)
    return this.static(name) ?? (dim === undefined ? this.caller?.inherited(name) : number(dim.size))
  }

  /** Where the value of a let or param was set, if a model sets it. */
  origin(name: string): Span | undefined {
    const decl = this.#statics.get(name)
    const setting = this.#settings.get(name)
    if (decl?.kind === 'param' && setting !== undefined) return setting.span
    if (decl !== undefined && decl.value !== undefined) return undefined
    return this.caller?.origin(name)
  }

  /** All params of the body with their values; those that failed are left out. */
  params(): ReadonlyMap<string, number | boolean | Code> {
    const found = new Map<string, number | boolean | Code>()
    for (const decl of this.#statics.values()) {
      const value = decl.kind === 'param' ? this.static(decl.name.name) : undefined
      if (value?.kind === 'number' || value?.kind === 'truth') found.set(decl.name.name, value.value)
      if (value?.kind === 'code') found.set(decl.name.name, value.code)
    }
    return found
  }

  /** Lists of names that an expression may use, for "did you mean". */
  names(): readonly (readonly string[])[] {
    return [[...this.locals.keys(), ...this.#statics.keys(), ...this.dims.keys()], this.code.scope.names()]
  }

  /** Takes steps from what is left. False once there are none; where they ended, that is said. */
  spend(steps: number, span: Span): boolean {
    const { effort, say } = this.ctx
    if (effort.steps < 0) return false
    effort.steps -= steps
    if (effort.steps < 0) say.tooLong(span, { chain: this.stack.map((code) => code.decl.name.name) })
    return effort.steps >= 0
  }

  /** The names of all blocks around this one, outermost first. */
  chain(): readonly string[] {
    const above = this.caller?.chain() ?? []
    return [...above, this.code.decl.name.name]
  }

  #param(decl: Param): Term {
    const { name, span } = decl.name
    const setting = this.#settings.get(name)
    if (setting !== undefined) return known(setting.value)
    if (decl.value !== undefined) return this.#fixed(decl, decl.value)
    const value = this.caller?.inherited(name)
    if (value !== undefined) return value
    this.ctx.say.paramWithoutValue(span, { block: this.code.decl.name.name, name, callers: this.caller?.chain() ?? [] })
    return FAILED
  }

  /** Lets and params are single numbers and truth values; a type on one may say which. */
  #typed(decl: Let | Param, value: Term): Term {
    const { type, name } = decl
    if (type === undefined || value.kind === 'failed') return value
    const wanted = type.dims === undefined && type.element?.name === 'bool' ? 'truth' : 'number'
    if (value.kind === wanted && type.dims === undefined && (wanted === 'truth' || type.element?.name === 'float')) return value
    this.ctx.say.staticType(type.span, { name: name.name, given: showTerm(value) })
    return FAILED
  }

  #fixed(decl: Let | Param, expr: Expr): Term {
    const value = this.ctx.evaluate(expr, this)
    if (value.kind !== 'tensor') return value
    this.ctx.say.notStatic(expr.span, { keyword: decl.kind, name: decl.name.name })
    return FAILED
  }
}

/** A dimension's word as it is declared: `time` of `time''`. */
export function withoutPrimes(name: string): string {
  return name.endsWith("'") ? name.replace(/'+$/, '') : name
}

const NONE: ReadonlyMap<string, never> = new Map<string, never>()

// A schedule is called a hundred times over, a layer in every model.
const statics = new WeakMap<OpDecl | BlockDecl, ReadonlyMap<string, Let | Param>>()

/** The lets and params of a body, those inside repeats included. */
function staticsOf(decl: OpDecl | BlockDecl): ReadonlyMap<string, Let | Param> {
  const known = statics.get(decl)
  if (known !== undefined) return known
  const found = new Map<string, Let | Param>()
  const body = decl.kind === 'block' ? decl.body : decl.value
  if (body.kind === 'body') collect(body, found)
  statics.set(decl, found)
  return found
}

function collect(body: Body, found: Map<string, Let | Param>): void {
  for (const s of body.statements) {
    if (s.kind === 'let' || s.kind === 'param') found.set(s.name.name, s)
    else if (s.kind === 'repeat') collect(s.body, found)
  }
}
