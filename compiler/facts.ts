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
}

/** What is known of a file that a pipeline names. `path` as resolved against the file that names it. */
export type FileFacts =
  | { readonly path: string; readonly found: true; readonly bytes: number; readonly sha256: string; readonly tokens?: number }
  | {
      readonly path: string
      readonly found: false
      readonly reason: 'missing' | 'unreadable' | 'directory' | 'offline'
      readonly near?: string
    }
