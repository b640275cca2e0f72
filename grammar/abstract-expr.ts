// Concrete trees of expressions and records → AST, one function per rule. Whatever recovery left without
// its value is dropped at the smallest place that can do without it; the error stands already.
import type { CstNode, IToken } from 'chevrotain'
import type { AmendExpr, Arg, Expr, Field, Ident, IndexExpr, ListExpr, RecordExpr, StringExpr, Trivia, WgslExpr } from './ast.ts'
import { node, nodes, parts, spanOf, startOf, token, tokens } from './cst.ts'
import type { Report } from './diagnostic.ts'
import { messages } from './messages.ts'
import { number } from './number.ts'
import { treeOf, type Piece } from './precedence.ts'
import { cover, type SourceFile, type Span } from './source.ts'
import { string } from './string.ts'
import { docOf, type Comments } from './trivia.ts'

/** What every rule is translated with. */
export interface Scope {
  readonly source: SourceFile
  readonly report: Report
  readonly comments: Comments
}

export function ident(scope: Scope, at: IToken | undefined): Ident | undefined {
  return at && { name: at.image, span: spanOf(scope.source, at) }
}

/** Builds an item with the comments around it; undefined if `build` found it too broken. */
export function item<T extends object>(
  scope: Scope,
  at: CstNode,
  build: () => T | undefined,
): (T & { readonly span: Span; readonly trivia: Trivia; readonly doc?: string }) | undefined {
  const span = spanOf(scope.source, at)
  const { built, trivia } = scope.comments.around(span.start, span.end, build)
  return built && { ...built, span, trivia, doc: docOf(trivia.before) }
}

export function expr(scope: Scope, at: CstNode | undefined): Expr | undefined {
  if (at === undefined) return undefined
  const conditions = nodes(at, 'branch')
  if (conditions.length === 0) return operation(scope, at)
  const branches = conditions.map((branch) => ({
    start: startOf(branch),
    test: expr(scope, node(branch, 'test')),
    then: expr(scope, node(branch, 'then')),
  }))
  let value = operation(scope, at)
  for (const { start, test, then } of branches.reverse()) {
    if (start === undefined || test === undefined || then === undefined || value === undefined) return undefined
    value = { kind: 'if', span: { source: scope.source, start, end: value.span.end }, test, then, else: value }
  }
  return value
}

function operation(scope: Scope, at: CstNode): Expr | undefined {
  const row = parts(at, 'piece')
  if (row.length === 1 && !('image' in row[0]!)) return operand(scope, row[0]!)
  const pieces: Piece[] = []
  for (const child of row) {
    if ('image' in child) pieces.push({ kind: 'operator', text: child.image, span: spanOf(scope.source, child) })
    else {
      const value = operand(scope, child)
      if (value === undefined) return undefined
      pieces.push(value)
    }
  }
  return treeOf(pieces, scope.report)
}

function operand(scope: Scope, at: CstNode): Expr | undefined {
  const literal = node(at, 'literal')
  if (literal !== undefined) return record(scope, literal)
  let value = primary(scope, at)
  for (const child of parts(at, 'suffix')) {
    if (value === undefined || 'image' in child) return undefined
    const span: Span = cover(value.span, spanOf(scope.source, child))
    value = suffix(scope, child, value, span)
  }
  return value
}

function suffix(scope: Scope, at: CstNode, target: Expr, span: Span): Expr | undefined {
  switch (at.name) {
    case 'args':
      return { kind: 'call', span, callee: target, args: args(scope, at) }
    case 'indices':
      return { kind: 'index', span, target, entries: indices(scope, at) }
    case 'member': {
      const name = ident(scope, token(at, 'AnyName'))
      return name && { kind: 'member', span, target, name }
    }
    default:
      return amend(scope, at, target, span)
  }
}

function amend(scope: Scope, at: CstNode, target: Expr, span: Span): AmendExpr | undefined {
  const inner = record(scope, at)
  return inner && { kind: 'amend', span, target, record: inner }
}

/** The value that suffixes of an operand stand behind. */
function primary(scope: Scope, at: CstNode): Expr | undefined {
  const [first] = parts(at, 'value')
  if (first === undefined) return undefined
  const span = spanOf(scope.source, first)
  if (!('image' in first)) return first.name === 'list' ? list(scope, first) : wgsl(scope, first)
  switch (first.tokenType.name) {
    case 'Num':
      return number(first.image, span, scope.report)
    case 'Name':
      return { kind: 'name', span, name: first.image }
    case 'True':
    case 'False':
      return { kind: 'boolean', span, value: first.image === 'true' }
    case 'LParen': {
      const inner = expr(scope, node(at, 'expr'))
      const close = token(at, 'RParen')
      return inner && { kind: 'paren', span: cover(span, close ? spanOf(scope.source, close) : inner.span), inner }
    }
    default:
      return string(first.image, span, scope.report)
  }
}

/** The string that a node holds as its own token. */
export function text(scope: Scope, at: CstNode): StringExpr | undefined {
  const found = token(at, 'Str') ?? token(at, 'Str3')
  return found && string(found.image, spanOf(scope.source, found), scope.report)
}

function wgsl(scope: Scope, at: CstNode): WgslExpr | undefined {
  const code = text(scope, at)
  return code && { kind: 'wgsl', span: spanOf(scope.source, at), code }
}

function list(scope: Scope, at: CstNode): ListExpr {
  const span = spanOf(scope.source, at)
  separated(scope, at, nodes(at, 'expr'), 'the items of this list')
  const items: Expr[] = []
  const trivia: Trivia[] = []
  for (const child of nodes(at, 'expr')) {
    const place = spanOf(scope.source, child)
    const around = scope.comments.around(place.start, place.end, () => expr(scope, child))
    if (around.built === undefined) continue
    items.push(around.built)
    trivia.push(around.trivia)
  }
  const tail = scope.comments.takeTail(span.end)
  const commented = tail.length > 0 || trivia.some(({ before, after }) => before.length > 0 || after !== undefined)
  const base: ListExpr = { kind: 'list', span, items, broken: brokenAfter(scope, span, items[0]?.span.start) }
  return commented ? { ...base, trivia, tail } : base
}

/** Whether the author began a new line after the opening bracket. */
function brokenAfter({ source }: Scope, span: Span, first: number | undefined): boolean {
  return first !== undefined && source.text.slice(span.start, first).includes('\n')
}

function args(scope: Scope, at: CstNode): readonly Arg[] {
  separated(scope, at, nodes(at, 'arg'), 'these arguments')
  return nodes(at, 'arg').flatMap((child) => {
    const value = expr(scope, node(child, 'expr'))
    const name = ident(scope, token(child, 'Name'))
    return value === undefined ? [] : [{ span: spanOf(scope.source, child), ...(name && { name }), value }]
  })
}

function indices(scope: Scope, at: CstNode): IndexExpr['entries'] {
  separated(scope, at, nodes(at, 'index'), 'these dimensions')
  return nodes(at, 'index').flatMap((child) => {
    const name = ident(scope, token(child, 'Name'))
    if (name === undefined || (token(child, 'Colon') !== undefined && node(child, 'expr') === undefined)) return []
    const value = expr(scope, node(child, 'expr'))
    return [{ name, ...(value && { value }) }]
  })
}

/** Reports every two neighbours that no comma parts. */
export function separated(scope: Scope, at: CstNode, items: readonly (CstNode | IToken)[], between: string): void {
  if (items.length < 2) return
  const commas = tokens(at, 'Comma').map((comma) => comma.startOffset)
  items.forEach((child, i) => {
    const start = startOf(child)
    const before = i === 0 ? undefined : items[i - 1]
    if (start === undefined || before === undefined || startOf(before) === undefined) return
    const { end } = spanOf(scope.source, before)
    if (commas.some((comma) => comma >= end && comma < start)) return
    const fix = { title: 'put a comma between them', span: { source: scope.source, start: end, end }, text: ',' }
    scope.report.using(messages).expectedComma({ source: scope.source, start, end: start + 1 }, { between, fixes: [fix] })
  })
}

export function record(scope: Scope, at: CstNode | undefined): RecordExpr | undefined {
  if (at === undefined || startOf(at) === undefined) return undefined
  const span = spanOf(scope.source, at)
  scope.comments.hoist(span.start)
  const fields = nodes(at, 'field').flatMap((child) => field(scope, child) ?? [])
  const tail = scope.comments.takeTail(span.end)
  return { kind: 'record', span, fields, broken: brokenAfter(scope, span, startOf(nodes(at, 'field')[0] ?? at)), tail }
}

function field(scope: Scope, at: CstNode): Field | undefined {
  return item(scope, at, () => {
    const name = ident(scope, token(at, 'AnyName'))
    const equals = token(at, 'Equals')
    if (name === undefined) return undefined
    if (equals !== undefined) {
      const span = spanOf(scope.source, equals)
      const gap = { ...span, start: name.span.end }
      scope.report.using(messages).colonNotEquals(span, { name: name.name, fixes: [{ title: 'write a colon', span: gap, text: ':' }] })
    }
    const value = expr(scope, node(at, 'expr'))
    if (value !== undefined) return { name, value }
    const amended = record(scope, node(at, 'record'))
    return amended && { name, amend: amended }
  })
}
