// Templates: texts with holes in braces. `{column}` is a column of the data, `{so_far}` all text so far, `{12 tokens}` so many masks;
// `{{` and `}}` are braces. A `pattern` is a template read backwards: what stands between its columns splits a line.
import { textOf, type Span } from '../../grammar/source.ts'
import { nearest } from '../../grammar/suggest.ts'
import type { Build } from './build.ts'
import type { Piece, Template } from './pipeline.ts'

/** What may stand in braces at some place. */
export interface Allowed {
  /** Columns of the data; absent where there is no data or its columns are unknown. */
  readonly columns?: readonly string[]
  readonly soFar?: boolean
  readonly holes?: boolean
}

/** Undefined where a brace has been reported. `at`: the text with its quotes. */
export function templateOf(b: Build, text: string, at: Span, allowed: Allowed): Template | undefined {
  const pieces: Piece[] = []
  let whole = true
  for (const { 0: piece, index } of text.matchAll(/\{\{|\}\}|\{[^{}]*\}?|\}|[^{}]+/g)) {
    const span = inside(at, text, index, piece.length)
    if (piece.startsWith('{') && piece.endsWith('}')) {
      const hole = holeOf(b, piece.slice(1, -1).trim(), span, allowed)
      if (hole) pieces.push(hole)
      else whole = false
    } else if (piece === '{{' || piece === '}}' || !/^[{}]/.test(piece)) {
      const last = pieces.at(-1)
      const more = piece === '{{' || piece === '}}' ? piece[0]! : piece
      if (last?.kind === 'text') pieces[pieces.length - 1] = { kind: 'text', text: last.text + more }
      else pieces.push({ kind: 'text', text: more })
    } else {
      b.s.say.openBrace(span, { brace: piece[0]! })
      whole = false
    }
  }
  return whole ? pieces : undefined
}

function holeOf(b: Build, name: string, at: Span, { columns, soFar, holes }: Allowed): Piece | undefined {
  const count = /^([\d_]+) tokens?$/.exec(name)
  if (count && holes) return { kind: 'hole', tokens: Number(count[1]!.replaceAll('_', '')) }
  if (name === 'so_far' && soFar) return { kind: 'so_far' }
  if (!count && name !== 'so_far' && columns?.includes(name)) return { kind: 'column', name }
  if (count) b.s.say.noHoleHere(at, { hole: name })
  else if (name === 'so_far') b.s.say.nothingSoFar(at, undefined)
  else if (columns === undefined) b.s.say.noColumns(at, { name })
  else b.s.say.unknownColumn(at, { name, near: nearest(name, columns), columns, span: { ...at, start: at.start + 1, end: at.end - 1 } })
  return undefined
}

/** Part of a text in the page, where the text stands there as it is; else all of it. */
function inside(at: Span, text: string, index: number, length: number): Span {
  if (textOf(at) !== `"${text}"`) return at
  const start = at.start + 1 + index
  return { ...at, start, end: start + length }
}

/** Characters of a template in UTF-8, and its masks. */
export function sizeOf(template: Template): { readonly bytes: number; readonly masks: number } {
  const bytes = template.reduce((n, piece) => n + (piece.kind === 'text' ? new TextEncoder().encode(piece.text).length : 0), 0)
  return { bytes, masks: template.reduce((n, piece) => n + (piece.kind === 'hole' ? piece.tokens : 0), 0) }
}

/** How a pattern splits a line. */
export interface Splitting {
  readonly columns: readonly string[]
  /** A regular expression with one group a column. */
  readonly regexp: string
}

/** Undefined where the pattern cannot split a line, which has been reported. */
export function splittingOf(b: Build, text: string, at: Span): Splitting | undefined {
  const names = [...text.matchAll(/\{([^{}]+)\}/g)].map((m) => m[1]!.trim())
  const pieces = templateOf(b, text, at, { columns: names })
  if (!pieces) return undefined
  const columns = pieces.flatMap((piece) => (piece.kind === 'column' ? [piece.name] : []))
  const twice = columns.find((name, i) => columns.indexOf(name) !== i)
  const touching = pieces.findIndex((piece, i) => piece.kind === 'column' && pieces[i + 1]?.kind === 'column')
  if (columns.length === 0) b.s.say.patternWithoutColumns(at, undefined)
  else if (twice !== undefined) b.s.say.columnTwice(at, { name: twice })
  else if (touching >= 0) b.s.say.columnsTouch(at, { names: columns.slice(columns.indexOf(nameAt(pieces, touching))).slice(0, 2) })
  else {
    const parts = pieces.map((piece, i) => (piece.kind === 'text' ? escaped(piece.text) : i === pieces.length - 1 ? '(.*)' : '(.*?)'))
    return { columns, regexp: `^${parts.join('')}$` }
  }
  return undefined
}

function nameAt(pieces: Template, i: number): string {
  const piece = pieces[i]
  return piece?.kind === 'column' ? piece.name : ''
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
