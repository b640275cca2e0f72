// Ops and blocks as elaboration meets them: a declaration with the scope its names are looked up in.
import type { BlockDecl, Module, OpDecl } from '../../grammar/ast.ts'
import type { Span } from '../../grammar/source.ts'

/** Where names in the body of an op or block are looked up: its own file, the files it uses, the prelude. */
export interface Scope {
  readonly module: Module
  /** The op or block of this name; `['paper', 'cosine']` for `paper.cosine`. */
  code(path: Path): Code | undefined
  /** A module-level `let` or `param` that is a plain number or truth value. */
  number(path: Path): number | boolean | undefined
  /** All names that `code` and `number` know, for "did you mean". */
  names(): readonly string[]
  /** Of the code of this file, kept by those who walk it often: the paths of names in each, and what is reached from each. */
  readonly mentions?: Map<OpDecl | BlockDecl, readonly Path[]>
  readonly reached?: Map<OpDecl | BlockDecl, Reached>
}

/** `['silu']`, `['paper', 'cosine']`. */
export type Path = readonly string[]

/** Code with the paths of names in it. */
export type Reached = ReadonlyMap<Code, readonly Path[]>

export type Code = OpCode | BlockCode
export interface OpCode {
  readonly kind: 'op'
  readonly decl: OpDecl
  readonly scope: Scope
}
export interface BlockCode {
  readonly kind: 'block'
  readonly decl: BlockDecl
  readonly scope: Scope
}

/** What a field of a model may be set to. */
export interface Setting {
  readonly value: number | boolean | Code
  /** Where it was set. */
  readonly span: Span
}

/** A model as written: a block from tokens to logits, and what its params are set to. */
export interface ModelSpec {
  readonly block: BlockCode
  readonly settings: ReadonlyMap<string, Setting>
  readonly span: Span
}
