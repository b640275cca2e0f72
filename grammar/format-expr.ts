// Expressions → text: on one line where the author had one and it fits, else broken at the outermost
// bracket or before the loosest operator. A choice depends only on what a second reading will see again,
// so formatting twice changes nothing.
import type { Arg, BinaryExpr, Expr, Field, Formal, ListExpr, RecordExpr, Trivia, TypeExpr } from './ast.ts'
import { printRows, type Row } from './format-rows.ts'
import { strength } from './precedence.ts'
import { textOf } from './source.ts'
import { spell } from './string.ts'

export const widest = 96
/** Names longer than this keep out of shared columns. */
export const longestKey = 10

/** Where a text begins: its line's indentation, its own column, and the letters that follow it on the last line. */
export interface Place {
  readonly indent: number
  readonly column: number
  readonly reserve?: number
}

/** The text of an expression at a place; lines after the first carry their whole indentation. */
export function layout(e: Expr, place: Place): string {
  const line = flat(e)
  if (line !== undefined && fits(line, place)) return line
  switch (e.kind) {
    case 'record':
      return brokenRecord(e, place.indent)
    case 'list':
      return brokenList(e, place.indent)
    case 'amend':
      return join(e.target, ' ', e.record, place)
    case 'call':
      return call(layout(e.callee, { ...place, reserve: 1 }), e.args, place)
    case 'index': {
      const target = layout(e.target, place)
      const entries = e.entries.map(({ name, value }) => (value ? `${name.name}: ${layout(value, place)}` : name.name))
      return `${target}[${entries.join(', ')}]`
    }
    case 'member':
      return `${layout(e.target, place)}.${e.name.name}`
    case 'unary':
      return prefixOf(e.op) + layout(e.value, { ...place, column: place.column + prefixOf(e.op).length })
    case 'binary':
      return brokenBinary(e, place)
    case 'if': {
      const inner = place.indent + 2
      const start = '\n' + ' '.repeat(inner)
      const test = layout(e.test, { indent: inner, column: place.column + 3 })
      const then = layout(e.then, { indent: inner, column: inner + 5 })
      return `if ${test}${start}then ${then}${start}else ${layout(e.else, { ...place, column: inner + 5 })}`
    }
    case 'paren':
      return `(${layout(e.inner, { indent: place.indent, column: place.column + 1, reserve: 1 + (place.reserve ?? 0) })})`
    case 'wgsl':
      return `wgsl ${stringOf(e.code)}`
    case 'string':
      return stringOf(e)
    case 'number':
    case 'boolean':
    case 'name':
      return line ?? ''
    default:
      return e satisfies never
  }
}

/** The text on one line, or undefined if the author or a comment broke it. */
export function flat(e: Expr): string | undefined {
  switch (e.kind) {
    case 'number':
      return e.text
    case 'name':
      return e.name
    case 'boolean':
      return String(e.value)
    case 'string':
      return onOneLine(stringOf(e))
    case 'wgsl':
      return onOneLine(`wgsl ${stringOf(e.code)}`)
    case 'list': {
      const items = e.broken || e.trivia !== undefined ? undefined : all(e.items.map(flat))
      return e.items.length === 0 && e.trivia === undefined ? '[]' : items && `[${items.join(', ')}]`
    }
    case 'record':
      return flatRecord(e)
    case 'call': {
      const parts = all([flat(e.callee), ...e.args.map(flatArg)])
      return parts && `${parts[0]}(${parts.slice(1).join(', ')})`
    }
    case 'index': {
      const target = flat(e.target)
      const entries = all(e.entries.map(({ name, value }) => (value ? prefixed(`${name.name}: `, flat(value)) : name.name)))
      return entries && target && `${target}[${entries.join(', ')}]`
    }
    case 'member':
      return suffixed(flat(e.target), `.${e.name.name}`)
    case 'amend':
      return all([flat(e.target), flatRecord(e.record)])?.join(' ')
    case 'unary':
      return prefixed(prefixOf(e.op), flat(e.value))
    case 'binary':
      return all([flat(e.left), e.op, flat(e.right)])?.join(' ')
    case 'if': {
      const parts = all([flat(e.test), flat(e.then), flat(e.else)])
      return parts && `if ${parts[0]} then ${parts[1]} else ${parts[2]}`
    }
    case 'paren':
      return suffixed(prefixed('(', flat(e.inner)), ')')
    default:
      return e satisfies never
  }
}

export function typeText(type: TypeExpr): string {
  const dims = type.dims && `[${type.dims.map(({ name }) => name).join(', ')}]`
  return (type.element?.name ?? '') + (dims ?? '')
}

export function formalText({ name, type, value }: Formal, indent: number): string {
  return name.name + (type ? `: ${typeText(type)}` : '') + (value ? ` = ${layout(value, { indent, column: indent })}` : '')
}

const prefixOf = (op: '-' | 'not'): string => (op === 'not' ? 'not ' : '-')
const prefixed = (prefix: string, text: string | undefined): string | undefined => (text === undefined ? undefined : prefix + text)
const suffixed = (text: string | undefined, suffix: string): string | undefined => (text === undefined ? undefined : text + suffix)
const onOneLine = (text: string): string | undefined => (text.includes('\n') ? undefined : text)
const fits = (line: string, { column, reserve = 0 }: Place): boolean => column + line.length + reserve <= widest

function all(texts: readonly (string | undefined)[]): readonly string[] | undefined {
  return texts.every((text) => text !== undefined) ? texts : undefined
}

/** The column after a text that began at `column`. */
function columnAfter(text: string, column: number): number {
  const newline = text.lastIndexOf('\n')
  return newline < 0 ? column + text.length : text.length - newline - 1
}

/** Strings keep the spelling of their source, escapes included; one that came from elsewhere is spelled anew. */
function stringOf(e: Extract<Expr, { kind: 'string' }>): string {
  const source = textOf(e.span)
  return source.startsWith('"') ? source.replace(/\r+\n/g, '\n') : spell(e.value)
}

function join(target: Expr, between: string, record: RecordExpr, place: Place): string {
  const head = layout(target, { ...place, reserve: 2 }) + between
  return head + layout(record, { ...place, column: columnAfter(head, place.column) })
}

function flatArg({ name, value }: Arg): string | undefined {
  return prefixed(name ? `${name.name}: ` : '', flat(value))
}

function printArg({ name, value }: Arg, place: Place): string {
  const head = name ? `${name.name}: ` : ''
  return head + layout(value, { ...place, column: place.column + head.length })
}

/** Arguments that do not fit: a bracketed last one opens on the line of the call, otherwise one argument a line. */
function call(callee: string, args: readonly Arg[], place: Place): string {
  const last = args.at(-1)
  if (last === undefined) return `${callee}()`
  const others = all(args.slice(0, -1).map(flatArg))
  if (others !== undefined && ['record', 'list', 'amend', 'string', 'wgsl'].includes(last.value.kind)) {
    const head = `${callee}(${others.map((text) => `${text}, `).join('')}`
    return `${head}${printArg(last, { ...place, column: columnAfter(head, place.column), reserve: 1 + (place.reserve ?? 0) })})`
  }
  const inner = place.indent + 2
  const lines = args.map((arg) => ' '.repeat(inner) + printArg(arg, { indent: inner, column: inner, reserve: 1 }))
  return `${callee}(\n${lines.join(',\n')}\n${' '.repeat(place.indent)})`
}

/** One operand a line, each after the first behind its operator. A row of equally strong ones, `a + b - c`, is one level, not three. */
function brokenBinary(e: BinaryExpr, place: Place): string {
  const inner = place.indent + 2
  const [first, ...others] = e.op === '^' ? powersIn(e) : operandsIn(e)
  const rows = others.map(({ op, value }) => {
    return `${op} ${layout(value, { indent: inner, column: inner + op.length + 1, reserve: place.reserve })}`
  })
  return [layout(first!.value, { indent: inner, column: place.column }), ...rows].join('\n' + ' '.repeat(inner))
}

/** An operand, and what stands in front of it. */
interface Operand {
  readonly op: string
  readonly value: Expr
}

function operandsIn(e: BinaryExpr): readonly Operand[] {
  const operands: Operand[] = []
  let left: Expr = e
  for (; left.kind === 'binary' && strength[left.op] === strength[e.op]; left = left.left) operands.push({ op: left.op, value: left.right })
  return [{ op: '', value: left }, ...operands.reverse()]
}

/** Powers bind to the right. */
function powersIn(e: BinaryExpr): readonly Operand[] {
  const operands: Operand[] = []
  let right: Expr = e
  for (; right.kind === 'binary' && right.op === '^'; right = right.right) operands.push({ op: '^', value: right.left })
  return [...operands, { op: '^', value: right }]
}

function brokenList(e: ListExpr, indent: number): string {
  const inner = indent + 2
  const rows = e.items.map((item, i): Row => {
    const { before = [], after }: Partial<Trivia> = e.trivia?.[i] ?? {}
    return {
      trivia: { before, after, gap: false },
      width: 0,
      print: () => layout(item, { indent: inner, column: inner, reserve: 1 }) + ',',
    }
  })
  return ['[', ...printRows(rows, e.tail ?? [], inner), ' '.repeat(indent) + ']'].join('\n')
}

function flatRecord(e: RecordExpr): string | undefined {
  if (e.fields.length === 0 && e.tail.length === 0) return '{}'
  if (e.broken || e.tail.length > 0) return undefined
  const fields = all(e.fields.map(flatField))
  return fields && `{ ${fields.join(', ')} }`
}

function flatField({ name, value, amend, trivia }: Field): string | undefined {
  if (trivia.before.length > 0 || trivia.after !== undefined) return undefined
  return value ? prefixed(`${name.name}: `, flat(value)) : amend && prefixed(`${name.name} `, flatRecord(amend))
}

function brokenRecord(e: RecordExpr, indent: number): string {
  const rows = e.fields.map((field) => fieldRow(field, indent + 2))
  return ['{', ...printRows(rows, e.tail, indent + 2), ' '.repeat(indent) + '}'].join('\n')
}

function fieldRow({ name: { name }, value, amend, trivia }: Field, indent: number): Row {
  if (value === undefined) {
    const head = `${name} `
    return { trivia, width: 0, print: () => (amend ? head + layout(amend, { indent, column: indent + head.length }) : name) }
  }
  const run = name.length <= longestKey && staysOnLine(value, indent + longestKey + 2) ? 'field' : undefined
  const print = (pad: number): string => {
    const head = `${name}: ${' '.repeat(pad)}`
    return head + layout(value, { indent, column: indent + head.length })
  }
  return { trivia, run, width: name.length, print }
}

/** Whether a value is one line at any column up to `column`: it fits there, or there is nothing in it to break. */
export function staysOnLine(value: Expr, column: number): boolean {
  const line = flat(value)
  return line !== undefined && (fits(line, { indent: 0, column }) || ['string', 'number', 'name', 'boolean'].includes(value.kind))
}
