// The checked pipeline: everything a page says, resolved, with defaults filled in and quantities converted.
// After check, a failure is our bug, never the user's error.
import type { Span } from '../../grammar/source.ts'
import type { OpCode } from '../elaborate/code.ts'
import type { Model } from '../elaborate/model.ts'
import type { StageKind as CustomStageKind, Values } from '../spec/plugin.ts'

export type { BlockCode, Code, ModelSpec, OpCode, Scope, Setting } from '../elaborate/code.ts'

export type StageKind = 'train' | 'sample' | 'eval' | 'sweep' | 'fit' | 'table' | 'custom'

interface StageBase {
  readonly name: string
  readonly span: Span
  /** SHA-256 of the normal form, hex. */
  readonly key: string
  /** Every field with its default, canonical units, names replaced by values: JSON, fields sorted. */
  readonly normal: unknown
  /** Where each value came from, by path (`optimizer.lr`), for explain and why. */
  readonly origins: () => ReadonlyMap<string, Span>
  /** The stages it depends on, which come before it in Pipeline.stages. */
  readonly needs: readonly Stage[]
  /** What of it is right and cannot be run by this version. */
  readonly later: readonly Later[]
}

export interface Later {
  /** As in `the data \`packed\``. */
  readonly what: string
  readonly at: Span
}

export interface TokenizerSpec {
  readonly kind: 'bytes' | 'sentencepiece' | 'bpe'
  readonly vocab: number
  /** The file of a sentencepiece or bpe tokenizer. */
  readonly path?: string
}

/** A text with places for columns of the data, the text so far, and masks. */
export type Template = readonly Piece[]

export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'column'; readonly name: string }
  | { readonly kind: 'so_far' }
  | { readonly kind: 'hole'; readonly tokens: number }

export interface TurnSpec {
  readonly given: Template
  readonly write?: Template
}

export interface DataSpec {
  readonly form: 'text' | 'packed' | 'jsonl' | 'lines'
  readonly path: string
  /** Of packed data: a pattern of the names of its files. */
  readonly files?: string
  /** Of lines: a regular expression with one group a column. */
  readonly pattern?: { readonly columns: readonly string[]; readonly regexp: string }
  readonly tokenizer: TokenizerSpec
  readonly part: 'all' | 'train' | 'validation'
  readonly validation?: { readonly share: number } | { readonly path: string }
  readonly limit?: number
  /** Tokens in this part, where the file is known. */
  readonly tokens?: number
  /** Sequences in this part, where each example is one: lines times turns. */
  readonly sequences?: number
  readonly turns: readonly TurnSpec[]
  /** The right answer of an example. */
  readonly expect?: Template
  /** The answers to choose among. */
  readonly choices?: readonly Template[]
  /** What stands behind the end of an example: tokens to learn, or nothing. */
  readonly fill?: 'eos' | 'ignore'
  /** Of the order in which files and examples are shuffled. */
  readonly seed: number
}

export interface MaskedObjective {
  readonly kind: 'masked'
  readonly schedule: OpCode
  readonly floor: number
  /** Op of (p, dp); undefined: dp / p, the ELBO. */
  readonly weight?: OpCode
  readonly learn: 'everything' | 'answers'
  /** Share of examples whose prompt is hidden. */
  readonly dropPrompt: number
  readonly normalise: 'tokens' | 'sequence' | 'batch'
}

export interface OptimizerSpec {
  readonly kind: 'adamw'
  readonly rate: number
  /** In steps. */
  readonly warmup: number
  readonly decay: 'cosine' | 'linear' | 'constant'
  /** Share of `rate` at the end. */
  readonly floor: number
  readonly betas: readonly [number, number]
  readonly weightDecay: number
  readonly clip: number
  readonly eps: number
}

/** A stage that leaves weights, or a file of weights. */
export type From = { readonly kind: 'stage'; readonly stage: TrainStage } | { readonly kind: 'checkpoint'; readonly path: string }

export interface TrainStage extends StageBase {
  readonly kind: 'train'
  readonly model: Model
  /** Smaller members of the model's family, largest first, elaborated as they are asked for. */
  readonly smaller?: () => Iterable<{ readonly name: string; readonly model: Model }>
  readonly from?: From
  readonly data: DataSpec
  /** What is held out of the data and measured on. */
  readonly held?: DataSpec
  readonly objective: MaskedObjective | { readonly kind: 'next_token' }
  readonly optimizer: OptimizerSpec
  /** Sequences per step. */
  readonly batch: number
  readonly context: number
  readonly steps: number
  /** Share of sequences that are cut to a random length. */
  readonly randomLength: number
  readonly precision: 'f32' | 'f16'
  readonly seed: number
  /** Steps between; 0: only at the end. */
  readonly every: { readonly log: number; readonly validate: number; readonly keep: number }
}

export interface SamplerSpec {
  readonly kind: 'confidence' | 'ancestral'
  readonly steps: number
  readonly temperature: number
  readonly guidance: number
  /** Op from p: [vocab] to a number, highest first; undefined: the probability of the chosen token. */
  readonly order?: OpCode
  readonly pooled: boolean
}

export interface SampleStage extends StageBase {
  readonly kind: 'sample'
  readonly from: From
  readonly model: Model
  readonly tokenizer: TokenizerSpec
  readonly prompt: string
  /** The prompt with its holes, where it has any. */
  readonly template?: Template
  readonly length: number
  readonly count: number
  readonly sampler: SamplerSpec
  readonly seed: number
  readonly write?: string
}

export interface EvalStage extends StageBase {
  readonly kind: 'eval'
  readonly from: From
  readonly model: Model
  readonly data: DataSpec
  readonly context: number
  readonly objective: MaskedObjective
  readonly metrics: readonly MetricSpec[]
  /** How answers are written, for metrics that read them. */
  readonly sampler?: SamplerSpec
  /** Tokens in all of a written answer, prompt included. */
  readonly length?: number
  readonly limit?: number
  readonly seed: number
}

export type Estimator = 'monte_carlo' | 'exact_k' | 'chain_rule'

export type MetricSpec =
  | { readonly kind: 'likelihood'; readonly by: Estimator; readonly samples: number }
  | { readonly kind: 'choice'; readonly by: Estimator }
  | { readonly kind: 'exact' | 'contains' | 'bleu' }
  | { readonly kind: 'same_number'; readonly after?: string }

/** One stage for each row of values. The stages stand before it in Pipeline.stages, like all it needs. */
export interface SweepStage extends StageBase {
  readonly kind: 'sweep'
  readonly runs: readonly { readonly values: Readonly<Record<string, string>>; readonly stage: Stage }[]
}

export interface FitStage extends StageBase {
  readonly kind: 'fit'
  readonly sweep: SweepStage
  readonly law: 'isoflop' | 'power'
  readonly loss: 'validation' | 'train'
  readonly write?: string
}

export interface TableStage extends StageBase {
  readonly kind: 'table'
  readonly rows: readonly Stage[]
  readonly write?: string
}

/** A kind that a plugin brings, under the word that begins its declarations. */
export interface CustomKind {
  readonly word: string
  readonly kind: CustomStageKind
  /** Hash of the plugin's text: what it does is part of a stage's key. */
  readonly sha256: string
}

export interface CustomStage extends StageBase {
  readonly kind: 'custom'
  readonly custom: CustomKind
  readonly values: Values
  /** The training that its field `from` names. */
  readonly trained?: TrainStage
  /** By field. */
  readonly data: ReadonlyMap<string, DataSpec>
  readonly seed: number
}

export type Stage = TrainStage | SampleStage | EvalStage | SweepStage | FitStage | TableStage | CustomStage

export interface Pipeline {
  /** Dependencies first. Those of the root file, and what they need. */
  readonly stages: readonly Stage[]
}
