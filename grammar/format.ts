// Module → canonical text, without options. Comments stay with their items, numbers and strings keep their
// spelling, and what is formatted already comes back unchanged. Only for trees without syntax errors.
import type { BlockDecl, Body, Declaration, Formal, Ident, Module, Noun, OpDecl, Statement, TypeExpr } from './ast.ts'
import { formalText, layout, longestKey, staysOnLine, typeText } from './format-expr.ts'
import { printRows, type Row } from './format-rows.ts'

/** The text of a module, with LF line ends and one at the end; an empty module is an empty text. */
export function format(module: Module): string {
  const { header, items } = arranged(module.items)
  const rows = items.map((item) => declarationRow(item))
  const lines = [...header, ...printRows(rows, module.tail, 0)]
  return lines.length === 0 ? '' : lines.join('\n') + '\n'
}

const rank = ({ kind }: Declaration): number => (kind === 'use' ? 0 : kind === 'param' ? 1 : 2)

/** `use` first, then `param`, then the rest in the author's order; the comment at the top of the file stays there. */
function arranged(items: readonly Declaration[]): { header: readonly string[]; items: readonly Declaration[] } {
  const sorted = items.toSorted((a, b) => rank(a) - rank(b))
  const first = items[0]
  if (first === undefined || sorted.every((item, i) => item === items[i])) return { header: [], items }
  const { before } = first.trivia
  const split = first === sorted[0] ? 0 : Math.max(before.lastIndexOf('') + 1, before[0]?.startsWith('#!') ? 1 : 0)
  const rest: Declaration = { ...first, trivia: { ...first.trivia, before: before.slice(split) } }
  const moved = sorted.map((item, i) => {
    const above = sorted[i - 1]
    const kept = item === first ? rest : item
    if (above === undefined || items[items.indexOf(item) - 1] === above) return kept
    return { ...kept, trivia: { ...kept.trivia, gap: kept.trivia.gap || rank(above) !== rank(item) } }
  })
  return { header: before.slice(0, split), items: moved }
}

function declarationRow(item: Declaration): Row {
  const { trivia } = item
  switch (item.kind) {
    case 'use': {
      const target = 'kind' in item.target ? layout(item.target, { indent: 0, column: 4 }) : item.target.name
      return { trivia, width: 0, print: () => `use ${target}${item.alias ? ` as ${item.alias.name}` : ''}` }
    }
    case 'let':
    case 'param':
      return binding(item, item.kind, 0)
    case 'noun':
      return nounRow(item)
    case 'op':
      return { trivia, width: 0, print: () => opText(item) }
    case 'block':
      return { trivia, width: 0, print: () => blockText(item) }
    default:
      return item satisfies never
  }
}

function nounRow(item: Noun): Row {
  const start = `${item.noun.name} ${item.name.name}`
  const key = item.case && layout(item.case, { indent: 0, column: 0 })
  const head = key === undefined ? start : `${start}(${key})`
  const { value, trivia } = item
  if (value.kind === 'record') {
    // `kind name = { … }` and `kind name { … }` read the same; the shorter is canonical.
    return { trivia, width: 0, print: () => `${head} ${layout(value, { indent: 0, column: head.length + 1 })}` }
  }
  const aligned = key !== undefined && key.length <= longestKey && staysOnLine(value, start.length + longestKey + 5)
  const print = (pad: number): string => {
    const before = `${head}${' '.repeat(pad)} = `
    return before + layout(value, { indent: 0, column: before.length })
  }
  return { trivia, ...(aligned && { run: start }), width: head.length, print }
}

/** `let name = …`, `param name`, `name = …`: a keyword or none, a name, a value or none. */
function binding(item: Extract<Statement, { kind: 'let' | 'param' | 'assign' }>, keyword: string, indent: number): Row {
  const { name, type, value, trivia } = item
  const head = name.name + (type ? `: ${typeText(type)}` : '')
  const lead = keyword === '' ? '' : `${keyword} `
  if (value === undefined) return { trivia, width: 0, print: () => lead + head }
  const column = indent + lead.length + longestKey + 3
  const print = (pad: number): string => {
    const start = `${lead}${head}${' '.repeat(pad)} = `
    return start + layout(value, { indent, column: indent + start.length })
  }
  const aligned = head.length <= longestKey && staysOnLine(value, column)
  return { trivia, ...(aligned && { run: item.kind }), width: head.length, print }
}

function signature(keyword: string, name: Ident, dims: readonly Ident[], formals: readonly Formal[], result?: TypeExpr): string {
  const brackets = dims.length === 0 ? '' : `[${dims.map((dim) => dim.name).join(', ')}]`
  const args = formals.map((formal) => formalText(formal, 0)).join(', ')
  return `${keyword} ${name.name}${brackets}(${args})${result ? ` -> ${typeText(result)}` : ''}`
}

function opText({ name, dims, formals, result, value, grad }: OpDecl): string {
  const head = signature('op', name, dims, formals, result)
  const text =
    value.kind === 'body' ? `${head} ${bodyText(value, 0)}` : `${head} = ${layout(value, { indent: 0, column: head.length + 3 })}`
  if (grad === undefined) return text
  const gradHead = `grad(${grad.name.name}) `
  return `${text}\n${gradHead}${layout(grad.record, { indent: 0, column: gradHead.length })}`
}

function blockText({ name, dims, formals, result, body }: BlockDecl): string {
  return `${signature('block', name, dims, formals, result)} ${bodyText(body, 0)}`
}

function bodyText({ statements, tail }: Body, indent: number): string {
  if (statements.length === 0 && tail.length === 0) return '{}'
  const rows = statements.map((statement) => statementRow(statement, indent + 2))
  return ['{', ...printRows(rows, tail, indent + 2), ' '.repeat(indent) + '}'].join('\n')
}

function statementRow(item: Statement, indent: number): Row {
  const { trivia } = item
  switch (item.kind) {
    case 'let':
    case 'param':
      return binding(item, item.kind, indent)
    case 'assign':
      return binding(item, '', indent)
    case 'weight': {
      const head = `weight ${item.names.map(({ name }) => name).join(', ')}: ${typeText(item.type)}`
      const init = item.init && ` ~ ${layout(item.init, { indent, column: indent + head.length + 3 })}`
      return { trivia, width: 0, print: () => head + (init ?? '') }
    }
    case 'repeat': {
      const count = layout(item.count, { indent, column: indent + 7 })
      return { trivia, width: 0, print: () => `repeat ${count} ${bodyText(item.body, indent)}` }
    }
    case 'return':
      return { trivia, width: 0, print: () => `return ${layout(item.value, { indent, column: indent + 7 })}` }
    default:
      return item satisfies never
  }
}
