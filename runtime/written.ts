// A result in the store → the file that a page's `write` names: texts as they are, a table or a law in the form of the file's ending.
import { copyFile, mkdir, readFile } from 'node:fs/promises'
import { dirname, extname } from 'node:path'
import type { FitJob } from '../compiler/plan/jobs.ts'
import { telling } from './failures.ts'
import { lawOf, type FitRecord } from './fit.ts'
import { figure } from './law/figure.ts'
import type { Point } from './law/law.ts'
import { replaceText } from './store/atomic.ts'
import type { StoredKind } from './store/store.ts'
import { cellsOf, type TableRow } from './table.ts'

/** What is to be written where. `law`: of a fit. */
export interface Written {
  readonly kind: StoredKind
  readonly write: string
  readonly law?: FitJob['law']
}

export async function writeResult({ kind, write, law }: Written, artifact: string): Promise<void> {
  await telling(`writing ${write}`, async () => {
    await mkdir(dirname(write), { recursive: true })
    const form = extname(write)
    if (form === '.json' || (kind !== 'table' && kind !== 'fit')) await copyFile(artifact, write)
    else if (kind === 'table') await replaceText(write, tableText(cellsOf(await read<TableRow>(artifact)), form))
    else
      await replaceText(write, form === '.svg' ? figureOf(law!, await read<FitRecord>(artifact)) : fitText(await read<FitRecord>(artifact)))
  })
}

async function read<T>(path: string): Promise<readonly T[]> {
  return JSON.parse(await readFile(path, 'utf8')) as readonly T[]
}

/** Markdown, or with the ending .csv values between commas. */
function tableText(cells: readonly (readonly string[])[], form: string): string {
  if (form === '.csv') return cells.map((row) => row.map(quoted).join(',') + '\n').join('')
  const [head = [], ...rows] = cells
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map((c) => c.replaceAll('|', '\\|')).join(' | ')} |\n`).join('')
}

const quoted = (cell: string): string => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)

/** Results of a fit, then the losses that it read. */
function fitText(records: readonly FitRecord[]): string {
  const results = records.filter((r) => r.stage === undefined)
  const losses = records.filter((r) => r.stage !== undefined)
  const lines = results.map(({ name, value, error, unit, notes }) => {
    const [number, wide] = [String(Number(value.toPrecision(5))), error === null ? '' : ` ± ${Number(error.toPrecision(2))}`]
    return [name, `${number}${wide}`, unit, notes.join('; ')]
  })
  const read = losses.map(({ stage = '', parameters = 0, compute = 0, value }) => [stage, String(parameters), compute.toExponential(3), String(Number(value.toPrecision(6)))]) // prettier-ignore
  const tables = [[['result', 'value', 'unit', 'notes'], ...lines], [['stage', 'parameters', '6 N D', 'loss'], ...read]] // prettier-ignore
  return tables.map((cells) => tableText(cells, '.md')).join('\n')
}

function figureOf(law: FitJob['law'], records: readonly FitRecord[]): string {
  const budgets = new Map<number, Point[]>()
  for (const { stage, parameters, compute, budget, value: loss } of records) {
    if (stage === undefined || parameters === undefined || compute === undefined || budget === undefined) continue
    budgets.set(budget, [...(budgets.get(budget) ?? []), { stage, parameters, compute, loss }])
  }
  const points = [...budgets.values()]
  const found = lawOf(law, points)
  // The store holds only fits that found a law.
  if (found.kind === 'none') throw new Error(found.reason)
  return figure(found, points)
}
