// Module → YAML text, one form for each tree. Every comment is kept at its item, every declaration in its order;
// reading the text gives the tree again. Records go over several lines; lists stay in one where the author had them so.
import type { Declaration, Expr, Field, ListExpr, Module, NumberExpr, RecordExpr, StringExpr, Trivia, Use } from '../../grammar/ast.ts'
import { typeText } from '../../grammar/format-expr.ts'
import { format } from '../../grammar/format.ts'
import { parse } from '../../grammar/parse.ts'
import { anything, base, placeOfField, placeOfNoun, type Place } from './places.ts'
import { codeBlock, isPlain, plain, quoted, scalarOf, type Written } from './write-scalar.ts'

/** The text of a module without syntax errors, with LF line ends and one at the end; an empty module is an empty text. */
export function writeYaml(module: Module): string {
  const lines = [...module.items.flatMap((item, i) => withComments(declarationLines(module, item), item.trivia, i === 0)), ...module.tail]
  return lines.length === 0 ? '' : lines.join('\n') + '\n'
}

/** The canonical layout of a page in its second form: declarations in the order that format() gives them. */
export function formatYaml(module: Module): string {
  return writeYaml(parse({ name: module.source.name, text: format(module) }).module)
}

function withComments(lines: readonly string[], { before, gap }: Trivia, first: boolean): readonly string[] {
  return [...(gap && !first ? [''] : []), ...before, ...lines]
}

function declarationLines(module: Module, item: Declaration): readonly string[] {
  const { after } = item.trivia
  switch (item.kind) {
    case 'use':
      return useLines(item, after)
    case 'let':
    case 'param': {
      const head = `${item.kind} ${item.name.name}${item.type ? `: ${typeText(item.type)}` : ''}`
      return pair(key(head), item.value === undefined ? { inline: '' } : written(item.value, anything), after)
    }
    case 'noun': {
      const { noun, name, value } = item
      const head = `${noun.name} ${name.name}${item.case ? `(${caseText(item.case)})` : ''}`
      const place = placeOfNoun(noun.name)
      return pair(key(head), value.kind === 'record' ? recordBlock(value, place) : written(value, place), after)
    }
    case 'op':
    case 'block': {
      const head = `${item.kind} ${item.name.name}`
      const bare = { ...item, trivia: { before: [], gap: false } }
      const code = format({ ...module, items: [bare], tail: [] })
        .slice(head.length)
        .trim()
      return pair(key(head), codeBlock(code), after)
    }
    default:
      return item satisfies never
  }
}

/** `use NAME: …`, with the comment behind it. */
export function useLines({ target, alias }: Use, after: string | undefined): readonly string[] {
  if ('name' in target) {
    const same = alias?.name === target.name ? ` as ${alias.name}` : ''
    return pair(key(`use ${alias?.name ?? target.name}`), { inline: target.name + same }, after)
  }
  if (alias === undefined) return pair(key(`use ${caseText(target)}`), { inline: '' }, after)
  return pair(key(`use ${alias.name}`), { inline: quoted(target.value) }, after)
}

const caseText = (value: NumberExpr | StringExpr): string => (value.kind === 'number' ? value.text : plain(value)!)
const key = (text: string): string => (isPlain(text, false) ? text : quoted(text))
const inside = (lines: readonly string[]): string[] => lines.map((line) => (line === '' ? '' : `  ${line}`))
const behind = (after: string | undefined): string => (after === undefined ? '' : `  ${after}`)

/** `key: value`; the comment behind a value of several lines goes behind the key. */
function pair(name: string, value: Written, after: string | undefined): readonly string[] {
  if (name.length > longestImplicitKey) return [`? ${name}`, ...pair('', value, after)]
  if ('inline' in value) return [`${name}:${value.inline === '' ? '' : ` ${value.inline}`}${behind(after)}`]
  return [`${name}:${value.header === undefined ? '' : ` ${value.header}`}${behind(after)}`, ...inside(value.lines)]
}

/** YAML looks no further than 1024 letters for the colon behind a key, but for one that a question mark announces. */
const longestImplicitKey = 1000

function written(e: Expr, place: Place): Written {
  switch (e.kind) {
    case 'list':
      return list(e, place.item ?? anything)
    case 'record':
      // Without `is` a mapping behind a key would amend.
      return { lines: pair('is', recordBlock(e, place), undefined) }
    case 'amend': {
      // A chain, `a { … } { … }`, is no nesting, and as long a one may be written as on a page of ours.
      const chain = e.target.kind === 'amend' ? onOneLine(e.target) : undefined
      const at = { ...base, kind: place.kind }
      const target = chain && plain(chain) !== undefined ? scalarOf(chain, at) : written(e.target, at)
      return { lines: [...pair('is', target, undefined), ...fieldLines(e.record, place)] }
    }
    default:
      return scalarOf(e, place)
  }
}

/** The same, as if its author had written it on one line. */
function onOneLine(tree: Expr): Expr {
  const whole = (part: unknown): unknown => {
    if (typeof part !== 'object' || part === null) return part
    if (Array.isArray(part)) return part.map(whole)
    const entries = Object.entries(part as Readonly<Record<string, unknown>>)
    return Object.fromEntries(entries.map(([name, inner]) => [name, name === 'broken' ? false : name === 'span' ? inner : whole(inner)]))
  }
  return whole(tree) as Expr
}

function recordBlock(record: RecordExpr, place: Place): Written {
  if (record.fields.length > 0) return { lines: fieldLines(record, place) }
  return record.tail.length === 0 ? { inline: '{}' } : { lines: ['{', ...inside(record.tail), '}'] }
}

function fieldLines({ fields, tail }: RecordExpr, place: Place): readonly string[] {
  const lines = fields.flatMap((field, i) => withComments(fieldPair(field, place), field.trivia, i === 0))
  return [...lines, ...(fields.length === 0 && tail[0] === '' ? tail.slice(1) : tail)]
}

function fieldPair({ name: { name }, value, amend, trivia: { after } }: Field, { kind }: Place): readonly string[] {
  const place = placeOfField(kind, name)
  const own = name === 'is' ? "'is'" : name
  if (amend !== undefined) return pair(own, recordBlock(amend, place), after)
  return value === undefined ? [] : pair(own, written(value, place), after)
}

function list({ items, broken, trivia = [], tail = [] }: ListExpr, place: Place): Written {
  const all = items.map((item) => itemOf(item, place))
  if (trivia.length === 0 && tail.length === 0 && !broken) {
    const flow = all.map((item, i) => ('inline' in item && fitsFlow(items[i]!, item.inline) ? item.inline : undefined))
    if (flow.every((text) => text !== undefined)) return { inline: `[${flow.join(', ')}]` }
  }
  if (items.length === 0) return { lines: ['[', ...inside(tail), ']'] }
  const lines = all.flatMap((item, i) => [...(trivia[i]?.before ?? []), ...dashed(item, trivia[i]?.after)])
  return { lines: [...lines, ...tail] }
}

/** In a list a mapping without `is` has nothing to amend: it is a record. */
function itemOf(item: Expr, place: Place): Written {
  return item.kind === 'record' ? recordBlock(item, place) : written(item, place)
}

function fitsFlow(item: Expr, text: string): boolean {
  return item.kind === 'string' || item.kind === 'list' || isPlain(text, true)
}

function dashed(item: Written, after: string | undefined): readonly string[] {
  if ('inline' in item) return [`- ${item.inline}${behind(after)}`]
  if (item.header !== undefined) return [`- ${item.header}${behind(after)}`, ...inside(item.lines)]
  const [first = '', ...rest] = item.lines
  if (after !== undefined || first === '' || first.startsWith('#')) return [`-${behind(after)}`, ...inside(item.lines)]
  return [`- ${first}`, ...inside(rest)]
}
