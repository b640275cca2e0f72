// What a sweep runs over: a record of lists gives every combination, a list of records gives these and no more.
import type { Expr, RecordExpr } from '../../grammar/ast.ts'
import type { Env } from './session.ts'
import { poison, type Value } from './value.ts'

/** Stages of one sweep. */
const mostRows = 1000

/** The axes as rows: one map of names to values for each stage. */
export function axesOf(expr: Expr, env: Env): Value {
  const { span } = expr
  if (expr.kind === 'record') {
    const axes = expr.fields.map((f) => ({ name: f.name.name, value: f.value && env.s.evaluate(f.value, env), span: f.span }))
    const wrong = axes.find((a) => a.value?.kind !== 'list' || a.value.items.length === 0)
    if (wrong && wrong.value?.kind !== 'poison') env.s.say.axisNeedsList(wrong.span, { name: wrong.name })
    if (axes.length === 0) return poison(span)
    // The names are known all the same, to what is run.
    if (wrong) return { kind: 'axes', names: axes.map((a) => a.name), rows: [new Map(axes.map((a) => [a.name, poison(span)]))], span }
    const count = axes.reduce((n, { value }) => n * (value?.kind === 'list' ? value.items.length : 1), 1)
    if (count > mostRows) {
      env.s.say.tooManyRows(span, { rows: count, limit: mostRows })
      // One row stands for all, so that the names of the axes are known.
      const row = new Map(axes.flatMap(({ name, value }) => (value?.kind === 'list' ? [[name, value.items[0]!] as const] : [])))
      return { kind: 'axes', names: axes.map((a) => a.name), rows: [row], span }
    }
    let rows: ReadonlyMap<string, Value>[] = [new Map()]
    for (const { name, value } of axes) {
      const items = value?.kind === 'list' ? value.items : []
      rows = rows.flatMap((row) => items.map((item) => new Map([...row, [name, item]])))
    }
    return { kind: 'axes', names: axes.map((a) => a.name), rows, span }
  }
  const records = expr.kind === 'list' ? expr.items.filter((item): item is RecordExpr => item.kind === 'record') : []
  if (expr.kind !== 'list' || records.length < expr.items.length || records.length === 0) {
    env.s.say.axisNeedsList(span, { name: 'over' })
    return poison(span)
  }
  const rows = records.map((r) => new Map(r.fields.flatMap((f) => (f.value ? [[f.name.name, env.s.evaluate(f.value, env)] as const] : []))))
  const names = [...rows[0]!.keys()]
  const ragged = rows.findIndex((row) => row.size !== names.length || !names.every((name) => row.has(name)))
  if (ragged < 0) return { kind: 'axes', names, rows, span }
  env.s.say.raggedRows(records[ragged]!.span, { names })
  return poison(span)
}
