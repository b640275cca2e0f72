// What a field takes, applied to an expression: words, units, ranges, kinds of records. Every mistake is
// reported once, at the expression; the result is poison then, which later stages pass over in silence.
import type { Expr } from '../../grammar/ast.ts'
import { parse } from '../../grammar/parse.ts'
import { textOf, type Span } from '../../grammar/source.ts'
import { nearest } from '../../grammar/suggest.ts'
import { foreignValue } from '../spec/foreign.ts'
import { KINDS, LARGEST, type FieldSpec, type FieldType, type QuantityType } from '../spec/kinds.ts'
import type { Dimension } from '../spec/units.ts'
import { axesOf } from './axes.ts'
import { isBarePath, isBareText, opMeant, opsFor, unknownFirst } from './guess.ts'
import { lookup, visible } from './names.ts'
import { caseText, fresh, modelOf } from './record.ts'
import type { Env, Session } from './session.ts'
import { exampleOf } from './wording.ts'
import { poison, type Extreme, type Quantity, type Value } from './value.ts'

/** The value of an expression in a field called `label` that takes `type`. */
export function typed(type: FieldType, expr: Expr, env: Env, label: string): Value {
  const { s } = env
  if (expr.kind === 'paren') return typed(type, expr.inner, env, label)
  switch (type.is) {
    case 'word':
      return wordOf(type.words, expr, env, label)
    case 'axes':
      return axesOf(expr, env)
    case 'list':
      if (expr.kind === 'list') {
        const items = expr.items.map((item) => typed(type.of, item, env, label))
        return fit(s, type, { kind: 'list', items, span: expr.span }, expr.span, label)
      }
      if (type.one) {
        const one = s.evaluate(expr, env, type.of.is === 'record' ? type.of.kind : undefined)
        return fit(s, type, one, expr.span, label)
      }
      break
    case 'record':
      if (expr.kind === 'record') {
        const maker = KINDS[type.kind].default
        if (maker !== undefined || Object.keys(KINDS[type.kind].makers).length === 0) {
          if (type.kind !== 'model') return s.amend(fresh(type.kind, maker, expr.span), expr, env, expr.span)
        }
        s.say.nothingToAmend(expr.span, { field: label, kind: type.kind, colon: true })
        return poison(expr.span)
      }
      if (isBarePath(type, expr, env)) {
        s.say.unquotedText(expr.span, { label, text: textOf(expr.span), span: expr.span, reads: exampleOf(type.kind) })
        return poison(expr.span)
      }
      break
    case 'text':
    case 'either':
      if (isBareText(type, expr, env)) {
        s.say.unquotedText(expr.span, { label, text: textOf(expr.span), span: expr.span })
        return poison(expr.span)
      }
      break
    case 'op': {
      const unknown = unknownFirst(expr, env)
      if (unknown === undefined) break
      const ops = opsFor(type.formals, env.names)
      const here = opMeant(expr, label, type.formals)
      s.say.unknownName(expr.span, { name: textOf(expr.span), near: nearest(unknown, ops), span: expr.span, here, makers: ops })
      return poison(expr.span)
    }
    case 'quantity':
    case 'truth':
    case 'stage': {
      const unknown = expr.kind === 'name' ? unknownFirst(expr, env) : undefined
      if (unknown === undefined || (foreignValue(unknown) ?? nearest(unknown, visible(env.names))) !== undefined) break
      s.say.unknownName(expr.span, { name: unknown, span: expr.span, takes: { label, type } })
      return poison(expr.span)
    }
    case 'code':
    case 'run':
      break
  }
  const wants = type.is === 'record' ? type.kind : undefined
  return fit(s, type, s.evaluate(expr, env, wants), expr.span, label)
}

/** Checks a value against what the field takes. `at`: the expression in the field, where complaints point. */
export function fit(s: Session, type: FieldType, value: Value, at: Span, label: string): Value {
  if (value.kind === 'poison') return value
  const wrong = (): Value => {
    if (value.kind === 'family') {
      s.say.caseNeeded(at, { name: value.name, example: caseText(value.cases[0]!) })
      return poison(at)
    }
    s.say.wrongType(at, {
      label,
      type,
      value,
      unquoted: unquoted(s, type, value),
      listed: listed(type, value, at),
      span: value.kind === 'text' ? value.span : at,
    })
    return poison(at)
  }
  switch (type.is) {
    case 'quantity':
      return value.kind === 'quantity' || value.kind === 'extreme' ? fitQuantity(s, type, value, at, label) : wrong()
    case 'text':
      return value.kind === 'text' ? value : wrong()
    case 'truth':
      return value.kind === 'truth' ? value : wrong()
    case 'word':
      return value.kind === 'word' ? value : wrong()
    case 'code':
      return value.kind === 'code' ? value : wrong()
    case 'op': {
      if (value.kind !== 'code' || value.code.kind !== 'op') return wrong()
      const { formals } = value.code.decl
      const least = formals.filter((f) => f.value === undefined).length
      const wanted = type.formals.length
      if (least <= wanted && wanted <= formals.length) return value
      s.say.wrongOp(at, { label, says: type.says, name: value.code.decl.name.name, wanted, given: formals.length })
      return poison(at)
    }
    case 'record': {
      if (type.kind === 'model' && value.kind === 'code' && value.code.kind === 'block') return modelOf(value.code, value.span)
      if (value.kind === 'record' && value.of === type.kind) return value
      return wrong()
    }
    case 'stage':
      if (value.kind !== 'record' || !(type.kinds as readonly string[]).includes(value.of)) return wrong()
      if (value.decl) return value
      s.say.stageNeedsName(at, { kind: value.of })
      return poison(at)
    case 'run':
      return value.kind === 'record' && KINDS[value.of].stage ? value : wrong()
    case 'list': {
      const items = value.kind === 'list' ? value.items : type.one ? [value] : undefined
      if (!items) return wrong()
      if (type.length !== undefined && items.length !== type.length) {
        s.say.wrongCount(at, { label, wanted: type.length, given: items.length })
        return poison(at)
      }
      if (type.one && items.length === 0) {
        s.say.emptyList(at, { label, type: type.of })
        return poison(at)
      }
      const fitted = items.map((item) => fit(s, type.of, item, value.kind === 'list' ? item.span : at, label))
      return fitted.some((item) => item.kind === 'poison') ? poison(at) : { kind: 'list', items: fitted, span: value.span }
    }
    case 'either': {
      const one = type.of.find((t) => suits(t, value))
      return one ? fit(s, one, value, at, label) : wrong()
    }
    case 'axes':
      return value
  }
}

/** The list of one that a place takes instead of its only item. */
function listed(type: FieldType, value: Value, at: Span): string | undefined {
  return type.is === 'list' && suits(type.of, value) ? `[${textOf(at)}]` : undefined
}

/** What a text says that should have stood there without its quotes. */
function unquoted(s: Session, type: FieldType, value: Value): string | undefined {
  if (value.kind !== 'text') return undefined
  const { text } = value
  switch (type.is) {
    case 'quantity':
      return /^-?[\d.]+(e[+-]?\d+)?%?( [a-z]+)?$/i.test(text) ? text : undefined
    case 'record':
      return Object.hasOwn(KINDS[type.kind].makers, text) && KINDS[type.kind].makers[text]?.argument === undefined ? text : undefined
    case 'op':
      return lookup(s.prelude, text)?.kind === 'op' ? text : undefined
    case 'code':
      return ['op', 'block'].includes(lookup(s.prelude, text)?.kind ?? '') ? text : undefined
    case 'truth':
      return /^(true|false)$/i.test(text) ? text.toLowerCase() : undefined
    case 'stage':
      return /^[a-z]\w*$/i.test(text) ? text : undefined
    case 'list':
      return unquoted(s, type.of, value)
    case 'either':
      return type.of.map((t) => unquoted(s, t, value)).find((t) => t !== undefined)
    case 'text':
    case 'word':
    case 'axes':
    case 'run':
      return undefined
  }
}

/** Whether a value is at least of the sort that a type takes, so that its own complaint is the right one. */
function suits(type: FieldType, value: Value): boolean {
  switch (type.is) {
    case 'quantity':
    case 'text':
    case 'truth':
    case 'word':
    case 'list':
      return value.kind === type.is
    case 'record':
      return value.kind === 'record' && value.of === type.kind
    case 'stage':
      return value.kind === 'record' && (type.kinds as readonly string[]).includes(value.of)
    case 'code':
    case 'op':
      return value.kind === 'code'
    case 'either':
    case 'axes':
    case 'run':
      return false
  }
}

function fitQuantity(s: Session, type: QuantityType, value: Quantity | Extreme, at: Span, label: string): Value {
  const { units } = type
  if (value.kind === 'extreme') {
    const items = value.items.map((item) => fitQuantity(s, type, item, at, label))
    return items.some((item) => item.kind === 'poison') ? poison(at) : value
  }
  const dimension = dimensionIn(units, value)
  if (dimension === undefined) {
    if (value.dimension === 'none') s.say.unitRequired(at, { label, number: value.number, units, span: at, set: setBy(value) })
    else s.say.wrongUnit(at, { label, dimension: value.dimension, units, number: numberIn(value), span: at })
    return poison(at)
  }
  const fitted: Quantity = { ...value, dimension }
  const { min = -Infinity, max = type.min === undefined ? Infinity : LARGEST } = type
  if (Number.isNaN(value.number) || value.number < min || value.number > max) {
    s.say.outOfRange(at, { label, number: value.number, min: type.min, max: type.max, fraction: dimension === 'fraction' })
    return poison(at)
  }
  if (type.whole && !Number.isInteger(value.number)) {
    s.say.notWhole(at, { label, number: value.number })
    return poison(at)
  }
  return fitted
}

/** The param of the command line that a value came from. */
function setBy({ span }: Quantity): string | undefined {
  return /^--set (.+)$/.exec(span.source.name)?.[1]
}

/** A quantity without its unit, as it was written where it was written as a number. */
function numberIn({ number, span }: Quantity): string {
  return /^-?\d[\d_.]*(e[+-]?\d+)?(?= )/i.exec(textOf(span))?.[0] ?? String(number)
}

/** A bare number has the field's unit where only one is possible; a percentage may stand for a plain number. */
function dimensionIn(units: readonly Dimension[], value: Quantity): Dimension | undefined {
  if (units.includes(value.dimension)) return value.dimension
  if (value.dimension === 'none' && units.length === 1) return units[0]
  return value.dimension === 'fraction' && units.includes('none') ? 'none' : undefined
}

/** A word of the field, or a `let` or `param` that holds one as text. */
function wordOf(words: readonly string[], expr: Expr, env: Env, label: string): Value {
  const { s } = env
  const { span } = expr
  if (expr.kind === 'name' && words.includes(expr.name)) return { kind: 'word', word: expr.name, span }
  const binding = expr.kind === 'name' ? (env.locals?.get(expr.name) ?? lookup(env.names, expr.name)) : undefined
  if (expr.kind === 'name' && binding?.kind !== 'let' && binding?.kind !== 'param' && binding?.kind !== 'text') {
    const here = foreignValue(expr.name, 'word')
    s.say.unknownWord(span, { label, word: expr.name, near: nearest(expr.name, words), words, span, here })
    return poison(span)
  }
  const value =
    binding && (binding.kind === 'let' || binding.kind === 'param') ? s.valueOf(binding.decl, binding.home) : s.evaluate(expr, env)
  if (value.kind === 'text' && words.includes(value.text)) return { kind: 'word', word: value.text, span: value.span }
  if (value.kind === 'text') s.say.unknownWord(span, { label, word: value.text, near: nearest(value.text, words), words, span })
  else if (value.kind !== 'poison') s.say.wrongType(span, { label, type: { is: 'word', words }, value })
  return poison(span)
}

/** The default of a field as a value; undefined where it has none. */
export function defaultOf(s: Session, spec: FieldSpec): Value | undefined {
  if (spec.default === undefined) return undefined
  const known = s.defaults.get(spec)
  if (known) return known
  const { module } = parse({ name: 'default', text: `let it = ${spec.default}` })
  const item = module.items[0]
  const value = item?.kind === 'let' ? typed(spec.type, item.value, { s, names: s.prelude }, 'default') : undefined
  if (value) s.defaults.set(spec, value)
  return value
}
