// A YAML node → an expression or a record: plain scalars are expressions, quoted ones strings, sequences lists; a
// mapping whose first key is `is` amends what that names, any other is a record.
import { isAlias, isMap, isScalar, isSeq, type ParsedNode } from 'yaml'
import type { Expr, Field, ListExpr, RecordExpr, Trivia } from '../../grammar/ast.ts'
import { longestChain, tooDeep } from '../../grammar/brackets.ts'
import { Report } from '../../grammar/diagnostic.ts'
import { lex } from '../../grammar/lex.ts'
import { messages as grammarMessages } from '../../grammar/messages.ts'
import { parse, parseExpression } from '../../grammar/parse.ts'
import { docOf } from '../../grammar/trivia.ts'
import { excerptOf, joined, made, placed, relocate, type Excerpt, type ScalarNode } from './excerpt.ts'
import { base, placeOfField, type Place } from './places.ts'
import { columnOf, endOf, endOfPair, holdsOf, isBlock, isEmpty, isQuoted, openerOfPair, passOn, spanOf, startOfPair, type Holds, type MapNode, type PairNode, type Path, type Reading } from './reading.ts' // prettier-ignore
import { blockText, quotedText } from './text.ts'

/** Where a node stands. `at`: the end of what opened it; `column`: where that begins. */
export interface Spot {
  readonly place: Place
  readonly path: Path
  readonly key: string
  readonly at: number
  readonly column: number
}

/** The expression of a node; undefined where the page is too wrong. Comments inside it go to `hoisted`. */
export function value(r: Reading, node: ParsedNode | null, spot: Spot, hoisted: string[]): Expr | undefined {
  if (node === null || isEmpty(node, r)) {
    const start = node?.range[0] ?? spot.at
    r.holes.push({ path: spot.path, key: spot.key, span: { source: r.page, start, end: start } })
    return undefined
  }
  if (isAlias(node)) {
    r.say.noAlias(spanOf(r, node), { name: node.source })
    return undefined
  }
  if (node.tag !== undefined && !node.tag.startsWith('tag:yaml.org')) r.say.noTag(spanOf(r, node), { tag: node.tag })
  if (isMap(node)) return mapping(r, node, spot, hoisted)
  if (isSeq(node)) return list(r, node, spot)
  return isScalar(node) ? scalar(r, node, spot, hoisted) : undefined
}

/** Whether a mapping says what it amends. JSON quotes every key, so only `'is'` is a field of that name. */
export function amends(node: MapNode): boolean {
  const key = node.items[0]?.key
  return isScalar(key) && key.value === 'is' && key.type !== 'QUOTE_SINGLE'
}

function mapping(r: Reading, node: MapNode, spot: Spot, hoisted: string[]): Expr | undefined {
  if (!amends(node)) return record(r, node, spot)
  const first = node.items[0] as PairNode
  hoisted.push(...r.comments.takeLines(first.key.range[0]))
  const column = columnOf(r.page.text, first.key.range[0])
  const path = [...spot.path, 'is']
  const target = value(
    r,
    first.value,
    { place: { ...base, kind: spot.place.kind }, path, key: 'is', at: first.key.range[1], column },
    hoisted,
  )
  const opener = r.comments.takeOpener(openerOfPair(first, r.page.text))
  hoisted.push(...(opener === undefined ? [] : [opener]), ...r.comments.takeLines(lineEnd(r, endOfPair(first, r.page.text))))
  const rest = record(r, node, spot, 1)
  if (target === undefined) return undefined
  if (target.kind !== 'record') {
    if (isScalar(first.value) && target.kind !== 'string') checkChain(r, first.value, operand(target) !== target)
    return { kind: 'amend', span: spanOf(r, node), target: operand(target), record: rest }
  }
  if (rest.fields.length > 0) r.say.literalBase(target.span, undefined)
  return { ...target, tail: [...target.tail, ...rest.tail] }
}

/** On a page of ours an amendment's braces end the chain of operations before them, and so do parentheses around that. */
function checkChain(r: Reading, node: ScalarNode, parenthesised: boolean): void {
  const { text } = excerptOf(node, r.page.text)
  if (text.length < longestChain) return
  const { tokens } = lex({ name: '', text: parenthesised ? `(${text}\n){}` : `${text}\n{}` }, new Report())
  if (tooDeep(tokens)?.chain) r.report.using(grammarMessages).chainTooLong(spanOf(r, node), { limit: longestChain })
}

/** What an amendment binds to: on a page of ours, of `a + b { … }` only `b`, and in `2 steps { … }` `steps` would be a field. */
function operand(e: Expr): Expr {
  const loose = e.kind === 'unary' || e.kind === 'binary' || e.kind === 'if' || (e.kind === 'number' && e.unit !== undefined)
  return loose ? { kind: 'paren', span: e.span, inner: e } : e
}

/** The offset behind a comment on this line. */
function lineEnd({ page: { text } }: Reading, offset: number): number {
  const end = text.indexOf('\n', offset)
  return end < 0 ? text.length : end
}

/** The fields of a mapping from number `skip` on. */
export function record(r: Reading, node: MapNode, { place, path, column }: Spot, skip = 0): RecordExpr {
  const { text } = r.page
  const pairs = uncut(r, node.items as readonly PairNode[], node, (pair) => pair.value).slice(skip)
  const fields = pairs.flatMap((pair) => field(r, pair, place, path) ?? [])
  const flow = node.flow === true
  const tail = flow ? r.comments.takeTail(node.range[1]) : r.comments.takeIndented(endOf(node, text), column)
  // Indentation breaks every line, so only the number of fields and blank lines tell how the author would have set them.
  const broken = flow
    ? text.slice(node.range[0], pairs[0]?.key.range[0] ?? node.range[0]).includes('\n')
    : path.length < 2 || pairs.length > 6 || fields.some(({ trivia }, i) => i > 0 && trivia.gap)
  return { kind: 'record', span: spanOf(r, node), fields, broken: broken && fields.length > 0, tail }
}

function field(r: Reading, pair: PairNode, { kind }: Place, path: Path): Field | undefined {
  const { key, value: node } = pair
  const [start, end] = [startOfPair(pair, r.page.text), endOfPair(pair, r.page.text)]
  const { built, trivia } = r.comments.around(start, end, openerOfPair(pair, r.page.text), (hoisted) => {
    const excerpt = isScalar(key) ? excerptOf(key, r.page.text) : made('', key.range[0])
    const name = excerpt.text
    if (!/^[A-Za-z]\w*'*$/.test(name)) {
      r.say.notAField(spanOf(r, key), { text: name })
      return undefined
    }
    const spot = {
      place: placeOfField(kind, name),
      path: [...path, name],
      key: name,
      at: key.range[1],
      column: columnOf(r.page.text, start),
    }
    // Without the quotes around it: whoever changes the name leaves them there.
    const ident = { name, span: placed({ start: 0, end: name.length }, excerpt, r.page) }
    if (isMap(node) && !amends(node)) return { name: ident, amend: record(r, node, spot) }
    const found = value(r, node, spot, hoisted)
    return found && { name: ident, value: found }
  })
  return built && { ...built, span: { source: r.page, start, end }, trivia, doc: docOf(trivia.before) }
}

function list(r: Reading, node: Extract<ParsedNode, { items: unknown }>, { place, path, key, column }: Spot): ListExpr {
  const { text } = r.page
  const items: Expr[] = []
  const trivia: Trivia[] = []
  const flow = node.flow === true
  uncut(r, node.items as readonly ParsedNode[], node, (item) => item).forEach((item, i) => {
    const start = flow ? item.range[0] : dashBefore(text, item.range[0])
    const spot = { place: place.item ?? { text: 'maybe' }, path: [...path, i], key, at: start, column: columnOf(text, start) } as const
    const around = r.comments.around(start, endOf(item, text), flow ? -1 : start, (hoisted) => value(r, item, spot, hoisted))
    if (around.built === undefined) return
    items.push(around.built)
    trivia.push(around.trivia)
  })
  const tail = flow ? r.comments.takeTail(node.range[1]) : r.comments.takeIndented(endOf(node, text), column)
  const commented = tail.length > 0 || trivia.some(({ before, after }) => before.length > 0 || after !== undefined)
  const opening = text.slice(node.range[0], (node.items[0] as ParsedNode | undefined)?.range[0] ?? node.range[0])
  const broken = items.length > 0 && (!flow || opening.includes('\n'))
  return { kind: 'list', span: spanOf(r, node), items, broken, ...(commented && { trivia, tail }) }
}

/** The dash that opens an item; comments may stand between. */
function dashBefore(text: string, start: number): number {
  let at = start
  for (;;) {
    const line = text.lastIndexOf('\n', at - 1) + 1
    const dash = /-[ \t]*(#[^\n]*)?$/.exec(text.slice(line, at).trimEnd())
    if (dash !== null) return line + dash.index
    if (line === 0) return start
    at = line - 1
  }
}

function scalar(r: Reading, node: ScalarNode, { place, key }: Spot, hoisted: string[]): Expr | undefined {
  const excerpt = excerptOf(node, r.page.text)
  if (isQuoted(node)) {
    return r.json && isExpression(place, excerpt.text) ? code(r, excerpt, holdsOf(node), hoisted) : quotedText(r.page, node)
  }
  if (place.text === 'only') return textOrExpression(r, node, excerpt, key)
  const found = code(r, excerpt, holdsOf(node), hoisted)
  // An expression that begins with a quote stands in parentheses, because YAML would take it for a string.
  return found?.kind === 'paren' && !isBlock(node) && /^[(\s]+"/.test(excerpt.text) ? found.inner : found
}

/** JSON has only quoted scalars: they are expressions where no text can stand, and numbers where both can. */
function isExpression({ text }: Place, written: string): boolean {
  if (text !== 'maybe') return text === 'never'
  const { expr, diagnostics } = parseExpression({ name: '', text: written })
  return diagnostics.length === 0 && expr?.kind === 'number' && (expr.suffix ?? expr.unit) !== undefined
}

/** Between YAML's own brackets a comma ends a plain scalar, even inside our parentheses; what follows then is no item. */
function uncut<T>(
  r: Reading,
  items: readonly T[],
  { flow }: { readonly flow?: boolean },
  valueOf: (item: T) => ParsedNode | null,
): readonly T[] {
  const at = flow === true ? items.findIndex((item) => cutByComma(r, valueOf(item))) : -1
  if (at < 0) return items
  r.say.commaInFlow(spanOf(r, valueOf(items[at]!)!), undefined)
  return items.slice(0, at)
}

function cutByComma({ page: { text } }: Reading, node: ParsedNode | null): boolean {
  if (!isScalar(node) || node.type !== 'PLAIN') return false
  const own = text.slice(node.range[0], node.range[1]).replace(/"(\\.|[^"\\])*"/g, '')
  const count = (mark: RegExp): number => own.match(mark)?.length ?? 0
  return count(/[([]/g) > count(/[)\]]/g) && /^\s*,/.test(text.slice(node.range[1]))
}

/** Where only a text can stand, a plain scalar is one; an expression stands in parentheses. */
function textOrExpression(r: Reading, node: ScalarNode, excerpt: Excerpt, key: string): Expr | undefined {
  const { expr, diagnostics } = parseExpression({ name: r.page.name, text: excerpt.text })
  const sound = expr !== undefined && diagnostics.length === 0
  if (sound && expr.kind === 'paren') return relocate(expr.inner, excerpt, r.page)
  if (
    sound &&
    ((expr.kind === 'name' && r.names.has(expr.name)) || (!isBlock(node) && expr.kind !== 'string' && excerpt.text.includes('"')))
  ) {
    const span = spanOf(r, node)
    r.say.textOrExpression(span, { key, text: excerpt.text, span })
    return undefined
  }
  return blockText(r.page, node, excerpt)
}

/** The tree of an expression's text, with the comments that it holds. */
function code(r: Reading, excerpt: Excerpt, holds: Holds, hoisted: string[]): Expr | undefined {
  const { expr, diagnostics } = parseExpression({ name: r.page.name, text: excerpt.text })
  passOn(r, diagnostics, excerpt, holds)
  if (diagnostics.length > 0 || !excerpt.text.includes('#')) return expr && relocate(expr, excerpt, r.page)
  // Only a declaration keeps the comments around an expression.
  const whole = joined(made('let it = ', excerpt.place(0)), excerpt)
  const { module } = parse({ name: r.page.name, text: whole.text })
  const [item] = module.items
  if (item?.kind !== 'let') return undefined
  const { before, after } = item.trivia
  hoisted.push(...before, ...(after === undefined ? [] : [after]), ...module.tail.filter((line) => line !== ''))
  return relocate(item.value, whole, r.page)
}
