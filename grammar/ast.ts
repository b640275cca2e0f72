// The tree of a `.smdm` file, as in docs/language.md section 3.1. Readonly data: `kind`, `span`, and
// on whatever stands on lines of its own the comments around it, so that format() can print them back.
import type { SourceFile, Span } from './source.ts'

/** Comments and blank lines around an item, a field or a statement. */
export interface Trivia {
  /** Comment lines above, with their `#`, in order; doc comments (`##`) included. An empty string is a blank line. */
  readonly before: readonly string[]
  /** The comment at the end of the same line, with its `#`. */
  readonly after?: string
  /** Whether the author left a blank line above. */
  readonly gap: boolean
}

export interface Module {
  readonly kind: 'module'
  readonly span: Span
  readonly source: SourceFile
  readonly items: readonly Declaration[]
  /** Comments after the last item. */
  readonly tail: readonly string[]
}

export type Declaration = Use | Let | Param | Noun | OpDecl | BlockDecl

interface Item {
  readonly span: Span
  readonly trivia: Trivia
  /** Text of the `##` lines above, without the marks. */
  readonly doc?: string
}

export interface Ident {
  readonly name: string
  readonly span: Span
}

/** `use smdm`, `use "other.smdm" as paper`. */
export interface Use extends Item {
  readonly kind: 'use'
  readonly target: Ident | StringExpr
  readonly alias?: Ident
}

/** `let x: type = value`. */
export interface Let extends Item {
  readonly kind: 'let'
  readonly name: Ident
  readonly type?: TypeExpr
  readonly value: Expr
}

/** `param x = default`; without a default inside a block it is inherited from the caller. */
export interface Param extends Item {
  readonly kind: 'param'
  readonly name: Ident
  readonly type?: TypeExpr
  readonly value?: Expr
}

/** `kind name(case) = base { … }` or `kind name { … }`. */
export interface Noun extends Item {
  readonly kind: 'noun'
  readonly noun: Ident
  readonly name: Ident
  readonly case?: NumberExpr | StringExpr
  readonly value: Expr | RecordExpr
}

export interface OpDecl extends Item {
  readonly kind: 'op'
  readonly name: Ident
  readonly dims: readonly Ident[]
  readonly formals: readonly Formal[]
  readonly result?: TypeExpr
  /** `= expr` or a body with a `return`. */
  readonly value: Expr | Body
  readonly grad?: Grad
}

/** `grad(dy) { x: …, y: … }`. */
export interface Grad {
  readonly span: Span
  readonly name: Ident
  readonly record: RecordExpr
}

export interface BlockDecl extends Item {
  readonly kind: 'block'
  readonly name: Ident
  readonly dims: readonly Ident[]
  readonly formals: readonly Formal[]
  readonly result: TypeExpr
  readonly body: Body
}

export interface Formal {
  readonly span: Span
  readonly name: Ident
  readonly type?: TypeExpr
  readonly value?: Expr
}

/** `[time, width]`, `symbols[time]`, `float`. Without `dims` it is a scalar of that element type. */
export interface TypeExpr {
  readonly span: Span
  readonly element?: Ident
  readonly dims?: readonly Ident[]
}

export interface Body {
  readonly kind: 'body'
  readonly span: Span
  readonly statements: readonly Statement[]
  readonly tail: readonly string[]
}

export type Statement = Let | Param | Weight | Repeat | Return | Assign

/** `weight A, B: [dims] ~ init`. */
export interface Weight extends Item {
  readonly kind: 'weight'
  readonly names: readonly Ident[]
  readonly type: TypeExpr
  readonly init?: Expr
}

export interface Repeat extends Item {
  readonly kind: 'repeat'
  readonly count: Expr
  readonly body: Body
}

export interface Return extends Item {
  readonly kind: 'return'
  readonly value: Expr
}

/** `name = expr`; in a repeat the name may stand outside. */
export interface Assign extends Item {
  readonly kind: 'assign'
  readonly name: Ident
  readonly type?: TypeExpr
  readonly value: Expr
}

export type Expr =
  | NumberExpr
  | StringExpr
  | BooleanExpr
  | WgslExpr
  | NameExpr
  | ListExpr
  | RecordExpr
  | CallExpr
  | IndexExpr
  | MemberExpr
  | AmendExpr
  | UnaryExpr
  | BinaryExpr
  | IfExpr
  | ParenExpr

/** `2_048`, `10e18 flops`, `1%`, `6M`, `30min`, `12GiB`. `value` is the number before suffix and unit. */
export interface NumberExpr {
  readonly kind: 'number'
  readonly span: Span
  readonly value: number
  /** `%`, `k`, `M`, `GiB`, `min`, … as written; unknown ones are kept for the checker to name. */
  readonly suffix?: string
  /** `tokens`, `steps`, … singulars and unknown words as written. */
  readonly unit?: string
  /** The spelling, which format() keeps. */
  readonly text: string
}

export interface StringExpr {
  readonly kind: 'string'
  readonly span: Span
  readonly value: string
  readonly triple: boolean
}

export interface BooleanExpr {
  readonly kind: 'boolean'
  readonly span: Span
  readonly value: boolean
}

/** `wgsl "…"`: the body of a scalar WGSL function. */
export interface WgslExpr {
  readonly kind: 'wgsl'
  readonly span: Span
  readonly code: StringExpr
}

export interface NameExpr {
  readonly kind: 'name'
  readonly span: Span
  readonly name: string
}

export interface ListExpr {
  readonly kind: 'list'
  readonly span: Span
  readonly items: readonly Expr[]
  /** Whether the author broke it over lines. */
  readonly broken: boolean
  /** Comments around each item and after the last, where there are any. */
  readonly trivia?: readonly Trivia[]
  readonly tail?: readonly string[]
}

export interface RecordExpr {
  readonly kind: 'record'
  readonly span: Span
  readonly fields: readonly Field[]
  readonly broken: boolean
  readonly tail: readonly string[]
}

/** `name: value` replaces; `name { … }` amends what is there. Exactly one of `value` and `amend`. */
export interface Field extends Item {
  readonly name: Ident
  readonly value?: Expr
  readonly amend?: RecordExpr
}

export interface CallExpr {
  readonly kind: 'call'
  readonly span: Span
  readonly callee: Expr
  readonly args: readonly Arg[]
}

export interface Arg {
  readonly span: Span
  readonly name?: Ident
  readonly value: Expr
}

/** `f[d]`, `k[time']`, `E[symbols: tokens]`. */
export interface IndexExpr {
  readonly kind: 'index'
  readonly span: Span
  readonly target: Expr
  readonly entries: readonly { readonly name: Ident; readonly value?: Expr }[]
}

export interface MemberExpr {
  readonly kind: 'member'
  readonly span: Span
  readonly target: Expr
  readonly name: Ident
}

/** `base { … }`. */
export interface AmendExpr {
  readonly kind: 'amend'
  readonly span: Span
  readonly target: Expr
  readonly record: RecordExpr
}

export interface UnaryExpr {
  readonly kind: 'unary'
  readonly span: Span
  readonly op: '-' | 'not'
  readonly value: Expr
}

export type BinaryOp = '+' | '-' | '*' | '/' | '^' | 'mod' | '==' | '!=' | '<' | '<=' | '>' | '>=' | 'and' | 'or'

export interface BinaryExpr {
  readonly kind: 'binary'
  readonly span: Span
  readonly op: BinaryOp
  readonly left: Expr
  readonly right: Expr
}

export interface IfExpr {
  readonly kind: 'if'
  readonly span: Span
  readonly test: Expr
  readonly then: Expr
  readonly else: Expr
}

/** Parentheses are kept as written. */
export interface ParenExpr {
  readonly kind: 'paren'
  readonly span: Span
  readonly inner: Expr
}
