// An expression that begins with a name nobody knows → what was meant by it, as far as its place tells: a text without quotes, a
// formula where an op is named, a field whose value was forgotten.
import type { Expr } from '../../grammar/ast.ts'
import { textOf } from '../../grammar/source.ts'
import { isFunction } from '../elaborate/builtin.ts'
import { foreignValue } from '../spec/foreign.ts'
import { KINDS, kindOfMaker, type FieldType } from '../spec/kinds.ts'
import { lookup, type Names } from './names.ts'
import type { Env } from './session.ts'

/** The name that an expression begins with, where it begins with one. */
export function firstName(expr: Expr): string | undefined {
  switch (expr.kind) {
    case 'name':
      return expr.name
    case 'amend':
    case 'member':
    case 'index':
      return firstName(expr.target)
    case 'call':
      return firstName(expr.callee)
    case 'binary':
      return firstName(expr.left)
    default:
      return undefined
  }
}

/** That name, if nothing declares it. */
export function unknownFirst(expr: Expr, { names, locals }: Env): string | undefined {
  const name = firstName(expr)
  if (name === undefined || locals?.has(name) || lookup(names, name) || kindOfMaker(name) !== undefined) return undefined
  return name === 'pi' || name === 'inf' ? undefined : name
}

/** Whether a text stands there without its quotes: nothing of its name is known, or something that no text comes from. */
export function isBareText(type: FieldType, expr: Expr, env: Env): boolean {
  const unknown = unknownFirst(expr, env)
  if (unknown !== undefined) return takesText(type) && foreignValue(unknown) === undefined
  const name = firstName(expr) ?? ''
  const binding = type.is === 'text' && !env.locals?.has(name) ? lookup(env.names, name) : undefined
  return binding !== undefined && !['let', 'param', 'use'].includes(binding.kind)
}

/** Whether the path of a file stands where something that is read from a file is named: `data/book.txt`. */
export function isBarePath(type: FieldType, expr: Expr, env: Env): boolean {
  if (expr.kind === 'paren') return isBarePath(type, expr.inner, env)
  if (type.is !== 'record' || (expr.kind !== 'binary' && expr.kind !== 'member')) return false
  const reads = Object.values(KINDS[type.kind].makers).some(({ argument }) => argument !== undefined)
  const binding = lookup(env.names, firstName(expr) ?? '')
  // `data book = book.txt` names what it declares.
  const itself = binding?.kind === 'noun' && env.s.open.includes(binding.decl)
  return reads && (itself || unknownFirst(expr, env) !== undefined)
}

function takesText(type: FieldType): boolean {
  return type.is === 'text' || (type.is === 'either' && type.of.some(takesText))
}

/** What to write where an op is named and something else stands: a formula, or a function that only formulas have. */
export function opMeant(expr: Expr, label: string, formals: readonly string[]): string | undefined {
  const op = (body: string): string => `\`op name(${formals.join(', ')}) = ${body}\`, and \`${label}: name\``
  if (expr.kind === 'name') return isFunction(expr.name) ? op(`${expr.name}(${formals[0]})`) : undefined
  return expr.kind === 'member' ? undefined : op(textOf(expr.span))
}

/** Ops that could stand there: all their arguments without a default are called as the place calls them. */
export function opsFor(formals: readonly string[], names: Names): readonly string[] {
  return [...(names.outer ?? []), ...names.own].flatMap(([name, binding]) => {
    if (binding.kind !== 'op') return []
    const own = binding.decl.formals.filter((f) => f.value === undefined).map((f) => f.name.name)
    return own.length === formals.length && own.every((f, i) => f === formals[i]) ? [name] : []
  })
}
