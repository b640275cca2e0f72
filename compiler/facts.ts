// What is known of the world, as data: the compiler never asks it. A plan for a card that is not here
// compiles from a JSON file of this shape.

/** What a device can do; the WebGPU target chooses tiles and slots from these. Sizes in bytes. */
export interface DeviceFacts {
  readonly backend: 'cpu' | 'webgpu'
  /** Shown to the user: 'AMD EPYC, 2 threads', 'NVIDIA H200'. */
  readonly name: string
  readonly driver?: string
  /** Total memory a run may use. */
  readonly memory?: number
  /** CPU: intra-op threads, which is the number of physical cores. */
  readonly threads?: number
  readonly features: readonly string[]
  readonly limits: {
    readonly maxBufferSize: number
    readonly maxStorageBufferBindingSize: number
    readonly maxComputeWorkgroupStorageSize: number
    readonly maxComputeInvocationsPerWorkgroup: number
    readonly maxComputeWorkgroupSizeX: number
    readonly maxComputeWorkgroupsPerDimension: number
    readonly maxStorageBuffersPerShaderStage: number
    readonly minStorageBufferOffsetAlignment: number
  }
  readonly subgroup?: { readonly min: number; readonly max: number }
  readonly subgroupMatrices?: readonly {
    readonly M: number
    readonly N: number
    readonly K: number
    readonly type: string
    readonly result: string
  }[]
  /** Software rendering: no claims about speed. */
  readonly software: boolean
  /** How fast it is, where that is known: for estimates of time, nothing else. */
  readonly rates?: DeviceRates
  /**
   * Tiles that were measured to be the fastest here: places in the tables of kernels/matrix-tile.ts and kernels/flash-tile.ts, by the
   * keys that stand there. Results do not depend on them, but for the rounding of attention's forward pass.
   */
  readonly tuned?: Readonly<Record<string, number>>
}

/** Bytes of logits that a device makes at a time, and of what is as large as they are: enough for products to run at full speed. */
export const wideTensor = 512 * 2 ** 20

/** Achieved, not peak. */
export interface DeviceRates {
  /** Floating-point operations a second in training, as executed. */
  readonly flops: number
  /** Bytes a second to and from memory. */
  readonly bytes?: number
  /** Where the numbers come from: `measured here, training base, 6.3M parameters`. */
  readonly source: string
}

/** What is asked of a file beside its bytes. */
export type FileQuery =
  /** A JSON object a line. */
  | { readonly as: 'jsonl' }
  /** A line each, split by a regular expression with one group a column. */
  | { readonly as: 'lines'; readonly regexp: string }
  /** A folder with packed blocks of tokens, of which those files count that the glob names. */
  | { readonly as: 'packed'; readonly glob: string }
  /** A tokenizer's file. */
  | { readonly as: 'sentencepiece' | 'bpe' }

/** What is known of a file that a pipeline names. `path` as resolved against the file that names it. */
export type FileFacts = FoundFile | LostFile

export interface FoundFile {
  readonly path: string
  readonly found: true
  readonly bytes: number
  /** Found when it is asked for: that takes as long as to read the file. */
  readonly sha256: string
  readonly tokens?: number
  /** Of jsonl and lines: examples, and the columns that each of them has. */
  readonly lines?: number
  readonly columns?: readonly string[]
  /** Of a tokenizer: how many ids it has. */
  readonly vocab?: number
  /** The file is there and is not what was asked for. `line` counts from 1. */
  readonly unfit?: { readonly line?: number; readonly problem: string }
}

export interface LostFile {
  readonly path: string
  readonly found: false
  readonly reason: 'missing' | 'unreadable' | 'directory' | 'stream' | 'not-a-directory' | 'no-match' | 'offline'
  readonly near?: string
}
