// What data with columns says of its examples: turns, the right answer, choices. Templates are checked against the columns.
import { field, type Build } from './build.ts'
import type { DataSpec, Template, TurnSpec } from './pipeline.ts'
import { templateOf, type Allowed } from './template.ts'
import type { Rec, Value } from './value.ts'

export type Examples = Pick<DataSpec, 'turns' | 'expect' | 'choices'>

/** Undefined where a mistake has been reported. `columns`: those of the file; absent where it has none. */
export function examplesOf(b: Build, data: Rec, columns: readonly string[] | undefined): Examples | undefined {
  const says = ['turns', 'expect', 'choices'].filter((name) => data.fields.has(name))
  if (data.maker === 'lines' && !data.fields.has('pattern')) {
    b.s.say.needsPattern(data.made ?? data.span, undefined)
    return undefined
  }
  if (says.length > 0 && columns === undefined) {
    b.s.say.withoutColumns(data.fields.get(says[0]!)!.at, { field: says[0]!, form: data.maker ?? '' })
    return undefined
  }
  const allowed: Allowed = { columns }
  const list = field(b.s, data, 'turns')
  const turns = list?.kind === 'list' ? list.items.map((item, i) => turnOf(b, item, { ...allowed, soFar: i > 0 })) : []
  const expect = only(b, data, 'expect', allowed)
  const choices = many(b, data, 'choices', allowed)
  if (turns.some((turn) => turn === undefined) || expect === null || choices === null) return undefined
  return { turns: turns as readonly TurnSpec[], expect, choices }
}

function turnOf(b: Build, value: Value, allowed: Allowed): TurnSpec | undefined {
  if (value.kind !== 'record') return undefined
  const given = only(b, value, 'given', allowed)
  const write = only(b, value, 'write', { ...allowed, soFar: false, holes: true })
  return given === null || write === null || !given ? undefined : { given, write }
}

/** A template of a field; undefined where it is not given, null where it is wrong. */
function only(b: Build, record: Rec, name: string, allowed: Allowed): Template | undefined | null {
  const value = field(b.s, record, name)
  return value?.kind === 'text' ? (templateOf(b, value.text, value.span, allowed) ?? null) : undefined
}

function many(b: Build, record: Rec, name: string, allowed: Allowed): readonly Template[] | undefined | null {
  const value = field(b.s, record, name)
  if (value?.kind !== 'list') return undefined
  const templates = value.items.map((item) => (item.kind === 'text' ? templateOf(b, item.text, item.span, allowed) : undefined))
  return templates.some((template) => !template) ? null : (templates as Template[])
}
