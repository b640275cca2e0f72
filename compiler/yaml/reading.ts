// What reading one page carries along, and where its nodes begin and end.
import { isCollection, isPair, isScalar, type Pair, type ParsedNode, type YAMLMap } from 'yaml'
import type { Diagnostic, Fix, Report } from '../../grammar/diagnostic.ts'
import type { SourceFile, Span } from '../../grammar/source.ts'
import type { YamlComments } from './comments.ts'
import { relocate, type Excerpt, type ScalarNode } from './excerpt.ts'
import type { messages } from './messages.ts'

export type PairNode = Pair<ParsedNode, ParsedNode | null>
export type MapNode = YAMLMap.Parsed
/** Keys and numbers of items from the root, as in a JSON pointer. */
export type Path = readonly (string | number)[]

/** Something of the wrong shape: no tree can be made of it. What belongs there is known to the schema. */
export interface Hole {
  readonly path: Path
  readonly span: Span
  readonly key: string
}

export interface Reading {
  readonly page: SourceFile
  readonly root: ParsedNode | undefined
  /** Whether strings are all it has: see places.ts. */
  readonly json: boolean
  readonly comments: YamlComments
  readonly report: Report
  readonly say: ReturnType<typeof Report.prototype.using<typeof messages>>
  /** Names of the page's lets and params. */
  readonly names: ReadonlySet<string>
  readonly holes: Hole[]
}

export function spanOf({ page }: Reading, node: ParsedNode): Span {
  return { source: page, start: node.range[0], end: endOf(node, page.text) }
}

/** Where the last letter of a node stands; the parser counts the comment on its line as well. */
export function endOf(node: ParsedNode, text: string): number {
  const [start, end] = node.range
  if (isCollection(node) && node.flow !== true) {
    const last: unknown = node.items.at(-1)
    if (isPair(last)) return endOfPair(last as PairNode, text)
    if (last !== undefined) return endOf(last as ParsedNode, text)
  }
  let at = end
  if (isScalar(node) && node.type?.startsWith('BLOCK')) while (at > start && /\s/.test(text[at - 1]!)) at--
  return at
}

/** Where a pair begins: at its key, or at the question mark that announces a long one. */
export function startOfPair({ key }: PairNode, text: string): number {
  const [start] = key.range
  const mark = /\?[ \t]+$/.exec(text.slice(text.lastIndexOf('\n', start - 1) + 1, start))
  return mark === null ? start : start - mark[0].length
}

/** The end of what opens the value, where a comment on it stands: the key, or the colon below one that a question mark announces. */
export function openerOfPair(pair: PairNode, text: string): number {
  const { key, value } = pair
  const [, end] = key.range
  if (value === null || startOfPair(pair, text) === key.range[0]) return end
  const colon = /\n[ \t]*(?=:)/.exec(text.slice(end, value.range[0]))
  return end + (colon === null ? 0 : colon.index + colon[0].length)
}

export function endOfPair({ key, value }: PairNode, text: string): number {
  return value === null ? key.range[1] : Math.max(endOf(value, text), key.range[1])
}

export function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1)
}

/** Whether a node is there at all: `key:` has an empty scalar behind it. */
export function isEmpty(node: ParsedNode | null, r: Reading): boolean {
  if (node === null) return true
  if (!isScalar(node) || node.type !== 'PLAIN') return false
  const text = r.page.text.slice(node.range[0], node.range[1])
  return text === '' || (r.json && text === 'null')
}

export const isQuoted = ({ type }: ScalarNode): boolean => type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE'
export const isBlock = ({ type }: ScalarNode): boolean => type === 'BLOCK_LITERAL' || type === 'BLOCK_FOLDED'

/** Whether a scalar still stands for its text when a cure has changed that; its letters must be the page's own. */
export type Holds = (text: string) => boolean
export const holdsAnything: Holds = () => true
export const holdsNothing: Holds = () => false
/** Behind `: ` a plain scalar is a key, at ` #` it ends. */
const holdsPlain: Holds = (text) => !/:(\s|$)|\s#/.test(text)
export const holdsOf = (node: ScalarNode): Holds => (isQuoted(node) ? holdsNothing : isBlock(node) ? holdsAnything : holdsPlain)

/** Passes on what a parser of ours found in an excerpt, with the cures that cure the page too. */
export function passOn(r: Reading, found: readonly Diagnostic[], excerpt: Excerpt, holds: Holds): void {
  const cured = ({ span, text }: Fix): string => excerpt.text.slice(0, span.start) + text + excerpt.text.slice(span.end)
  for (const d of found) r.report.add(relocate({ ...d, fixes: d.fixes.filter((fix) => holds(cured(fix))) }, excerpt, r.page))
}
