// An op or block that nothing brings to sizes → the names in it that nobody knows. Shapes are found where numbers are known; a
// misspelling need not wait for that.
import type { BlockDecl, Expr, OpDecl, Statement, TypeExpr } from '../../grammar/ast.ts'
import type { Report } from '../../grammar/diagnostic.ts'
import { eachPart } from '../../grammar/walk.ts'
import { BUILTINS } from './builtin.ts'
import { pathOf } from './expression.ts'
import type { Code } from './code.ts'
import { withoutPrimes } from './frame.ts'
import { messages } from './messages.ts'

/** Reports names that are not declared, dimensions without a size, and calls with too many arguments. */
export function checkNames(code: Code, report: Report): void {
  const { decl, scope } = code
  const say = report.using(messages)
  const own = declaredIn(decl)
  const known = (): readonly (readonly string[])[] => [[...own], scope.names(), BUILTINS]
  const has = (name: string): boolean =>
    own.has(name) || BUILTINS.includes(name) || scope.number([name]) !== undefined || scope.code([name]) !== undefined

  // The `normal` of `~ normal(s)`, which is no name.
  const inits = new Set<unknown>()
  walk(decl, (node) => {
    if (node.kind === 'weight' && node.init?.kind === 'call' && node.init.callee.kind === 'name' && node.init.callee.name === 'normal')
      inits.add(node.init.callee)
    const path = node.kind === 'member' ? pathOf(node) : undefined
    if (path && scope.number(path) === undefined && scope.code(path) === undefined)
      say.undefinedName(node.span, { name: path.join('.'), known: known(), inherits: false })
    if (node.kind === 'name' && !inits.has(node) && !has(node.name))
      say.undefinedName(node.span, { name: node.name, known: known(), inherits: false })
    const callee =
      node.kind === 'call' && node.callee.kind === 'index' ? node.callee.target : node.kind === 'call' ? node.callee : undefined
    if (node.kind === 'call' && callee?.kind === 'name' && !own.has(callee.name)) {
      const { name } = callee
      const called = BUILTINS.includes(name) ? undefined : scope.code([name])?.decl
      const formals = called?.formals.map((f) => f.name.name)
      if (formals && node.args.length > formals.length) say.argumentCount(node.span, { name, formals, given: node.args.length })
    }
    if (node.kind !== 'weight') return
    for (const dim of node.type.dims ?? []) {
      const name = withoutPrimes(dim.name)
      if (!own.has(name) && scope.number([name]) === undefined) say.unknownDimension(dim.span, { name, known: [[...own]] })
    }
  })
}

/** Names that a body knows of itself: dimensions of its signature, arguments, params, lets, weights, variables. */
function declaredIn(decl: OpDecl | BlockDecl): ReadonlySet<string> {
  const own = new Set(decl.dims.map((d) => d.name))
  const type = ({ element, dims = [] }: TypeExpr): void => {
    if (element) own.add(element.name)
    dims.forEach((d) => own.add(withoutPrimes(d.name)))
  }
  for (const formal of decl.formals) {
    own.add(formal.name.name)
    if (formal.type) type(formal.type)
  }
  if (decl.result) type(decl.result)
  if (decl.kind === 'op' && decl.grad) own.add(decl.grad.name.name)
  walk(decl, (node) => {
    if (node.kind === 'let' || node.kind === 'param' || node.kind === 'assign') own.add(node.name.name)
    if (node.kind === 'weight') node.names.forEach((n) => own.add(n.name))
  })
  return own
}

/** Every expression and statement inside; of `a.b` only what may be a name of its own, and not the words of indices. */
function walk(tree: object, visit: (node: Expr | Statement) => void): void {
  const node = tree as Expr | Statement
  if (typeof node.kind === 'string') visit(node)
  if (typeof node.kind === 'string' && node.kind === 'member') return
  eachPart(tree, (part) => walk(part, visit))
}
