// A table → TableStage: the stages whose results stand side by side.
import { lookupsOf, text, type Build } from './build.ts'
import { complete, later, sound } from './complete.ts'
import { keyOf, normalForm, originsOf } from './normal.ts'
import type { TableStage } from './pipeline.ts'
import type { Rec } from './value.ts'

/** Undefined where a mistake has been reported, here or in a row. */
export function buildTable(b: Build, record: Rec): TableStage | undefined {
  if (!complete(b, record) || !sound(record)) return undefined
  const value = record.fields.get('rows')?.value
  const items = value?.kind === 'list' ? value.items : []
  const rows = items.map((item) => (item.kind === 'record' ? b.stageOf(item) : undefined)).filter((stage) => stage !== undefined)
  if (rows.length < items.length) return undefined
  const normal = normalForm(lookupsOf(b), record, {})
  return {
    kind: 'table',
    name: record.decl?.name.name ?? '',
    span: record.span,
    key: keyOf(normal),
    normal,
    origins: originsOf(record),
    needs: rows,
    later: later(b, record, [{ what: 'a table', at: record.decl?.noun.span ?? record.span }]),
    rows,
    write: text(b.s, record, 'write'),
  }
}
