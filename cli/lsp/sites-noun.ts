// The sites of a declaration of the pipeline: its fields with the record they belong to, and its expressions with what their
// place takes. Records are found by evaluating what stands in front of them, as checking does.
import type { CallExpr, Expr, Field, Ident, Noun, RecordExpr } from '../../grammar/ast.ts'
import type { Span } from '../../grammar/source.ts'
import { defaultOf, typed } from '../../compiler/check/fields.ts'
import { lookup } from '../../compiler/check/names.ts'
import { caseText, fieldsOfRecord, fresh, modelOf } from '../../compiler/check/record.ts'
import type { Env } from '../../compiler/check/session.ts'
import type { Rec, Value } from '../../compiler/check/value.ts'
import { KINDS, isKind, kindOfMaker, type FieldSpec, type FieldType, type KindName, type PartName } from '../../compiler/spec/kinds.ts'
import { argument, local, namedBy, type Named } from './named.ts'
import type { Place, Site } from './sites.ts'

/** The sites of a noun, but for its name. */
export function nounSites(noun: Noun, env: Env): readonly Site[] {
  const walk = new NounWalk(noun.name)
  const kind = noun.noun.name
  const custom = env.s.kinds.get(kind)
  walk.sites.push({ is: 'kind', span: noun.noun.span, name: kind, custom: env.s.kinds })
  if (noun.value.kind === 'record') {
    if (custom) walk.record({ ...fresh('custom', undefined, noun.span), custom }, noun.value, env, '')
    else if (isKind(kind)) walk.record(fresh(kind, KINDS[kind].default, noun.span), noun.value, env, '')
  } else walk.expr(noun.value, isKind(kind) ? { is: 'record', kind } : undefined, env, '')
  return walk.sites
}

/** The sites of the value of a `let` or `param`. */
export function valueSites(within: Ident, value: Expr, env: Env): readonly Site[] {
  const walk = new NounWalk(within)
  walk.expr(value, undefined, env, '')
  return walk.sites
}

class NounWalk {
  readonly sites: Site[] = []
  readonly #within: Ident
  /** The axes of the sweep around. */
  #axes = new Map<string, Named>()

  constructor(within: Ident) {
    this.#within = within
  }

  record(rec: Rec, record: RecordExpr, env: Env, path: string): void {
    const specs = fieldsOfRecord(rec)
    let inner = env
    const ordered = rec.of === 'sweep' ? [...record.fields].sort((a, b) => rank(a) - rank(b)) : record.fields
    for (const field of ordered) {
      const { name, span } = field.name
      const spec = Object.hasOwn(specs, name) ? specs[name] : undefined
      const at = path === '' ? name : `${path}.${name}`
      this.sites.push({ is: 'field', span, name, named: paramOf(rec, name), rec, record, spec, within: this.#within, path: at })
      if (spec?.type.is === 'axes') inner = this.#sweep(field, inner)
      else if (field.value) this.expr(field.value, spec?.type, inner, at)
      else if (field.amend) this.#amend(rec, spec, field, inner, at)
    }
  }

  /** Names with lists: the fields declare them for the stage that follows. */
  #sweep(field: Field, env: Env): Env {
    const over = field.amend ?? field.value
    if (!over) return env
    const rows = over.kind === 'record' ? [over] : over.kind === 'list' ? over.items.filter((i) => i.kind === 'record') : []
    for (const axis of rows.flatMap((r) => r.fields)) {
      const named = this.#axes.get(axis.name.name) ?? local('axis', axis.name, { whole: axis.span })
      this.#axes.set(axis.name.name, named)
      this.sites.push({ is: 'name', span: axis.name.span, name: axis.name.name, named, place: this.#place(env) })
      if (axis.value) this.expr(axis.value, undefined, env, '')
    }
    const value = typed({ is: 'axes' }, over, env, field.name.name)
    return value.kind === 'axes' ? { ...env, locals: value.rows[0] } : env
  }

  #amend(rec: Rec, spec: FieldSpec | undefined, field: Field, env: Env, path: string): void {
    const kind = spec?.type.is === 'record' ? spec.type.kind : undefined
    const current = rec.fields.get(field.name.name)?.value ?? (spec && defaultOf(env.s, spec))
    const maker = kind && KINDS[kind].default
    if (current?.kind === 'record') this.record(current, field.amend!, env, path)
    else if (kind && maker !== undefined) this.record(fresh(kind, maker, field.span), field.amend!, env, path)
    else field.amend!.fields.forEach((f) => f.value && this.expr(f.value, undefined, env, ''))
  }

  expr(expr: Expr, type: FieldType | undefined, env: Env, path: string): void {
    const want = wantOf(type)
    switch (expr.kind) {
      case 'name':
        this.#name(expr, type, env)
        break
      case 'member': {
        this.expr(expr.target, undefined, env, '')
        const base = env.s.evaluate(expr.target, env)
        if (base.kind !== 'library') break
        const binding = base.names.own.get(expr.name.name)
        const named = binding && namedBy(binding)
        this.sites.push({ is: 'member', span: expr.name.span, name: expr.name.name, named, of: base.names, place: this.#place(env, type) })
        break
      }
      case 'amend': {
        this.expr(expr.target, type, env, path)
        const rec = recordOf(env.s.evaluate(expr.target, env, want))
        if (rec) this.record(rec, expr.record, env, path)
        else expr.record.fields.forEach((f) => f.value && this.expr(f.value, undefined, env, ''))
        break
      }
      case 'record':
        if (want !== undefined) this.record(fresh(want, KINDS[want].default, expr.span), expr, env, path)
        break
      case 'call':
        this.#call(expr, type, env)
        break
      case 'list':
        for (const item of expr.items) this.expr(item, type?.is === 'list' ? type.of : undefined, env, path)
        break
      case 'paren':
        this.expr(expr.inner, type, env, path)
        break
      case 'if':
        this.expr(expr.test, { is: 'truth' }, env, '')
        this.expr(expr.then, type, env, path)
        this.expr(expr.else, type, env, path)
        break
      case 'unary':
        this.expr(expr.value, type, env, '')
        break
      case 'binary':
        this.expr(expr.left, type, env, '')
        this.expr(expr.right, type, env, '')
        break
      case 'number':
        this.sites.push({ is: 'number', span: expr.span, expr, place: this.#place(env, type) })
        break
      case 'string':
        this.sites.push({ is: 'text', span: expr.span, expr, type, use: false })
        break
      case 'boolean':
      case 'index':
      case 'wgsl':
        break
      default:
        expr satisfies never
    }
  }

  #call({ callee, args }: CallExpr, type: FieldType | undefined, env: Env): void {
    const want = wantOf(type)
    this.expr(callee, type, env, '')
    const maker = callee.kind === 'name' ? makerOf(callee.name, want, env) : undefined
    const target = maker === undefined ? env.s.evaluate(callee, env) : undefined
    const cases = target?.kind === 'family' ? target.cases.map(caseText) : undefined
    const code = target?.kind === 'code' ? target.code.decl : undefined
    // `max(1%, 100 steps)` takes what its place takes.
    const passes = target?.kind === 'poison' && callee.kind === 'name' ? type : undefined
    for (const { name, value } of args) {
      const formal = name && code?.formals.find((f) => f.name.name === name.name)
      if (code && formal)
        this.sites.push({ is: 'name', span: name.span, name: name.name, named: argument(formal, code), place: this.#place(env) })
      // While the parenthesis is open, `preset(6M { … }` seems to amend the case.
      const key = value.kind === 'amend' ? value.target : value
      if (cases && key.kind === 'name') this.#name(key, undefined, env, cases)
      else this.expr(value, maker ?? passes, env, '')
    }
  }

  #name(expr: { readonly name: string; readonly span: Span }, type: FieldType | undefined, env: Env, cases?: readonly string[]): void {
    const { name, span } = expr
    const isWord = type?.is === 'word' && type.words.includes(name)
    const binding = isWord || isMaker(name, wantOf(type), env) ? undefined : lookup(env.names, name)
    const named = isWord ? undefined : (this.#axes.get(name) ?? (binding && namedBy(binding)))
    this.sites.push({ is: 'name', span, name, named, place: this.#place(env, type, cases) })
  }

  #place(env: Env, type?: FieldType, cases?: readonly string[]): Place {
    return { names: env.names, type, locals: this.#axes, cases }
  }
}

/** What is evaluated for a place: the kind of record it takes, also as an item of a list. */
export function wantOf(type: FieldType | undefined): KindName | PartName | undefined {
  if (type?.is === 'list') return wantOf(type.of)
  return type?.is === 'record' ? type.kind : undefined
}

/** Whether a name is a way to make what its place takes; a noun of that kind and name goes before it. */
function isMaker(name: string, want: KindName | PartName | undefined, { names }: Env): boolean {
  if (want === undefined || !Object.hasOwn(KINDS[want].makers, name)) return false
  const binding = lookup(names, name)
  return !(binding?.kind === 'noun' && binding.decl.noun.name === want)
}

/** What the argument of a maker may be. */
function makerOf(name: string, want: KindName | PartName | undefined, env: Env): FieldType | undefined {
  const kind = isMaker(name, want, env) ? want : lookup(env.names, name) ? undefined : kindOfMaker(name)
  const maker = kind && KINDS[kind].makers[name]
  return maker?.argument === undefined ? undefined : maker.fields[maker.argument]?.type
}

function recordOf(value: Value): Rec | undefined {
  if (value.kind === 'record') return value
  return value.kind === 'code' && value.code.kind === 'block' ? modelOf(value.code, value.span) : undefined
}

/** The param of a model's block that a field sets. */
function paramOf(rec: Rec, field: string): Named | undefined {
  const param = rec.block?.decl.body.statements.find((s) => s.kind === 'param' && s.name.name === field)
  return param?.kind === 'param' ? local('param', param.name, { whole: param.span, doc: param.doc, within: rec.block?.decl }) : undefined
}

const rank = (field: Field): number => (field.name.name === 'over' ? 0 : 1)
