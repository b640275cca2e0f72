// Everything in a page that has a name: declarations, and what lives inside ops and blocks. One thing is one place:
// two Named are the same if they were declared by the same word of the same source.
import type { BlockDecl, Declaration, Formal, Ident, Noun, OpDecl } from '../../grammar/ast.ts'
import type { Span } from '../../grammar/source.ts'
import { declared, type Binding } from '../../compiler/check/names.ts'

export type NamedKind =
  'use' | 'let' | 'param' | 'noun' | 'op' | 'block' | 'weight' | 'argument' | 'variable' | 'dimension' | 'axis' // prettier-ignore

export interface Named {
  readonly kind: NamedKind
  readonly name: string
  /** The word that declares it. */
  readonly at: Span
  /** What to show of it: the declaration. */
  readonly whole: Span
  readonly doc?: string
  /** Of what stands at the top of a file. */
  readonly binding?: Binding
  /** Of what lives in a body: the op or block. */
  readonly within?: OpDecl | BlockDecl
  /** Of a param: it has no value of its own and takes that of a caller. */
  readonly inherited?: boolean
}

export function same(a: Named, b: Named): boolean {
  return a.at.start === b.at.start && a.at.source.name === b.at.source.name
}

/** What a binding of a file stands for. */
export function namedBy(binding: Binding): Named {
  if (binding.kind !== 'family') {
    const { decl } = binding
    const at = declared(binding)
    return { kind: binding.kind, name: nameIn(decl, at), at, whole: decl.span, doc: decl.doc, binding }
  }
  const [first] = binding.cases as readonly [Noun, ...Noun[]]
  return { kind: 'noun', name: first.name.name, at: first.name.span, whole: first.span, doc: first.doc, binding }
}

function nameIn(decl: Declaration, at: Span): string {
  return decl.kind === 'use' ? at.source.text.slice(at.start, at.end) : decl.name.name
}

/** Something inside an op or block. */
export function local(kind: NamedKind, ident: Ident, more: Partial<Named> = {}): Named {
  return { kind, name: ident.name, at: ident.span, whole: ident.span, ...more }
}

export function argument(formal: Formal, within: OpDecl | BlockDecl): Named {
  return local('argument', formal.name, { whole: formal.span, within })
}
