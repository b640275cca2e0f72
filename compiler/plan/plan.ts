// The contract between compiler and runtime: what a backend loads and runs. No graph logic is left in it.
import type { Dim, Type } from '../graph/graph.ts'

/** One tensor that crosses the border, row-major. Elements are f32, i32 or u32; bool crosses as i32 0 or 1, f16 as f32. */
export interface TensorSpec {
  readonly name: string
  readonly type: Type
  /** Of memory that is not compact. */
  readonly rows?: Rows | undefined
}

/** Rows that lie apart in memory: the elements of one, and from one to the next. */
export interface Rows {
  readonly length: number
  readonly step: number
}

export interface ProgramSpec {
  readonly name: string
  /** Given anew at each run. */
  readonly inputs: readonly TensorSpec[]
  readonly results: readonly TensorSpec[]
  /** States read or written. */
  readonly states: readonly string[]
  /** Dims whose extent each run must give. */
  readonly live: readonly Dim[]
}

export interface NamedBytes {
  readonly name: string
  readonly bytes: number
}

/** More than a device can make or bind. */
export interface TooLarge extends NamedBytes {
  readonly limit: number
}

/** Bytes on the device, by cause. */
export interface MemoryPlan {
  readonly states: number
  readonly activations: number
  readonly largest: NamedBytes
  /** The largest tensor that must fit one binding, where that is known to be limited (kernels/window.ts). */
  readonly whole?: NamedBytes
  /** Dispatches of a run that compute again what there was no room to keep, and their share of its operations. */
  readonly again?: { readonly dispatches: number; readonly share: number }
}

interface PlanBase {
  /** Kept on the device across runs and programs; zero until written. */
  readonly states: readonly TensorSpec[]
  readonly memory: MemoryPlan
}

export interface OnnxPlan extends PlanBase {
  readonly target: 'cpu'
  readonly threads: number
  readonly programs: readonly OnnxProgram[]
}

export interface OnnxProgram extends ProgramSpec {
  /** Its inputs are those of `inputs`, `states` and `live` (an extent, i64 [1]), its outputs those of `results` and `updates`, in order. */
  readonly model: Uint8Array
  /**
   * States that the model writes: the output of this name goes into the state of that name. `inPlace`: every read of the old value
   * comes before the write, so both may share memory; else the output becomes the state after the run.
   */
  readonly updates: readonly { readonly output: string; readonly state: string; readonly inPlace: boolean }[]
}

export interface WebgpuPlan extends PlanBase {
  readonly target: 'webgpu'
  /** Every GPUBuffer, states first; the planner has shared those whose lifetimes do not meet. */
  readonly buffers: readonly BufferPlan[]
  readonly kernels: readonly KernelPlan[]
  readonly programs: readonly WebgpuProgram[]
}

export interface BufferPlan {
  readonly bytes: number
  /** For people and profiles. */
  readonly label: string
  /** Content known at compile time. */
  readonly data?: Float32Array | Int32Array | Uint32Array
}

export interface KernelPlan {
  readonly label: string
  readonly wgsl: string
  /** Binding i of group 0. `extents` is the uniform buffer with the live extents (u32 each, in the order of ProgramSpec.live, then StretchesPlan.told). */
  readonly bindings: readonly ('read' | 'write' | 'extents')[]
  /** Floating-point operations and bytes of one dispatch, for profiles and bounds. */
  readonly flops: number
  readonly bytes: number
  /** Where other tiles would do. */
  readonly tuning?: Tuning
}

/** A choice of `DeviceFacts.tuned`: places in a table of tiles, those that the device can run, the one taken first. */
export interface Tuning {
  readonly key: string
  readonly places: readonly number[]
}

export interface WebgpuProgram extends ProgramSpec {
  readonly steps: readonly DispatchPlan[]
  readonly stretches?: StretchesPlan
  /** Buffer index of each input, result and state, in the order of the specs. */
  readonly inputBuffers: readonly number[]
  readonly resultBuffers: readonly number[]
}

export interface DispatchPlan {
  readonly kernel: number
  /** Buffer index per binding, with the extents binding as -1. */
  readonly buffers: readonly number[]
  /** What each binding takes of its buffer, where a buffer is larger than a binding may be; undefined is all. */
  readonly windows?: readonly (Window | undefined)[]
  /** Workgroups per axis: a number, or ceil(extent * factor / divisor) of a live dim. */
  readonly groups: readonly [Groups, Groups, Groups]
  /** The one stretch that it is for. Where that has no positions the dispatch is left out, unless the stretch is the first. */
  readonly stretch?: number
}

/** Bytes of a buffer. */
export interface Window {
  readonly offset: number
  readonly bytes: number
}

/** A live dim cut into stretches of at most `size` positions, numbered from zero. */
export interface StretchesPlan {
  readonly of: string
  readonly size: number
  /** Behind the live extents of a stretch's dispatches: how many positions it has, and its number. Names as in `Groups`. */
  readonly told: readonly [extent: string, number: string]
}

export type Groups = number | { readonly live: string; readonly factor: number; readonly divisor: number }

export type Plan = OnnxPlan | WebgpuPlan
