// Expressions of nouns → values. Evaluation always ends: declarations that need themselves are reported as
// cycles, there are no loops and no recursion. What a field takes is checked in fields.ts.
import type { CallExpr, Expr, Let, NameExpr, Noun, Param } from '../../grammar/ast.ts'
import { parse } from '../../grammar/parse.ts'
import { textOf, type Span } from '../../grammar/source.ts'
import { nearest } from '../../grammar/suggest.ts'
import { CONSTANTS } from '../elaborate/builtin.ts'
import { foreignValue } from '../spec/foreign.ts'
import { isKind, KINDS, kindOfMaker, type KindName, type PartName } from '../spec/kinds.ts'
import { amend, nounValue } from './amend.ts'
import { asDeclared } from './declared.ts'
import { caseText, fresh, modelOf } from './record.ts'
import { typed } from './fields.ts'
import { isBarePath } from './guess.ts'
import { lookup, visible, type Binding, type Names } from './names.ts'
import { codeOf } from './scope.ts'
import type { Env, Session } from './session.ts'
import { arithmetic, extreme, readNumber } from './units.ts'
import { exampleOf } from './wording.ts'
import { article, poison, type CodeValue, type Extreme, type Family, type Quantity, type Value } from './value.ts'

/** The value of an expression. `want`: the kind of record that its place takes, whose makers go before other names. */
export function evaluate(expr: Expr, env: Env, want?: KindName | PartName): Value {
  const { nesting } = env.s
  if (nesting.depth === deepestExpression) return tooDeep(env.s, expr.span)
  nesting.depth++
  const value = meaning(expr, env, want)
  nesting.depth--
  return value
}

/** Expressions around each other, through the names they mention: more than one may have by itself. */
const deepestExpression = 1500
/** Declarations whose values need each other, one inside the other. */
const longestChain = 100
/** Letters of a text that is put together. */
const longestText = 1_000_000

function tooDeep(s: Session, span: Span): Value {
  if (!s.nesting.told) s.say.namesTooDeep(span, { limit: longestChain })
  s.nesting.told = true
  return poison(span)
}

function meaning(expr: Expr, env: Env, want?: KindName | PartName): Value {
  const { s } = env
  const { span } = expr
  switch (expr.kind) {
    case 'number':
      return readNumber(s, expr)
    case 'string':
      return { kind: 'text', text: expr.value, span }
    case 'boolean':
      return { kind: 'truth', truth: expr.value, span }
    case 'paren':
      return evaluate(expr.inner, env, want)
    case 'name':
      return resolve(expr, env, want)
    case 'member':
      return member(expr.target, expr.name, span, env)
    case 'list':
      return { kind: 'list', items: expr.items.map((item) => evaluate(item, env)), span }
    case 'amend': {
      if (want !== undefined && isBarePath({ is: 'record', kind: want }, expr.target, env)) {
        const text = textOf(expr.target.span)
        s.say.unquotedText(expr.target.span, { label: text, text, span: expr.target.span, reads: exampleOf(want) })
        return poison(span)
      }
      const base = evaluate(expr.target, env, want)
      const record = base.kind === 'code' && base.code.kind === 'block' ? modelOf(base.code, span) : base
      if (record.kind === 'record') return amend(record, expr.record, env, span)
      if (record.kind === 'family') s.say.caseNeeded(expr.target.span, { name: record.name, example: caseText(record.cases[0]!) })
      else if (record.kind !== 'poison') s.say.notAmendable(expr.target.span, { value: record, kind: want })
      return poison(span)
    }
    case 'call':
      return call(expr, env, want)
    case 'unary': {
      const value = evaluate(expr.value, env)
      if (value.kind === 'poison') return value
      if (expr.op === '-' && value.kind === 'quantity') return { ...value, number: -value.number, span }
      if (expr.op === 'not' && value.kind === 'truth') return { ...value, truth: !value.truth, span }
      s.say.wrongOperand(expr.value.span, { op: expr.op, value })
      return poison(span)
    }
    case 'binary': {
      const left = evaluate(expr.left, env)
      const right = evaluate(expr.right, env)
      if (left.kind === 'poison' || right.kind === 'poison') return poison(span)
      if (left.kind === 'quantity' && right.kind === 'quantity') return arithmetic(s, expr.op, left, right, span)
      if (left.kind === 'text' && right.kind === 'text') {
        if (expr.op === '+') return join(s, left.text, right.text, expr.span, left.span)
        if (expr.op === '==' || expr.op === '!=') return { kind: 'truth', truth: (left.text === right.text) === (expr.op === '=='), span }
      }
      if (left.kind === 'truth' && right.kind === 'truth' && (expr.op === 'and' || expr.op === 'or')) {
        return { kind: 'truth', truth: expr.op === 'and' ? left.truth && right.truth : left.truth || right.truth, span }
      }
      const leftFits = left.kind === right.kind ? false : left.kind === 'quantity' || left.kind === 'text'
      s.say.wrongOperand(leftFits ? expr.right.span : expr.left.span, { op: expr.op, value: leftFits ? right : left })
      return poison(span)
    }
    case 'if': {
      const test = evaluate(expr.test, env)
      if (test.kind === 'truth') return evaluate(test.truth ? expr.then : expr.else, env, want)
      if (test.kind !== 'poison') s.say.wrongOperand(expr.test.span, { op: 'if', value: test })
      return poison(span)
    }
    case 'record':
    case 'index':
    case 'wgsl':
      s.say.notAValue(span, { form: expr.kind })
      return poison(span)
  }
}

function join(s: Session, left: string, right: string, at: Span, span: Span): Value {
  if (left.length + right.length <= longestText) return { kind: 'text', text: left + right, span }
  s.say.textTooLong(at, { limit: longestText })
  return poison(at)
}

/** The value of a declared name, found once. */
export function valueOf(s: Session, decl: Noun | Let | Param, home: Names): Value {
  const known = s.values.get(decl)
  if (known) return known
  const open = s.open.indexOf(decl)
  if (open >= 0) {
    const chain = s.open.slice(open)
    const first = chain[0]!
    s.say.cycle(first.name.span, { name: first.name.name, chain: [...chain, first].map((d) => d.name.name) })
    chain.forEach((d) => s.values.set(d, poison(d.span)))
    return poison(decl.span)
  }
  if (s.open.length === longestChain) return tooDeep(s, decl.name.span)
  s.open.push(decl)
  const env: Env = { s, names: home }
  const value =
    decl.kind === 'noun'
      ? nounValue(decl, env)
      : asDeclared(s, decl.type, decl.kind === 'let' ? evaluate(decl.value, env) : paramValue(decl, env))
  s.open.pop()
  const final = s.values.get(decl) ?? value
  s.values.set(decl, final)
  return final
}

/** A param of the root file may be set from the command line; its text is read by the same grammar. */
function paramValue(param: Param, env: Env): Value {
  const { s, names } = env
  const name = param.name.name
  const given = names.root && Object.hasOwn(s.world.set, name) ? s.world.set[name]! : undefined
  if (given === undefined) {
    if (param.value) return evaluate(param.value, env)
    s.say.unsetParam(param.name.span, { name })
    return poison(param.span)
  }
  // A text needs no second pair of quotes on the command line.
  const quoted = param.value?.kind === 'string' && !given.startsWith('"') ? JSON.stringify(given) : given
  const source = { name: `--set ${name}`, text: `let ${name} = ${quoted}` }
  const { module, diagnostics } = parse(source)
  diagnostics.forEach((d) => s.report.add(d))
  const item = module.items[0]
  if (diagnostics.length > 0 || item?.kind !== 'let') return poison(param.span)
  return evaluate(item.value, env)
}

function resolve(expr: NameExpr, env: Env, want?: KindName | PartName): Value {
  const { s, names } = env
  const { name, span } = expr
  const local = env.locals?.get(name)
  if (local) return local
  const binding = lookup(names, name)
  const wanted = want !== undefined && Object.hasOwn(KINDS[want].makers, name)
  const taken = binding?.kind === 'noun' && binding.decl.noun.name === want
  if (binding && !(wanted && !taken)) return bound(binding, span, env)
  const kind = wanted ? want : kindOfMaker(name)
  if (kind) {
    const { argument } = KINDS[kind].makers[name]!
    if (argument === undefined) return fresh(kind, name, span)
    s.say.argumentNeeded(span, { name, kind })
    return poison(span)
  }
  const constant = CONSTANTS.get(name)
  if (constant !== undefined) return { kind: 'quantity', number: constant, dimension: 'none', span }
  const makers = want === undefined ? Object.values(KINDS).flatMap((k) => Object.keys(k.makers)) : Object.keys(KINDS[want].makers)
  const used = Array.isArray(s.world.read(name, span.source.name)) ? `\`use ${name}\` at the top of the page` : undefined
  const here = used ?? foreignValue(name, want) ?? (isKind(name) ? `the name of ${article(name)} of this page` : undefined)
  s.say.unknownName(span, { name, near: nearest(name, visible(names), makers), span, here, makers: want && makers })
  return poison(span)
}

function bound(binding: Binding, span: Span, env: Env): Value {
  const { s } = env
  switch (binding.kind) {
    case 'use':
      return { kind: 'library', names: binding.names, span }
    case 'family':
      return { kind: 'family', name: binding.cases[0]!.name.name, cases: binding.cases, home: binding.home, span }
    case 'op':
    case 'block':
      return { kind: 'code', code: codeOf(s, binding), span }
    case 'let':
    case 'param':
    case 'noun':
      return valueOf(s, binding.decl, binding.home)
  }
}

function member(target: Expr, name: { readonly name: string; readonly span: Span }, span: Span, env: Env): Value {
  const { s } = env
  const base = evaluate(target, env)
  if (base.kind === 'poison') return base
  if (base.kind === 'library') {
    const binding = base.names.own.get(name.name)
    if (binding && binding.kind !== 'use') return bound(binding, span, env)
    const near = nearest(
      name.name,
      [...base.names.own].flatMap(([other, { kind }]) => (kind === 'use' ? [] : [other])),
    )
    const here = binding && `\`use … as ${name.name}\` in this file, too: what a used file uses is not handed on`
    s.say.unknownName(name.span, { name: name.name, near, span: name.span, of: textOf(target.span), here })
    return poison(span)
  }
  if (base.kind === 'record' && base.of === 'data' && (name.name === 'train' || name.name === 'validation')) {
    if (base.fields.has('validation') || base.maker === 'packed') return { ...base, part: name.name, decl: undefined, span }
    s.say.noPart(name.span, { part: name.name })
    return poison(span)
  }
  s.say.noMember(name.span, { value: base, name: name.name })
  return poison(span)
}

function call(expr: CallExpr, env: Env, want?: KindName | PartName): Value {
  const { s } = env
  const { callee, args, span } = expr
  if (callee.kind === 'name') {
    const name = callee.name
    const binding = lookup(env.names, name)
    const kind = want !== undefined && Object.hasOwn(KINDS[want].makers, name) ? want : binding ? undefined : kindOfMaker(name)
    if (kind) return make(kind, name, expr, env)
    if (!binding && (name === 'max' || name === 'min')) return extremeCall(name, expr, env)
  }
  const target = evaluate(callee, env, want)
  if (target.kind === 'poison') return target
  if (target.kind === 'family') return choose(target, expr, env)
  if (target.kind === 'code' && target.code.kind === 'op') return compute(target, expr, env)
  s.say.cannotCall(callee.span, { value: target, name: textOf(callee.span), args: namesOf(args) })
  for (const arg of args) evaluate(arg.value, env)
  return poison(span)
}

const namesOf = (args: CallExpr['args']): readonly string[] => args.flatMap((arg) => arg.name?.name ?? [])

/** `text("…")`: the argument fills the maker's first field. */
function make(kind: KindName | PartName, name: string, expr: CallExpr, env: Env): Value {
  const { argument, fields } = KINDS[kind].makers[name]!
  const [arg, ...more] = expr.args
  if (argument === undefined || !arg || more.length > 0) {
    env.s.say.wrongArgument(expr.span, { name, wanted: argument === undefined ? 0 : 1, given: expr.args.length, args: namesOf(expr.args) })
    return poison(expr.span)
  }
  const value = typed(fields[argument]!.type, arg.value, env, argument)
  const record = fresh(kind, name, expr.span)
  return { ...record, fields: new Map([[argument, { value, field: arg.span, at: arg.value.span }]]) }
}

function extremeCall(name: 'max' | 'min', expr: CallExpr, env: Env): Value {
  const items = expr.args.map((arg) => evaluate(arg.value, env))
  if (items.length === 0 || items.some((v) => v.kind === 'poison')) return poison(expr.span)
  const wrong = items.findIndex((v) => v.kind !== 'quantity' && v.kind !== 'extreme')
  if (wrong >= 0) {
    env.s.say.wrongOperand(expr.args[wrong]!.value.span, { op: name, value: items[wrong]! })
    return poison(expr.span)
  }
  return extreme(env.s, name, items as (Quantity | Extreme)[], expr.span)
}

/** The case of a family; where there is none, its neighbours are named. */
function choose(family: Family, expr: CallExpr, env: Env): Value {
  const { s } = env
  const key = expr.args.length === 1 ? evaluate(expr.args[0]!.value, env) : undefined
  if (!key) {
    s.say.wrongArgument(expr.span, { name: family.name, wanted: 1, given: expr.args.length, args: namesOf(expr.args) })
    return poison(expr.span)
  }
  if (key.kind === 'poison') return key
  const at = expr.args[0]!.value.span
  const keys = family.cases.map((noun) => ({ noun, key: evaluate(noun.case!, { s, names: family.home }) }))
  const found = keys.find(({ key: k }) =>
    k.kind === 'quantity'
      ? key.kind === 'quantity' && k.number === key.number && k.dimension === key.dimension
      : k.kind === 'text' && key.kind === 'text' && k.text === key.text,
  )
  if (!found) {
    const numbers = keys.flatMap((k) => (k.key.kind === 'quantity' ? [{ text: caseText(k.noun), number: k.key.number }] : []))
    const below = numbers.filter((n) => key.kind === 'quantity' && n.number < key.number).sort((a, b) => b.number - a.number)[0]
    const above = numbers.filter((n) => key.kind === 'quantity' && n.number > key.number).sort((a, b) => a.number - b.number)[0]
    const near = [below, above].flatMap((n) => (n ? [n.text] : []))
    const all = family.cases.map(caseText)
    const unquoted = key.kind === 'text' && all.includes(key.text) ? key.text : undefined
    s.say.noSuchCase(at, { name: `${family.name}(${textOf(key.span)})`, near, all, span: at, unquoted })
    return poison(expr.span)
  }
  const chosen = valueOf(s, found.noun, family.home)
  if (chosen.kind !== 'record') return chosen
  return { ...chosen, decl: undefined, origin: { family, chosen }, span: expr.span }
}

/** An op on plain numbers. */
function compute(target: CodeValue, expr: CallExpr, env: Env): Value {
  const { s } = env
  const values = expr.args.map((arg) => evaluate(arg.value, env))
  if (values.some((v) => v.kind === 'poison') || target.code.kind !== 'op') return poison(expr.span)
  const wrong = values.findIndex((v) => v.kind !== 'quantity' || v.dimension !== 'none')
  if (wrong >= 0) {
    s.say.wrongOperand(expr.args[wrong]!.value.span, { op: target.code.decl.name.name, value: values[wrong]! })
    return poison(expr.span)
  }
  const run = s.elaboration.op(target.code, s.report)
  if (!run) return poison(expr.span)
  return { kind: 'quantity', number: run(...values.map((v) => (v as Quantity).number)), dimension: 'none', span: expr.span }
}
