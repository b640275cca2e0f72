// What one check carries along: the world as data and lookups, the report, and values already found.
import type { BlockDecl, Expr, Let, Module, Noun, OpDecl, Param, RecordExpr } from '../../grammar/ast.ts'
import type { Report } from '../../grammar/diagnostic.ts'
import type { parse } from '../../grammar/parse.ts'
import type { SourceFile, Span } from '../../grammar/source.ts'
import type { Composites } from '../elaborate/frame.ts'
import type { Given, Model } from '../elaborate/model.ts'
import type { Point } from '../elaborate/op.ts'
import type { FileFacts, FileQuery } from '../facts.ts'
import { messages } from './messages.ts'
import type { FieldSpec, KindName, PartName } from '../spec/kinds.ts'
import type { Plugin } from '../spec/plugin.ts'
import type { CustomKind, ModelSpec, OpCode, Scope } from './pipeline.ts'
import type { Names } from './names.ts'
import type { Rec, Value } from './value.ts'

/** What the checker may ask of the world. All of it is given by the caller; the answers must not change during a check. */
export interface World {
  /** What `use` names: `smdm` of `use smdm`, or a path relative to the using file, whose name is `from`. A library may be several files. `problem`: `missing`, or a few words. */
  readonly read: (path: string, from: string) => SourceFile | readonly SourceFile[] | { readonly problem: string; readonly near?: string }
  /** Sources whose names every page sees. */
  readonly prelude: readonly SourceFile[]
  /** The plugin that `use "./kind.ts"` or `use "package"` names. Without it there are none. */
  readonly plugin?: (path: string, from: string) => FoundPlugin | { readonly problem: string; readonly near?: string }
  /** Facts of a data file or checkpoint, relative to the source that names it; or `npm:NAME@VERSION/path`. */
  readonly files: (path: string, from: SourceFile, query?: FileQuery) => FileFacts
  /** What is wrong with a function in WGSL, if anything. Without it none is looked at before a device is. */
  readonly native?: (native: Native) => NativeProblem | undefined
  /** `--set name=text`. */
  readonly set: Readonly<Record<string, string>>
  /** For callers that check often: a parser that remembers. Must agree with parse(). */
  readonly parse?: typeof parse
  /** Bytes that a run may use; without it memory is not checked. */
  readonly memory?: number
}

/** The body of a function in WGSL, of f32s that give an f32. */
export interface Native {
  readonly code: string
  readonly params: readonly string[]
}

/** What is wrong with a body, and where in it. */
export interface NativeProblem {
  readonly message: string
  readonly start: number
  readonly end: number
}

/** A plugin as loaded, and the hash of its text. */
export interface FoundPlugin {
  readonly plugin: Plugin
  readonly sha256: string
}

/** Bringing code to sizes and to numbers: compiler/elaborate. Both report what is wrong and then return undefined. */
export interface Elaboration {
  readonly model: (spec: ModelSpec, given: Given) => Model | undefined
  readonly op: (code: OpCode, report: Report) => ((...args: number[]) => number) | undefined
}

/** Where an expression stands. */
export interface Env {
  readonly s: Session
  readonly names: Names
  /** The names of a sweep's axes. */
  readonly locals?: ReadonlyMap<string, Value>
}

/** Expressions, fields and records need each other; they meet here (values.ts, amend.ts), and check.ts ties the knot. */
export interface Evaluator {
  /** The value of an expression. `want`: the kind of record that its place takes, whose makers go before other names. */
  readonly evaluate: (expr: Expr, env: Env, want?: KindName | PartName) => Value
  /** The value of a declaration, found once. */
  readonly valueOf: (decl: Noun | Let | Param, home: Names) => Value
  readonly amend: (base: Rec, record: RecordExpr, env: Env, span: Span) => Rec
}

/** A model brought to sizes for a vocabulary, or one with mistakes. */
export interface Built {
  readonly spec: ModelSpec
  readonly record: Rec
  readonly model: Model | undefined
}

/** A schedule at some times: the probability of a mask and its slope. */
export type Curve = readonly Point[]

export interface Session extends Evaluator {
  readonly world: World
  readonly report: Report
  readonly say: ReturnType<typeof speak>
  readonly elaboration: Elaboration
  /** Names of the prelude, where defaults are looked up. */
  readonly prelude: Names
  /** Values of declarations, once found. */
  readonly values: Map<Noun | Let | Param, Value>
  /** Declarations whose value is being looked for, outermost first. */
  readonly open: (Noun | Let | Param)[]
  /** Expressions that are open around each other, and whether it was said that they are too many. */
  readonly nesting: { depth: number; told: boolean }
  readonly defaults: Map<FieldSpec, Value>
  readonly scopes: Map<Module, Scope>
  /** Models brought to sizes: those that are written alike. */
  readonly models: Map<string, Built[]>
  /** Ops brought to the types of their arguments, for all models of a page. */
  readonly composites: Composites
  /** Of code that was met: its text for keys; of schedules: their curves, where they may be used. */
  readonly codeForms: Map<OpDecl | BlockDecl, readonly string[]>
  readonly schedules: Map<OpDecl, Curve | undefined>
  /** Weights of objectives that were tried (undefined: dp / p), each along a schedule with a floor. */
  readonly weights: Map<OpDecl | undefined, { readonly curve: Curve; readonly floor: number; readonly sound: boolean }[]>
  /** Kinds that plugins bring, by their word. */
  readonly kinds: Map<string, CustomKind>
}

export function speak(report: Report) {
  return report.using(messages)
}
