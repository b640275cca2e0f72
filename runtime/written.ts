// A result in the store → the file that a page's `write` names: texts as they are, a table or a law in the form of the file's ending.
import { open, readFile, realpath, stat, type FileHandle } from 'node:fs/promises'
import { extname } from 'node:path'
import type { FitJob } from '../compiler/plan/jobs.ts'
import { telling } from './failures.ts'
import { lawOf, type FitRecord } from './fit.ts'
import { figure } from './law/figure.ts'
import type { Point } from './law/law.ts'
import { replaceFile } from './store/atomic.ts'
import type { StoredKind } from './store/store.ts'
import { cellsOf, type TableRow } from './table.ts'

/** What is to be written where. `law`: of a fit. */
export interface Written {
  readonly kind: StoredKind
  readonly write: string
  readonly law?: FitJob['law']
}

/** Fails with what the operating system says of the files. */
export async function writeResult(written: Written, artifact: string): Promise<void> {
  const content = await telling('reading the result', () => contentOf(written, artifact))
  await telling('writing the result', () => deliver(written.write, (file) => file.writeFile(content)), written.write)
}

async function contentOf({ kind, write, law }: Written, artifact: string): Promise<string | Uint8Array> {
  const form = extname(write)
  if (form === '.json' || (kind !== 'table' && kind !== 'fit')) return readFile(artifact)
  if (kind === 'table') return tableText(cellsOf(await read<TableRow>(artifact)), form)
  return form === '.svg' ? figureOf(law!, await read<FitRecord>(artifact)) : fitText(await read<FitRecord>(artifact))
}

/** Into a device or a pipe, such as /dev/stdout, as it stands; else in place of the file that is there, be it behind a link. */
async function deliver(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const there = await stat(path).catch(() => undefined)
  if (there === undefined || there.isFile() || there.isDirectory()) return replaceFile(there ? await realpath(path) : path, write)
  const file = await open(path, 'w')
  try {
    await write(file)
  } finally {
    await file.close()
  }
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
