// Rows, each an item with its comments → lines. Values in a run of touching rows share a column; a blank
// line or a comment between two rows, or a row that takes no part, ends the run.
import type { Trivia } from './ast.ts'

export interface Row {
  readonly trivia: Trivia
  /** What may share a column: rows with one and the same word here. Absent where the row aligns with nothing. */
  readonly run?: string
  /** Letters before the column. */
  readonly width: number
  /** The text, of one or several lines, with `pad` more blanks before the value. No newline at the end. */
  readonly print: (pad: number) => string
}

/** The lines of rows that all start at column `indent`. A gap above the first is dropped. */
export function printRows(rows: readonly Row[], tail: readonly string[], indent: number): string[] {
  const lines: string[] = []
  const columns = columnsOf(rows)
  rows.forEach(({ trivia, width, print }, i) => {
    if (trivia.gap && i > 0) lines.push('')
    lines.push(...trivia.before.map((line) => indented(line, indent)))
    const text = ' '.repeat(indent) + print(columns[i]! - width)
    lines.push(trivia.after === undefined ? text : `${text}  ${trivia.after}`)
  })
  const last = rows.length === 0 && tail[0] === '' ? tail.slice(1) : tail
  return [...lines, ...last.map((line) => indented(line, indent))]
}

function indented(line: string, indent: number): string {
  return line === '' ? '' : ' '.repeat(indent) + line
}

/** The common column of each row's run. */
function columnsOf(rows: readonly Row[]): readonly number[] {
  const columns: number[] = []
  let start = 0
  while (start < rows.length) {
    let end = start + 1
    while (end < rows.length && touches(rows[end - 1]!, rows[end]!)) end++
    const column = Math.max(...rows.slice(start, end).map((row) => row.width))
    for (; start < end; start++) columns.push(column)
  }
  return columns
}

function touches(above: Row, below: Row): boolean {
  return above.run !== undefined && above.run === below.run && !below.trivia.gap && below.trivia.before.length === 0
}
