// Warns of an amendment that sets a field to the value that its base already gave it: one of the two is not what was meant.
import type { Expr, Field } from '../../grammar/ast.ts'
import { textOf } from '../../grammar/source.ts'
import { lookup } from './names.ts'
import type { Env } from './session.ts'
import { namesIn } from './unused.ts'
import type { Held, Rec, Value } from './value.ts'

/** `before`: what the base has. Defaults of a kind are no base: to write them down is to say that they matter. */
export function warnUnchanged(env: Env, field: Field, before: Held | undefined, value: Value): void {
  if (!before || !field.value || !same(before.value, value) || varies(field.value, env)) return
  const [line = ''] = textOf(field.span).split('\n')
  env.s.say.unchanged(field.span, { field: line.length <= 40 ? line : field.name.name, before: before.field })
}

/** Whether an expression has another value in another row of a sweep, or with `--set`. */
function varies(expr: Expr, { names, locals }: Env): boolean {
  return [...namesIn(expr)].some((name) => locals?.has(name) === true || lookup(names, name)?.kind === 'param')
}

/** Whether two values are equal, wherever they were written. */
function same(a: Value, b: Value): boolean {
  switch (a.kind) {
    case 'quantity':
      return b.kind === 'quantity' && a.number === b.number && a.dimension === b.dimension
    case 'extreme':
      return b.kind === 'extreme' && a.of === b.of && alike(a.items, b.items)
    case 'text':
      return b.kind === 'text' && a.text === b.text
    case 'truth':
      return b.kind === 'truth' && a.truth === b.truth
    case 'word':
      return b.kind === 'word' && a.word === b.word
    case 'list':
      return b.kind === 'list' && alike(a.items, b.items)
    case 'code':
      return b.kind === 'code' && a.code.decl === b.code.decl
    case 'record':
      return b.kind === 'record' && sameRecord(a, b)
    case 'axes':
    case 'family':
    case 'library':
    case 'poison':
      return false
    default:
      return a satisfies never
  }
}

function alike(a: readonly Value[], b: readonly Value[]): boolean {
  return a.length === b.length && a.every((item, i) => same(item, b[i]!))
}

function sameRecord(a: Rec, b: Rec): boolean {
  if (a.of !== b.of || a.maker !== b.maker || a.part !== b.part || a.block?.decl !== b.block?.decl || a.custom !== b.custom) return false
  if (a.fields.size !== b.fields.size) return false
  return [...a.fields].every(([name, { value }]) => {
    const other = b.fields.get(name)
    return other !== undefined && same(value, other.value)
  })
}
