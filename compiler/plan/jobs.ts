// What the host loops need beside the plan: one job per stage to run, plain data and pure functions.
// Names of programs and of their inputs are the contract between compiler/build/programs.ts and runtime/.
//
// Programs of a train plan (states: weight/<name>, m/<name>, v/<name>, grad/<name>; in f16 those of build/scaler.ts, too):
//   accumulate  tokens i32 [batch, time] as the model sees them, row i32 [row] (= b * time + t, ascending), target i32 [row],
//               weight f32 [row] → result loss f32 [] (sum of weight * cross-entropy); adds to grad/*
//   apply       rate, correction1, correction2 (1 - beta^step) f32 [] → result norm f32 [] (before clipping); updates weight, m, v; zeroes grad.
//               In f16 step f32 [] (from 1) instead of the corrections; where norm is not finite, the step changed nothing but the scale
//   step        both in one, for batches that fit in one run: the inputs of both → loss, norm. No grad/* states.
//   nll         tokens, row, target → nll f32 [row]
//   prepare     in f16 only: to be run when weight/* has been written, makes the copies half/weight/* that products read
// Programs of an evaluation plan (states: weight/*):
//   nll         as above
//   guided_nll  the same with inputs clear i32 [row] (rows of the same positions with the prompt masked) and guidance f32 []
//   logits      tokens → logits f32 [batch, time, vocab]
// Programs of a sample plan (states: weight/*, tokens i32 [batch, time]):
//   confidence  count i32 [batch] (tokens to reveal in each sample; [] when pooled), prompt i32 [batch] (given tokens at the front),
//               step i32 [], seed i32 [], sample i32 [batch], temperature f32 [], guidance f32 []; live dim `slot`: the most masks in a sample
//   ancestral   row i32 [row] of the positions to reveal, and prompt, step, seed, sample, temperature, guidance as above
// Inputs that a variant does not read (temperature at 0, guidance at 0) are absent from its spec.
// Where dims of one size repeat, a primed live dim has the extent of its unprimed name.
import type { Dim } from '../graph/graph.ts'
import type { Plan } from './plan.ts'

export interface WeightSpec {
  /** `layers.3.prenorm.attention.Wq`: block names and turns of `repeat` joined by dots. */
  readonly name: string
  readonly dims: readonly Dim[]
  readonly init: { readonly kind: 'normal'; readonly std: number } | { readonly kind: 'constant'; readonly value: number }
}

export interface DataJob {
  readonly form: 'text'
  /** Absolute path, or `npm:NAME@VERSION/path`. */
  readonly path: string
  readonly tokenizer: { readonly kind: 'bytes' }
  readonly part: 'all' | 'train' | 'validation'
  /** Share of the tokens at the end that validation takes, or a file of its own. */
  readonly validation?: { readonly share: number } | { readonly path: string }
  /** At most so many tokens. */
  readonly limit?: number
}

interface JobBase {
  readonly stage: string
  /** 64 hex digits; the store's folder is their first 12. */
  readonly key: string
  /** The normal form, written to stage.json. */
  readonly normal: unknown
  readonly plan: Plan
  readonly weights: readonly WeightSpec[]
  readonly vocab: number
  /** The mask token's id, = vocab. */
  readonly mask: number
  readonly seed: number
  /** What the compiler has to say to the user before the stage runs. */
  readonly notes: readonly string[]
}

/** Where weights come from. */
export type Source =
  { readonly kind: 'stage'; readonly stage: string; readonly key: string } | { readonly kind: 'checkpoint'; readonly path: string }

/** A noise schedule with its objective weight, on numbers. */
export interface Noise {
  /** Probability that a token is masked at time t in [0, 1]. */
  readonly p: (t: number) => number
  /** Weight of a masked token's cross-entropy at time t. */
  readonly weight: (t: number) => number
}

export interface TrainJob extends JobBase {
  readonly kind: 'train'
  readonly start?: Source
  readonly data: DataJob
  /** Held-out tokens for validation during and after training. */
  readonly validation?: DataJob
  readonly objective: 'masked' | 'next_token'
  readonly noise: Noise
  readonly context: number
  /** Sequences per optimizer step, and per run of the device: a divisor. */
  readonly batch: number
  readonly micro: number
  readonly steps: number
  /** Learning rate of step 1 … steps. */
  readonly rate: (step: number) => number
  readonly betas: readonly [number, number]
  /** Steps between log lines, validations, checkpoints; zero: only at the end. */
  readonly every: { readonly log: number; readonly validate: number; readonly keep: number }
  readonly parameters: number
  /** States to be saved with weights and moments; zero at the start. */
  readonly extra: readonly string[]
  /** Executed and paper (6ND) floating-point operations per token of training. */
  readonly flops: { readonly executed: number; readonly paper: number }
}

export interface SampleJob extends JobBase {
  readonly kind: 'sample'
  readonly from: Source
  readonly tokenizer: { readonly kind: 'bytes' }
  readonly prompt: string
  /** Total length, prompt included, in tokens. */
  readonly length: number
  readonly count: number
  /** Samples per run of the device. */
  readonly micro: number
  readonly sampler: SamplerJob
  /** A file for the samples, beside the store. */
  readonly write?: string
}

export interface SamplerJob {
  readonly kind: 'confidence' | 'ancestral'
  readonly steps: number
  readonly temperature: number
  readonly guidance: number
  readonly pooled: boolean
}

export interface EvalJob extends JobBase {
  readonly kind: 'eval'
  readonly from: Source
  readonly data: DataJob
  readonly context: number
  /** Sequences per run of the device. */
  readonly micro: number
  /** That of the training: the chain rule asks a model of the next token once a text, and one that fills masks once a token. */
  readonly objective: TrainJob['objective']
  readonly metric: LikelihoodJob
  /** At most so many sequences of the data. */
  readonly limit?: number
}

/** The bound in nats per token, or the exact chain rule. */
export interface LikelihoodJob {
  readonly kind: 'likelihood'
  readonly by: 'monte_carlo' | 'exact_k' | 'chain_rule'
  /** Noise draws over the whole evaluation; for the chain rule, sequences at most. */
  readonly samples: number
  readonly noise: Noise
}

/** A stage whose kind a plugin brings: programs of the model in `from`, if there is one, and a host loop of the plugin's own. */
export interface CustomJob extends JobBase {
  readonly kind: 'custom'
  readonly from?: Source
  /** By field. */
  readonly data: Readonly<Record<string, DataJob>>
  readonly context: number
  /** Sequences per run of the device. */
  readonly micro: number
  readonly run: (host: CustomHost) => AsyncGenerator<CustomProgress, readonly CustomMetric[]>
}

/** What a plugin's loop may ask for. */
export interface CustomHost {
  /** Sequences of one run. */
  readonly batch: number
  /** All tokens of a data field. */
  readonly tokens: (data: { readonly field: string }) => Promise<ArrayLike<number>>
  /** Runs a program on tokens [batch, context]; results are row-major. */
  readonly run: (program: string, tokens: Int32Array) => Promise<Readonly<Record<string, ArrayLike<number>>>>
  /** A number between 0 and 1 that depends on the stage's seed and these counters only. */
  readonly random: (...counters: readonly [number, number?, number?, number?]) => number
}

export interface CustomProgress {
  readonly done: number
  readonly total: number
}

/** `error`: the standard error; null where there is none. */
export interface CustomMetric {
  readonly name: string
  readonly value: number
  readonly error: number | null
  readonly unit: string
  readonly notes: readonly string[]
}

export type Job = TrainJob | SampleJob | EvalJob | CustomJob

/** A finished stage in the store. */
export interface Done {
  readonly stage: string
  readonly kind: Job['kind']
  readonly key: string
}

interface ReadingBase {
  readonly stage: string
  readonly key: string
  readonly normal: unknown
}

/** A law through the losses of trainings. */
export interface FitJob extends ReadingBase {
  readonly kind: 'fit'
  readonly law: 'isoflop' | 'power'
  readonly loss: 'validation' | 'train'
  /** Trainings of one compute each, in its order. Parameters without embeddings; compute is 6 N D. */
  readonly budgets: readonly (readonly (Done & { readonly parameters: number; readonly compute: number })[])[]
}

/** The numbers of stages side by side. */
export interface TableJob extends ReadingBase {
  readonly kind: 'table'
  readonly rows: readonly Done[]
}

/** What reads the results of others, and needs no device. */
export type ReadingJob = FitJob | TableJob
