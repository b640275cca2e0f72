// What a model's param takes, which its default shows: a number, a truth value, or code. A default may be the name of another.
import type { BlockDecl, Expr, Let, Param } from '../../grammar/ast.ts'
import { CONSTANTS } from '../elaborate/builtin.ts'
import type { FieldType } from '../spec/kinds.ts'
import type { BlockCode, Scope } from '../elaborate/code.ts'

const truth: FieldType = { is: 'truth' }
const code: FieldType = { is: 'code' }
const TRUTHS = ['<', '<=', '>', '>=', '==', '!=', 'and', 'or']

export function paramType({ decl, scope }: BlockCode, { name, value }: Param): FieldType {
  const number: FieldType = { is: 'quantity', units: name.name === 'context' ? ['tokens'] : ['none'] }
  const is = value ? sortOf(value, decl, scope, [name.name]) : unsetSort(name.name)
  return is === 'truth' ? truth : is === 'code' ? code : number
}

/** `open`: the names that this default stands behind, for a circle is told elsewhere. */
function sortOf(expr: Expr, decl: BlockDecl, scope: Scope, open: readonly string[]): 'number' | 'truth' | 'code' {
  const inside = (inner: Expr) => sortOf(inner, decl, scope, open)
  switch (expr.kind) {
    case 'boolean':
      return 'truth'
    case 'paren':
      return inside(expr.inner)
    case 'if':
      return inside(expr.then)
    case 'unary':
      return expr.op === 'not' ? 'truth' : 'number'
    case 'binary':
      return TRUTHS.includes(expr.op) ? 'truth' : 'number'
    case 'member':
      return expr.target.kind === 'name' ? outside(scope, [expr.target.name, expr.name.name]) : 'code'
    case 'name': {
      const { name } = expr
      if (open.includes(name)) return 'number'
      const value = declared(decl, name)?.value
      if (value) return sortOf(value, decl, scope, [...open, name])
      return declared(decl, name) || isDimension(decl, name) ? unsetSort(name) : outside(scope, [name])
    }
    default:
      return 'number'
  }
}

/** Of a param without a default. */
const unsetSort = (name: string): 'number' | 'truth' => (name === 'causal' ? 'truth' : 'number')

/** Of a name that the block does not declare. */
function outside(scope: Scope, path: readonly string[]): 'number' | 'truth' | 'code' {
  const value = scope.code(path) ? undefined : (scope.number(path) ?? CONSTANTS.get(path.join('.')))
  return value === undefined ? 'code' : typeof value === 'boolean' ? 'truth' : 'number'
}

function isDimension({ formals, result }: BlockDecl, name: string): boolean {
  return [result, ...formals.map(({ type }) => type)].some((type) => type?.dims?.some((dim) => dim.name === name))
}

function declared({ body }: BlockDecl, name: string): Let | Param | undefined {
  return body.statements.find((s): s is Let | Param => (s.kind === 'let' || s.kind === 'param') && s.name.name === name)
}
