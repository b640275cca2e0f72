// A YAML scalar → the text it stands for, knowing where in the page each of its characters is; and a tree that was
// parsed from such a text → the same tree pointing into the page.
import type { ParsedNode, Scalar } from 'yaml'
import type { SourceFile, Span } from '../../grammar/source.ts'

export interface Excerpt {
  readonly text: string
  /** The offset in the page of a character of the text, or of its end. */
  readonly place: (offset: number) => number
}

export type ScalarNode = ParsedNode & Scalar.Parsed

/** What YAML makes of a scalar. */
export function contentOf({ value }: { readonly value: unknown }): string {
  return typeof value === 'string' ? value : ''
}

/** A plain scalar is taken as written, line ends included: blanks mean nothing to the grammar. */
export function excerptOf(node: ScalarNode, page: string): Excerpt {
  const [start, end] = node.range
  const value = contentOf(node)
  switch (node.type) {
    case 'BLOCK_LITERAL':
      return literal(value, page, start)
    case 'BLOCK_FOLDED':
      return aligned(value, page, page.indexOf('\n', start) + 1, end, false)
    case 'QUOTE_DOUBLE':
    case 'QUOTE_SINGLE':
      return aligned(value, page, start + 1, end - 1, node.type === 'QUOTE_DOUBLE')
    default:
      return { text: page.slice(start, end), place: (offset) => start + offset }
  }
}

/** Two texts in a row, without anything between. */
export function joined(first: Excerpt, second: Excerpt): Excerpt {
  const { length } = first.text
  return {
    text: first.text + second.text,
    place: (offset) => (offset < length ? first.place(offset) : second.place(offset - length)),
  }
}

/** Text of ours that stands nowhere; it is pointed to at `offset`. */
export function made(text: string, offset: number): Excerpt {
  return { text, place: () => offset }
}

/** A block scalar keeps its lines, without the indentation that all of them have. */
function literal(value: string, page: string, start: number): Excerpt {
  const places: number[] = []
  let line = page.indexOf('\n', start) + 1
  const lines = value.split('\n')
  const first = lines.findIndex((text) => text !== '')
  let indent = 0
  for (let i = 0, at = line; i <= first; i++, at = nextLine(page, at)) {
    if (i === first) indent = lineLength(page, at) - lines[i]!.length
  }
  for (const text of lines) {
    const begin = Math.min(line + indent, line + lineLength(page, line))
    for (let i = 0; i <= text.length; i++) places.push(Math.min(begin + i, page.length))
    line = nextLine(page, line)
  }
  return { text: value, place: (offset) => places[Math.min(offset, places.length - 1)] ?? start }
}

function nextLine(page: string, line: number): number {
  const end = page.indexOf('\n', line)
  return end < 0 ? page.length : end + 1
}

function lineLength(page: string, line: number): number {
  const end = page.indexOf('\n', line)
  const length = (end < 0 ? page.length : end) - line
  return length > 0 && page[line + length - 1] === '\r' ? length - 1 : length
}

/** Finds each character of a folded or quoted text again: escapes count as one, line ends and indentation as a blank. */
function aligned(value: string, page: string, start: number, end: number, escapes: boolean): Excerpt {
  const places: number[] = []
  let at = start
  for (let i = 0; i < value.length; i++) {
    const blank = /\s/.test(value[i]!)
    if (!blank) while (at < end && /\s/.test(page[at]!)) at++
    places.push(at)
    if (escapes && page[at] === '\\') at += escapeLength(page, at)
    else if (!escapes && page.startsWith("''", at) && value[i] === "'") at += 2
    else if (!blank || /\s/.test(page[at] ?? '')) at++
    // One escape may stand for two units of UTF-16.
    if (escapes && /[\uD800-\uDBFF]/.test(value[i]!) && page[at - 1] !== value[i] && i + 1 < value.length) places.push(places[i++]!)
  }
  return { text: value, place: (offset) => places[offset] ?? Math.min(at, end) }
}

function escapeLength(page: string, at: number): number {
  return { x: 4, u: 6, U: 10 }[page[at + 1] ?? ''] ?? 2
}

/** The same tree with every span moved into the page. */
export function relocate<T>(tree: T, excerpt: Excerpt, page: SourceFile): T {
  const move = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(move)
    if (typeof value !== 'object' || value === null) return value
    if (isSpan(value)) return placed(value, excerpt, page)
    const moved = Object.fromEntries(Object.entries(value).map(([key, child]) => [key, move(child)]))
    if (moved['kind'] !== 'string') return moved
    const { start, end } = (value as { readonly span: Span }).span
    return { ...moved, span: spelled(page, excerpt.place(start), excerpt.text.slice(start, end), (at) => excerpt.place(start + at)) }
  }
  return move(tree) as T
}

export function placed({ start, end }: { readonly start: number; readonly end: number }, excerpt: Excerpt, page: SourceFile): Span {
  const from = excerpt.place(start)
  const to = end > start ? Math.min(excerpt.place(end - 1) + 1, page.text.length) : from
  return { source: page, start: from, end: Math.max(from, to) }
}

/** A page that goes on with the letters of ours for which the true one has an escape or another indentation. */
interface Respelt extends SourceFile {
  readonly of: SourceFile
  /** The offset in the true page of an offset in this one, where letters of ours begin. */
  readonly place: (offset: number) => number
}

/** Whether offsets behind the start of a span mean nothing in the page that the user has. */
export function isRespelt({ source }: Span): boolean {
  return 'of' in source
}

/** A span in the page that the user has, where one of the same name goes on with letters of ours. */
export function inPage(span: Span): Span {
  if (!isRespelt(span)) return span
  const { of, place } = span.source as Respelt
  const start = place(span.start)
  return { source: of, start, end: span.end > span.start ? Math.max(start, place(span.end - 1) + 1) : start }
}

/**
 * A span whose text is `text`, at an offset of the page. Where the page spells it in YAML's way, indented or escaped, the
 * span stands in a page of the same name that goes on with `text` from there: line and column of its start stay right, and
 * whoever reads the text under the span, as the formatter and the keys of stages do, reads our language. `place` knows where
 * in the page the letters of `text` are.
 */
export function spelled(page: SourceFile, start: number, text: string, place: (offset: number) => number): Span {
  const respelt = (): Respelt => ({ name: page.name, text: page.text.slice(0, start) + text, of: page, place: (at) => place(at - start) })
  const source = page.text.startsWith(text, start) ? page : respelt()
  return { source, start, end: start + text.length }
}

function isSpan(value: object): value is Span {
  return 'source' in value && 'start' in value && 'end' in value
}
