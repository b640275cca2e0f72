// A table → TableStage: the stages whose results stand side by side; those of a sweep, row by row.
import { asStage, type Parts } from './base.ts'
import { text, type Build } from './build.ts'
import { complete, sound } from './complete.ts'
import { normalForm } from './normal.ts'
import type { TableStage } from './pipeline.ts'
import type { Rec } from './value.ts'

/** Undefined where a mistake has been reported, here or in a row. */
export function buildTable(b: Build, record: Rec): TableStage | undefined {
  if (!complete(b, record) || !sound(record)) return undefined
  const value = record.fields.get('rows')?.value
  const items = value?.kind === 'list' ? value.items : []
  const named = items.map((item) => (item.kind === 'record' ? b.stageOf(item) : undefined)).filter((stage) => stage !== undefined)
  if (named.length < items.length) return undefined
  const rows = named.flatMap((stage) => (stage.kind === 'sweep' ? stage.runs.map((run) => run.stage) : [stage]))
  const parts: Parts = { normal: (look) => normalForm(look, record, {}), needs: named }
  return asStage<TableStage>(b, record, parts, {
    kind: 'table',
    rows,
    write: text(b.s, record, 'write'),
  })
}
