// A key of the page and what stands behind it → a declaration. The words of the key are read by the grammar of pages,
// and so is the code of an op or a block, which goes on where its key ends.
import { isMap, isScalar } from 'yaml'
import type { Declaration, Expr, Ident, StringExpr, Use } from '../../grammar/ast.ts'
import { parse } from '../../grammar/parse.ts'
import type { Span } from '../../grammar/source.ts'
import { docOf } from '../../grammar/trivia.ts'
import { reserved } from '../../grammar/words.ts'
import { excerptOf, joined, made, relocate, spelled, type Excerpt, type ScalarNode } from './excerpt.ts'
import { anything, placeOfNoun } from './places.ts'
import {
  endOfPair,
  holdsAnything,
  holdsOf,
  isEmpty,
  isQuoted,
  openerOfPair,
  passOn,
  spanOf,
  startOfPair,
  type PairNode,
  type Reading,
} from './reading.ts'
import { blockText, quotedText } from './text.ts'
import { amends, record, value, type Spot } from './values.ts'

/** A declaration without its comments. */
type Bare<T> = T extends unknown ? Omit<T, 'trivia' | 'doc' | 'span'> & { readonly span?: Span } : never

/** The declaration of a pair; undefined where it is too wrong, which is reported. */
export function declaration(r: Reading, pair: PairNode): Declaration | undefined {
  const { key } = pair
  const [start, end] = [startOfPair(pair, r.page.text), endOfPair(pair, r.page.text)]
  const { built, trivia } = r.comments.around(start, end, openerOfPair(pair, r.page.text), (hoisted) => {
    if (!isScalar(key)) {
      r.say.notAKey(spanOf(r, key), undefined)
      return undefined
    }
    const head = excerptOf(key, r.page.text)
    switch (/^\w*/.exec(head.text)![0]) {
      case 'use':
        return use(r, pair, head)
      case 'op':
      case 'block':
        return code(r, pair, head, hoisted)
      default:
        return bound(r, pair, head, hoisted)
    }
  })
  return built && { span: { source: r.page, start, end }, ...built, trivia, doc: docOf(trivia.before) }
}

/** What the words of a key declare, when `rest` stands behind them. */
function headOf(r: Reading, head: Excerpt, rest: Excerpt, end: number): Declaration | undefined {
  const whole = joined(head, rest)
  const { module, diagnostics } = parse({ name: r.page.name, text: whole.text })
  // The words of one key are one mistake.
  passOn(r, diagnostics.slice(0, 1), whole, holdsAnything)
  if (diagnostics.length === 0 && module.items.length > 1) r.say.oneEach({ source: r.page, start: head.place(0), end }, { key: head.text })
  return diagnostics.length > 0 || module.items.length !== 1 ? undefined : relocate(module.items[0]!, whole, r.page)
}

/** `let`, `param` and nouns. */
function bound(r: Reading, { key, value: node }: PairNode, head: Excerpt, hoisted: string[]): Bare<Declaration> | undefined {
  const path = [head.text]
  const spot = (place: Spot['place']): Spot => ({ place, path, key: head.text, at: key.range[1], column: 0 })
  if (/^param\b/.test(head.text) && isEmpty(node, r)) return headOf(r, head, made('', key.range[1]), key.range[1])
  const amended = isMap(node) && !amends(node)
  const item = headOf(r, head, made(amended && !/^(let|param)\b/.test(head.text) ? ' {}' : ' = 0', key.range[1]), key.range[1])
  if (item?.kind === 'noun') {
    const at = spot(placeOfNoun(item.noun.name))
    const found = amended ? record(r, node, at) : value(r, node, at, hoisted)
    return found && { kind: 'noun', noun: item.noun, name: item.name, ...(item.case && { case: item.case }), value: found }
  }
  // What the key could not say, its value still may: mistakes in it are reported too.
  const found: Expr | undefined = value(r, node, spot(anything), hoisted)
  if ((item?.kind !== 'let' && item?.kind !== 'param') || found === undefined) return undefined
  return { kind: item.kind, name: item.name, ...(item.type && { type: item.type }), value: found }
}

/** `op name:` and the code after the name. */
function code(r: Reading, { key, value: node }: PairNode, head: Excerpt, hoisted: string[]): Bare<Declaration> | undefined {
  if (!isScalar(node) || isEmpty(node, r)) {
    const at = node === null ? spanOf(r, key) : spanOf(r, node)
    r.holes.push({ path: [head.text], key: head.text, span: at })
    return undefined
  }
  const body = excerptOf(node, r.page.text)
  const before = joined(head, made(/^\s*[[(]/.test(body.text) ? '' : ' ', key.range[1]))
  const whole = joined(before, body)
  const { module, diagnostics } = parse({ name: r.page.name, text: whole.text })
  passOn(r, diagnostics, whole, holdsOf(node))
  const [item, more] = module.items
  if (more !== undefined) r.say.oneEach(spanOf(r, key), { key: head.text })
  if (item?.kind !== 'op' && item?.kind !== 'block') return undefined
  const { after } = item.trivia
  hoisted.push(...item.trivia.before, ...(after === undefined ? [] : [after]), ...module.tail.filter((line) => line !== ''))
  // Keys of stages count code by its text, which must be that of a page.
  const { start, end } = item.span
  const span = spelled(r.page, key.range[0], whole.text.slice(start, end), (at) => whole.place(start + at))
  return { ...relocate(item, whole, r.page), span }
}

/** `use NAME: library`, `use NAME: "file"`, or all of it in the key. */
function use(r: Reading, { key, value: node }: PairNode, head: Excerpt): Bare<Use> | undefined {
  if (isEmpty(node, r)) {
    const item = headOf(r, head, made('', key.range[1]), key.range[1])
    return item?.kind === 'use' ? { kind: 'use', target: item.target, ...(item.alias && { alias: item.alias }) } : undefined
  }
  if (!isScalar(node)) {
    r.holes.push({ path: [head.text], key: head.text, span: spanOf(r, node!) })
    return undefined
  }
  const named = headOf(r, head, made('', key.range[1]), key.range[1])
  if (named?.kind !== 'use') return undefined
  if (!('name' in named.target) || named.alias !== undefined) {
    r.say.useForm(spanOf(r, key), undefined)
    return undefined
  }
  return { kind: 'use', ...targetOf(r, node, named.target) }
}

function targetOf(r: Reading, node: ScalarNode, name: Ident): { readonly target: Ident | StringExpr; readonly alias?: Ident } {
  if (isQuoted(node)) return libraryOr(r, quotedText(r.page, node), name)
  const excerpt = excerptOf(node, r.page.text)
  const [, target, , alias] = /^([A-Za-z]\w*'*)(\s+as\s+([A-Za-z]\w*'*))?\s*$/.exec(excerpt.text) ?? []
  if (target === undefined || !isFree(target)) return { target: blockText(r.page, node, excerpt), alias: name }
  if (alias !== undefined && alias !== name.name) r.say.useForm(spanOf(r, node), undefined)
  const start = excerpt.place(0)
  const ident = { name: target, span: { source: r.page, start, end: start + target.length } }
  return target === name.name && alias === undefined ? { target: ident } : { target: ident, alias: name }
}

/** In JSON a library's name is quoted like a file's, which has a dot. */
function libraryOr(r: Reading, text: StringExpr, name: Ident): { readonly target: Ident | StringExpr; readonly alias?: Ident } {
  if (!r.json || !/^[A-Za-z]\w*$/.test(text.value) || !isFree(text.value)) return { target: text, alias: name }
  const target = { name: text.value, span: text.span }
  return text.value === name.name ? { target } : { target, alias: name }
}

/** Whether a library may have the name. */
function isFree(word: string): boolean {
  return !(reserved as readonly string[]).includes(word)
}
