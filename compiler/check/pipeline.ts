// The checked pipeline: everything a page says, resolved, with defaults filled in and quantities converted.
// After check, a failure is our bug, never the user's error.
import type { Span } from '../../grammar/source.ts'
import type { OpCode } from '../elaborate/code.ts'
import type { Model } from '../elaborate/model.ts'

export type { BlockCode, Code, ModelSpec, OpCode, Scope, Setting } from '../elaborate/code.ts'

export type StageKind = 'train' | 'sample' | 'eval' | 'sweep' | 'fit' | 'table'

interface StageBase {
  readonly name: string
  readonly span: Span
  /** SHA-256 of the normal form, hex. */
  readonly key: string
  /** Every field with its default, canonical units, names replaced by values: JSON, fields sorted. */
  readonly normal: unknown
  /** Where each value came from, by path (`optimizer.lr`), for explain and why. */
  readonly origins: ReadonlyMap<string, Span>
  /** The stages it depends on, which come before it in Pipeline.stages. */
  readonly needs: readonly Stage[]
}

export interface TokenizerSpec {
  readonly kind: 'bytes'
  readonly vocab: number
}

export interface DataSpec {
  readonly form: 'text'
  readonly path: string
  readonly tokenizer: TokenizerSpec
  readonly part: 'all' | 'train' | 'validation'
  readonly validation?: { readonly share: number } | { readonly path: string }
  readonly limit?: number
  /** Tokens in this part, where the file is known. */
  readonly tokens?: number
}

export interface MaskedObjective {
  readonly kind: 'masked'
  readonly schedule: OpCode
  readonly floor: number
  /** Op of (p, dp); undefined: dp / p, the ELBO. */
  readonly weight?: OpCode
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
  readonly from?: From
  readonly data: DataSpec
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
  readonly metrics: readonly {
    readonly kind: 'likelihood'
    readonly by: 'monte_carlo' | 'exact_k' | 'chain_rule'
    readonly samples: number
  }[]
  readonly limit?: number
  readonly seed: number
}

/** Checked in its fields, not yet executable; running it says so. */
export interface LaterStage extends StageBase {
  readonly kind: 'sweep' | 'fit' | 'table'
}

export type Stage = TrainStage | SampleStage | EvalStage | LaterStage

export interface Pipeline {
  /** Dependencies first. Those of the root file, and what they need. */
  readonly stages: readonly Stage[]
}
