// Names of a file: its own declarations, the files it uses, and behind those the prelude. A name is declared once;
// a page may take a name of the prelude for its own.
import type { BlockDecl, Let, Module, Noun, OpDecl, Param, Use } from '../../grammar/ast.ts'
import type { Span } from '../../grammar/source.ts'

/** The names that expressions of one file see. The files of a library see each other's, and the prelude's too. */
export interface Names {
  readonly module: Module
  /** Whether `--set` reaches its params. */
  readonly root: boolean
  readonly own: ReadonlyMap<string, Binding>
  /** The prelude's names. */
  readonly outer?: ReadonlyMap<string, Binding>
}

export type Binding =
  | { readonly kind: 'use'; readonly decl: Use; readonly names: Names }
  | { readonly kind: 'let' | 'param'; readonly decl: Let | Param; readonly home: Names }
  | { readonly kind: 'noun'; readonly decl: Noun; readonly home: Names }
  /** The cases of a family share a name. */
  | { readonly kind: 'family'; readonly cases: readonly Noun[]; readonly home: Names }
  | { readonly kind: 'op'; readonly decl: OpDecl; readonly home: Names }
  | { readonly kind: 'block'; readonly decl: BlockDecl; readonly home: Names }

export function lookup(names: Names, name: string): Binding | undefined {
  return names.own.get(name) ?? names.outer?.get(name)
}

const lists = new WeakMap<Names, readonly string[]>()

/** Every name that can be said here. */
export function visible(names: Names): readonly string[] {
  const known = lists.get(names)
  if (known?.length === names.own.size + (names.outer?.size ?? 0)) return known
  const found = [...names.own.keys(), ...(names.outer?.keys() ?? [])]
  lists.set(names, found)
  return found
}

/** Where a binding was made. */
export function declared(binding: Binding): Span {
  switch (binding.kind) {
    case 'use':
      return binding.decl.alias?.span ?? binding.decl.target.span
    case 'family':
      return binding.cases[0]!.name.span
    case 'let':
    case 'param':
    case 'noun':
    case 'op':
    case 'block':
      return binding.decl.name.span
  }
}
