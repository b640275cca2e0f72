// A table job → its events, and table.json in the store: the numbers of finished stages side by side.
import type { TableJob } from '../compiler/plan/jobs.ts'
import type { RunEvent } from './events.ts'
import { telling } from './failures.ts'
import { resultsOf, type Measured } from './results.ts'
import type { ReadingContext } from './stage.ts'
import { replaceText } from './store/atomic.ts'

/** A row of table.json. */
export interface TableRow {
  readonly stage: string
  readonly what: string
  readonly key: string
  readonly metrics: readonly Measured[]
}

export async function* table(job: TableJob, { folder, store }: ReadingContext): AsyncGenerator<RunEvent> {
  const rows = await Promise.all(
    job.rows.map(async (row): Promise<TableRow> => ({
      stage: row.stage,
      what: row.kind,
      key: row.key,
      metrics: await resultsOf(store, row),
    })),
  )
  await telling('writing the table', () => replaceText(folder.artifact, JSON.stringify(rows, undefined, 2) + '\n'))
  yield tableEvent(job.stage, rows)
}

/** How the terminal hears of a table, fresh or out of the store. */
export function tableEvent(stage: string, rows: readonly TableRow[]): RunEvent {
  const [head = [], ...cells] = cellsOf(rows)
  return { kind: 'table', stage, head, rows: cells }
}

/** A head and a line for each stage: its name, its key, and a column for each metric that any of them has. */
export function cellsOf(rows: readonly TableRow[]): readonly (readonly string[])[] {
  const columns = new Map(rows.flatMap(({ metrics }) => metrics).map((m) => [columnOf(m), m]))
  const head = ['stage', 'key', ...columns.keys()]
  const lines = rows.map(({ stage, key, metrics }) => {
    const cells = [...columns.keys()].map((column) => metrics.find((m) => columnOf(m) === column))
    return [stage, key.slice(0, 12), ...cells.map((m) => (m === undefined ? '' : shown(m)))]
  })
  return [head, ...lines]
}

const columnOf = ({ name, unit }: Measured): string => (unit === '' ? name : `${name}, ${unit}`)

/** `3.1416 ± 0.0021`, `12`. */
function shown({ value, error }: Measured): string {
  const text = Number.isInteger(value) ? String(value) : value.toFixed(4)
  return error === null ? text : `${text} ± ${error.toFixed(4)}`
}
