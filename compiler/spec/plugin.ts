// What a TypeScript file adds to the language: kinds of stages, each with its schema (fields), its meaning (check), its lowering
// (programs on the model's graph) and the host's part (run). `use "./calibration.ts"` brings them. Only types are shared with such
// a file, so it imports nothing of smdmc when it runs.
import type { Builder, Value } from '../graph/builder.ts'
import type { CustomHost as Host, CustomMetric as Metric, CustomProgress as Progress } from '../plan/jobs.ts'
import type { Fields } from './kinds.ts'

export type { Builder, Value } from '../graph/builder.ts'
export type { CustomHost as Host, CustomMetric as Metric, CustomProgress as Progress } from '../plan/jobs.ts'
export type { Fields, FieldSpec, FieldType } from './kinds.ts'

/** What the file exports under the name `plugin`. */
export interface Plugin {
  /** By the word that begins a declaration. */
  readonly kinds: Readonly<Record<string, StageKind>>
}

export interface StageKind {
  readonly doc: string
  /**
   * The schema. A field `from` of type stage, with `kinds: ['train']`, gives the stage a model; fields of type record `data` give it
   * tokens. All others are texts, truths, words, quantities of one unit, lists of those or either of them: what a FieldValue can hold.
   */
  readonly fields: Fields
  /** Raised when a change of the plugin changes results in a way that its text does not show: a package it imports, say. */
  readonly numerics?: number
  /** The meaning: what the schema cannot say. Every problem is shown at its field. */
  readonly check?: (values: Values) => readonly Problem[]
  /** The lowering: the programs that `run` asks for. */
  readonly lower?: (network: Network, values: Values) => void
  /** The host's part. Yields how far it is; what it returns is kept in metrics.json and shown. */
  readonly run: (values: Values, host: Host) => AsyncGenerator<Progress, readonly Metric[]>
}

/** Fields by name, with defaults filled in and quantities in their canonical units. */
export type Values = Readonly<Record<string, FieldValue | undefined>>

export type FieldValue = number | string | boolean | readonly FieldValue[] | TrainedModel | DataPart

/** A training, as a field of type stage gives it. */
export interface TrainedModel {
  readonly kind: 'model'
  readonly name: string
  readonly context: number
  readonly vocab: number
  /** The id of the mask. */
  readonly mask: number
}

/** Data, as a field of type record `data` gives it; `host.tokens` reads it. */
export interface DataPart {
  readonly kind: 'data'
  /** The name of its field. */
  readonly field: string
  /** Tokens in it, where that is known. */
  readonly tokens?: number
}

export interface Problem {
  readonly field: string
  readonly message: string
  /** Why, and what to write instead. */
  readonly notes?: readonly string[]
}

/** The model's graph, to build programs on. */
export interface Network {
  /** Sequences of one run, and tokens of each. */
  readonly batch: number
  readonly time: number
  /** A program from tokens i32 [batch, time] to results: each must have the dims it is given by, `batch` first. */
  readonly program: (name: string, results: (logits: Value, ops: Ops) => Readonly<Record<string, Value>>) => void
}

/** What a program is made of: the graph's own ops, and those of the library by name. */
export interface Ops {
  readonly graph: Builder
  /** `apply('softmax', [logits], { d: 'vocab' })`. */
  readonly apply: (op: string, args: readonly Value[], dims?: Readonly<Record<string, string>>) => Value
}
