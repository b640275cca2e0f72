// Concrete tree of a file → Module, one function per rule. Declarations and statements that recovery left
// incomplete are dropped, their neighbours kept.
import type { CstNode } from 'chevrotain'
import { expr, ident, item, record, separated, text, type Scope } from './abstract-expr.ts'
import type { Body, Declaration, Expr, Formal, Grad, Ident, Module, NumberExpr, Statement, StringExpr, TypeExpr } from './ast.ts'
import { node, nodes, spanOf, startOf, token, tokens } from './cst.ts'
import { messages } from './messages.ts'
import { number } from './number.ts'

/** `declarations` are those of the whole file, in order. */
export function file(scope: Scope, declarations: Iterable<CstNode>): Module {
  const { source } = scope
  const items: Declaration[] = []
  for (const child of declarations) {
    const item = declaration(scope, child)
    if (item !== undefined) items.push(item)
  }
  const tail = scope.comments.takeTail(source.text.length)
  return { kind: 'module', span: { source, start: 0, end: source.text.length }, source, items, tail }
}

function declaration(scope: Scope, at: CstNode): Declaration | undefined {
  const inner = node(at, 'only')
  if (inner === undefined || startOf(inner) === undefined) return undefined
  switch (inner.name) {
    case 'use':
      return use(scope, inner)
    case 'let':
      return let_(scope, inner)
    case 'param':
      return param(scope, inner)
    case 'op':
      return op(scope, inner)
    case 'block':
      return block(scope, inner)
    default:
      return noun(scope, inner)
  }
}

function use(scope: Scope, at: CstNode): Declaration | undefined {
  return item(scope, at, () => {
    const target = text(scope, at) ?? unquoted(scope, at) ?? ident(scope, token(at, 'Name'))
    const alias = ident(scope, token(at, 'alias'))
    return target && { kind: 'use' as const, target, ...(alias && { alias }) }
  })
}

/** A path that should stand in quotes, as one that does. */
function unquoted({ source, report }: Scope, at: CstNode): StringExpr | undefined {
  const [first, last] = [token(at, 'Name'), tokens(at, 'path').at(-1)]
  if (first === undefined || last === undefined) return undefined
  const span = { source, start: spanOf(source, first).start, end: spanOf(source, last).end }
  const value = source.text.slice(span.start, span.end)
  const fixes = [{ title: 'put it in quotes', span, text: `"${value}"` }]
  report.using(messages).otherLanguage(span, { text: value, cure: `a page is named in quotes: \`use "${value}" as …\``, fixes })
  return { kind: 'string', span, value, triple: false }
}

function let_(scope: Scope, at: CstNode) {
  return item(scope, at, () => {
    const name = ident(scope, token(at, 'Name'))
    const type = typeExpr(scope, node(at, 'type'))
    const value = expr(scope, node(at, 'expr'))
    return name && value && { kind: 'let' as const, name, ...(type && { type }), value }
  })
}

function param(scope: Scope, at: CstNode) {
  return item(scope, at, () => {
    const name = ident(scope, token(at, 'Name'))
    const type = typeExpr(scope, node(at, 'type'))
    const value = expr(scope, node(at, 'expr'))
    return name && { kind: 'param' as const, name, ...(type && { type }), ...(value && { value }) }
  })
}

function noun(scope: Scope, at: CstNode): Declaration | undefined {
  return item(scope, at, () => {
    const kind = ident(scope, token(at, 'noun'))
    const name = ident(scope, token(at, 'Name'))
    const key = caseOf(scope, at)
    const value = expr(scope, node(at, 'expr')) ?? record(scope, node(at, 'record'))
    return kind && name && value && { kind: 'noun' as const, noun: kind, name, ...(key && { case: key }), value }
  })
}

function caseOf(scope: Scope, at: CstNode): NumberExpr | StringExpr | undefined {
  const digits = token(at, 'Num')
  return digits ? number(digits.image, spanOf(scope.source, digits), scope.report) : text(scope, at)
}

function op(scope: Scope, at: CstNode): Declaration | undefined {
  return item(scope, at, () => {
    const name = ident(scope, token(at, 'Name'))
    const dims = dimsOf(scope, node(at, 'dims')) ?? []
    const formals = formalsOf(scope, node(at, 'formals'))
    const result = typeExpr(scope, node(at, 'type'))
    const value: Expr | Body | undefined = expr(scope, node(at, 'expr')) ?? body(scope, node(at, 'body'))
    const grad = gradOf(scope, node(at, 'grad'))
    return name && value && { kind: 'op' as const, name, dims, formals, ...(result && { result }), value, ...(grad && { grad }) }
  })
}

function gradOf(scope: Scope, at: CstNode | undefined): Grad | undefined {
  if (at === undefined) return undefined
  const name = ident(scope, token(at, 'Name'))
  const rules = record(scope, node(at, 'record'))
  return name && rules && { span: spanOf(scope.source, at), name, record: rules }
}

function block(scope: Scope, at: CstNode): Declaration | undefined {
  return item(scope, at, () => {
    const name = ident(scope, token(at, 'Name'))
    const dims = dimsOf(scope, node(at, 'dims')) ?? []
    const formals = formalsOf(scope, node(at, 'formals'))
    const statements = body(scope, node(at, 'body'))
    const result = typeExpr(scope, node(at, 'type')) ?? noPromise(scope, at, statements)
    return name && result && statements && { kind: 'block' as const, name, dims, formals, result, body: statements }
  })
}

/** In place of a promise that was forgotten altogether, so that the rest of the block is kept. */
function noPromise(scope: Scope, at: CstNode, statements: Body | undefined): TypeExpr | undefined {
  if (statements === undefined || token(at, 'Arrow') !== undefined) return undefined
  const brace = { ...statements.span, end: statements.span.start + 1 }
  scope.report.using(messages).missingPromise(brace, undefined)
  return { span: brace, dims: [] }
}

function formalsOf(scope: Scope, at: CstNode | undefined): readonly Formal[] {
  if (at === undefined) return []
  separated(scope, at, nodes(at, 'formal'), 'these arguments')
  return nodes(at, 'formal').flatMap((child) => {
    const name = ident(scope, token(child, 'Name'))
    const type = typeExpr(scope, node(child, 'type'))
    const value = expr(scope, node(child, 'expr'))
    return name === undefined ? [] : [{ span: spanOf(scope.source, child), name, ...(type && { type }), ...(value && { value }) }]
  })
}

function typeExpr(scope: Scope, at: CstNode | undefined): TypeExpr | undefined {
  if (at === undefined) return undefined
  const element = ident(scope, token(at, 'Name'))
  const dims = dimsOf(scope, node(at, 'dims'))
  if (element === undefined && dims === undefined) return undefined
  return { span: spanOf(scope.source, at), ...(element && { element }), ...(dims && { dims }) }
}

function dimsOf(scope: Scope, at: CstNode | undefined): readonly Ident[] | undefined {
  if (at === undefined || token(at, 'LSquare') === undefined) return undefined
  separated(scope, at, tokens(at, 'Name'), 'these dimensions')
  return tokens(at, 'Name').map((name) => ({ name: name.image, span: spanOf(scope.source, name) }))
}

function body(scope: Scope, at: CstNode | undefined): Body | undefined {
  if (at === undefined || startOf(at) === undefined) return undefined
  const span = spanOf(scope.source, at)
  scope.comments.hoist(span.start)
  const statements = nodes(at, 'statement').flatMap((child) => statement(scope, child) ?? [])
  return { kind: 'body', span, statements, tail: scope.comments.takeTail(span.end) }
}

function statement(scope: Scope, at: CstNode): Statement | undefined {
  const inner = node(at, 'only')
  if (inner === undefined || startOf(inner) === undefined) return undefined
  switch (inner.name) {
    case 'let':
      return let_(scope, inner)
    case 'param':
      return param(scope, inner)
    case 'weight':
      return weight(scope, inner)
    case 'repeat':
      return repeat(scope, inner)
    case 'return':
      return return_(scope, inner)
    default:
      return assign(scope, inner)
  }
}

function weight(scope: Scope, at: CstNode): Statement | undefined {
  return item(scope, at, () => {
    const names = tokens(at, 'Name').map((name) => ({ name: name.image, span: spanOf(scope.source, name) }))
    const type = typeExpr(scope, node(at, 'type'))
    const init = expr(scope, node(at, 'expr'))
    return names.length === 0 ? undefined : type && { kind: 'weight' as const, names, type, ...(init && { init }) }
  })
}

function repeat(scope: Scope, at: CstNode): Statement | undefined {
  return item(scope, at, () => {
    const count = countOf(scope, node(at, 'count'))
    const statements = body(scope, node(at, 'body'))
    return count && statements && { kind: 'repeat' as const, count, body: statements }
  })
}

function countOf(scope: Scope, at: CstNode | undefined): Expr | undefined {
  if (at === undefined) return undefined
  const span = spanOf(scope.source, at)
  const name = token(at, 'Name')
  const digits = token(at, 'Num')
  if (name !== undefined) return { kind: 'name', span, name: name.image }
  if (digits !== undefined) return number(digits.image, span, scope.report)
  const value = expr(scope, node(at, 'expr'))
  return value && { kind: 'paren', span, inner: value }
}

function return_(scope: Scope, at: CstNode): Statement | undefined {
  return item(scope, at, () => {
    const value = expr(scope, node(at, 'expr'))
    return value && { kind: 'return' as const, value }
  })
}

function assign(scope: Scope, at: CstNode): Statement | undefined {
  return item(scope, at, () => {
    const name = ident(scope, token(at, 'Name'))
    const type = typeExpr(scope, node(at, 'type'))
    const value = expr(scope, node(at, 'expr'))
    return name && value && { kind: 'assign' as const, name, ...(type && { type }), value }
  })
}
