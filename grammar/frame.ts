// Diagnostic → the text a terminal shows: what is wrong, the place, the line with carets under it, the notes.
import type { Diagnostic } from './diagnostic.ts'
import { positionAt, type Position } from './source.ts'

export interface Look {
  readonly color: boolean
}

/** Several lines without a newline at the end. A span over several lines is marked from its start to the end of its first line. */
export function render({ severity, code, message, span, notes }: Diagnostic, { color }: Look = { color: false }): string {
  const paint = (style: keyof typeof styles, text: string): string => (color ? `\u001b[${styles[style]}m${text}\u001b[0m` : text)
  const at = positionAt(span.source, span.start)
  const { line, carets } = excerpt(span.source.text, at, span.start, span.end)
  const number = String(at.line)
  const blank = ' '.repeat(number.length)
  const bar = paint('frame', '|')
  return [
    `${paint(severity, `${severity}[${code}]`)}${paint('strong', `: ${message}`)}`,
    `${blank}${paint('frame', '-->')} ${span.source.name}:${at.line}:${at.column}`,
    `${blank} ${bar}`,
    `${paint('frame', number)} ${bar} ${line}`.trimEnd(),
    `${blank} ${bar} ${carets.blank}${paint(severity, carets.marks)}`,
    ...notes.map((note) => `${blank} ${paint('frame', '=')} ${note}`),
  ].join('\n')
}

const styles = { error: '1;31', warning: '1;33', frame: '34', strong: '1' } as const

/** The line of a position, and what to print under it. Tabs stay tabs in the blank part, so the carets stand right at any tab width. */
function excerpt(text: string, at: Position, start: number, end: number) {
  const lineStart = start - (at.column - 1)
  const newline = text.indexOf('\n', lineStart)
  const lineEnd = newline < 0 ? text.length : newline
  const line = text
    .slice(lineStart, lineEnd)
    .replace(/\r$/, '')
    .replace(/^\uFEFF/, '')
  const before = text.slice(lineStart, start).replace(/^\uFEFF/, '')
  const marked = text.slice(start, Math.min(end, lineEnd)).trimEnd()
  return { line, carets: { blank: blankFor(before), marks: '^'.repeat(Math.max(1, widthOf(marked))) } }
}

const blankFor = (text: string): string => text.replace(/[^\t]/gu, ' ')

function widthOf(text: string): number {
  return [...text].length
}
