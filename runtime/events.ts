// All that a run ever says. Host loops yield these; terminal, plain lines and --json are three ways to show them.

/** Why a run could not go on: the world's fault, not the program's. `advice` says what to do. */
export interface FailureFacts {
  readonly code: string
  readonly message: string
  readonly advice: readonly string[]
}

export class Failure extends Error {
  readonly code: string
  readonly advice: readonly string[]
  constructor(facts: FailureFacts, options?: ErrorOptions) {
    super(facts.message, options)
    this.name = 'Failure'
    this.code = facts.code
    this.advice = facts.advice
  }
}

/** The device has not the memory for a plan. Nothing is lost by it: a smaller plan may be tried. */
export class DoesNotFit extends Failure {}

export type StageState = 'cached' | 'resumed' | 'new'

export type RunEvent =
  /** First of all: what will happen. */
  | {
      readonly kind: 'run'
      readonly device: string
      readonly stages: readonly {
        readonly stage: string
        /** The word of its kind: `train`, or a plugin's own. */
        readonly what: string
        readonly key: string
        readonly state: StageState
      }[]
    }
  | {
      readonly kind: 'stage'
      readonly stage: string
      readonly state: StageState
      readonly folder: string
      readonly total: number
      readonly unit: 'steps' | 'sequences'
    }
  /** Something slow before the first step: reading data, fetching, compiling, loading weights. */
  | { readonly kind: 'note'; readonly stage: string; readonly text: string }
  | {
      readonly kind: 'step'
      readonly stage: string
      readonly step: number
      readonly total: number
      /** Nats per token: the training bound of this step's batch, noisy. */
      readonly loss: number
      readonly norm: number
      readonly rate: number
      readonly tokens: number
      /** Since the start of this process's work on the stage. */
      readonly seconds: number
      readonly tokensPerSecond: number
      readonly flopsPerSecond: number
      readonly memory: number
      /** Gradients overflowed f16: the step changed nothing but the loss scale. */
      readonly skipped?: boolean
    }
  | {
      readonly kind: 'validation'
      readonly stage: string
      readonly step: number
      readonly bound: number
      readonly error: number
      readonly unigram: number
    }
  | { readonly kind: 'checkpoint'; readonly stage: string; readonly step: number; readonly path: string }
  /** The samples so far; masked positions are null. Text pieces by token. */
  | {
      readonly kind: 'unmask'
      readonly stage: string
      readonly sample: number
      readonly step: number
      readonly total: number
      readonly pieces: readonly (string | null)[]
    }
  | { readonly kind: 'sampled'; readonly stage: string; readonly sample: number; readonly text: string; readonly forwards: number }
  | { readonly kind: 'progress'; readonly stage: string; readonly done: number; readonly total: number; readonly seconds: number }
  /** A metric with its standard error; unit such as 'nats per byte'. */
  | {
      readonly kind: 'metric'
      readonly stage: string
      readonly name: string
      readonly value: number
      readonly error: number
      readonly unit: string
      readonly notes: readonly string[]
    }
  /** The rows of a table, a cell for each word of its head. */
  | { readonly kind: 'table'; readonly stage: string; readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] }
  | { readonly kind: 'done'; readonly stage: string; readonly folder: string; readonly seconds: number }
  /** Stopped on request; running again resumes. */
  | { readonly kind: 'stopped'; readonly stage: string; readonly step: number; readonly total: number }
  | { readonly kind: 'failed'; readonly stage: string; readonly code: string; readonly message: string; readonly advice: readonly string[] }
