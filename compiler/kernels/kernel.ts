// The fused program: kernels in the order they run, each a loop nest over named dims around a scalar body.
// A body's scalars are graph nodes without dims, plus loads and coordinates. A view (rename, merge, split, broadcast,
// rotate, gather) is not there any more: it has become the index of a load, so that it moves no data.
import type { Dim, Dtype, Node, Type } from '../graph/graph.ts'
import type { AttentionRequest } from './written.ts'

/** Position in KernelGraph.tensors. */
export type TensorId = number
/** Position in a Body. */
export type ScalarId = number

/** Memory, row-major over the type's dims as rows.ts lays them, compact where dims are live. */
export interface Stored {
  readonly type: Type
  readonly label: string
  readonly source:
    | { readonly kind: 'data' | 'state'; readonly name: string }
    | { readonly kind: 'table'; readonly data: Float32Array | Int32Array }
    | { readonly kind: 'kernel' }
}

/** Where a tensor is read along one of its dims. Sizes are products of dims, since a live dim has none at compile time. */
export type Index =
  | { readonly kind: 'dim'; readonly name: string }
  | { readonly kind: 'value'; readonly of: ScalarId }
  /** Row-major: the parts' sizes are `sizes`, in order. */
  | { readonly kind: 'join'; readonly parts: readonly Index[]; readonly sizes: readonly Dim[] }
  | { readonly kind: 'div' | 'mod'; readonly of: Index; readonly by: Dim }
  | { readonly kind: 'rotate'; readonly of: Index; readonly by: number; readonly size: Dim }
  /** The number of the stretch that the kernel runs for. */
  | { readonly kind: 'stretch' }

export interface Load {
  readonly op: 'load'
  readonly tensor: TensorId
  /** One per dim of the tensor. */
  readonly index: readonly Index[]
  readonly dtype: Dtype
}

/** A position of the loop nest as an i32. */
export interface Coordinate {
  readonly op: 'coordinate'
  readonly index: Index
}

/** Nodes' inputs are scalars of the same body; their types have no dims. Reductions, contract and scatter run over the kernel's own dims. */
export type Scalar = Load | Coordinate | Node
/** In topological order; equal scalars are one. */
export type Body = readonly Scalar[]

/** Writes a scalar at the loop's own position; the tensor's dims are among the loop's. */
export interface Store {
  readonly tensor: TensorId
  readonly value: ScalarId
  /** One per dim of the tensor. */
  readonly index: readonly Index[]
}

/** A live dim that some kernels run through in stretches of at most `size` positions, numbered from zero (chunk.ts). */
export interface Stretches {
  readonly of: string
  readonly size: number
}

/** The dim of a stretch's positions, and what stands for its number among extents; no dims of the language are called so. */
export const stretchDim = '#stretch'
export const stretchNumber = '#number'

interface KernelBase {
  /** For people and profiles: `layers.3 matmul`. */
  readonly label: string
  /** It computes what one before it has computed, for want of memory. */
  readonly again?: true
  /** It is run for this stretch alone. */
  readonly stretch?: number
  readonly body: Body
  readonly stores: readonly Store[]
}

/** The dim that numbers the parts of a cut reduction; no dim of the language is called so. */
export const partDim = '#part'

/** One value per position of `dims`. */
export interface PointwiseKernel extends KernelBase {
  readonly kind: 'pointwise'
  readonly dims: readonly Dim[]
}

/**
 * For each position of `rows` the body's reductions run over `over`, those that use earlier ones after them; a store
 * whose tensor has the dims of `over` runs over these too.
 */
export interface ReductionKernel extends KernelBase {
  readonly kind: 'reduction'
  readonly rows: readonly Dim[]
  readonly over: readonly Dim[]
  /** More than one: row-major `over` is cut into so many ranges, each with its own result; the stores' first dim is `partDim`. */
  readonly parts: number
}

/** The body's one contract, and what is done to its result. */
export interface MatmulKernel extends KernelBase {
  readonly kind: 'matmul'
  readonly batch: readonly Dim[]
  readonly m: readonly Dim[]
  /** Its last dim is the innermost of the result. */
  readonly n: readonly Dim[]
  readonly k: readonly Dim[]
  /** As for reductions, of `k`. */
  readonly parts: number
}

/** For each position of `dest` the sum of the updates whose index meets it, in the order of `over`, for all of `rest`. */
export interface ScatterKernel extends KernelBase {
  readonly kind: 'scatter'
  /** Dims that updates and index share and that remain, and the new dim, which is last. */
  readonly dest: readonly Dim[]
  readonly rest: readonly Dim[]
  readonly over: readonly Dim[]
}

/** Written by hand; tensors in the order of the request's bindings. */
export interface AttentionKernel {
  readonly kind: 'attention'
  readonly label: string
  readonly again?: true
  readonly stretch?: undefined
  readonly request: AttentionRequest
  readonly reads: readonly TensorId[]
  readonly writes: readonly TensorId[]
}

export type LoopKernel = PointwiseKernel | ReductionKernel | MatmulKernel | ScatterKernel
export type Kernel = LoopKernel | AttentionKernel

/**
 * Products that one dispatch computes (join.ts). `beside`: a workgroup makes a tile of one of them; they have the same m, batch and parts,
 * and n is not live. `behind`: it makes the same tile of each, one after the other, so that an epilogue may read what an earlier
 * product has stored at the same position; they have the same m, n and batch.
 */
export interface ProductsKernel {
  readonly kind: 'products'
  readonly label: string
  readonly again?: true
  readonly stretch?: undefined
  readonly order: 'beside' | 'behind'
  readonly products: readonly MatmulKernel[]
}

/** What one dispatch runs. */
export type JoinedKernel = Kernel | ProductsKernel

export interface KernelGraph {
  readonly tensors: readonly Stored[]
  readonly kernels: readonly Kernel[]
  /** Given at run time; primed ones have the extent of their unprimed name. Those of a stretch are among them, behind all others. */
  readonly live: readonly Dim[]
  readonly stretches?: Stretches
  /** Live dims that merge made: the dims whose extents multiply to theirs. */
  readonly merged: Readonly<Record<string, readonly Dim[]>>
  /** `type` may name the dims of the same memory otherwise than the tensor does. */
  readonly results: readonly { readonly name: string; readonly tensor: TensorId; readonly type: Type }[]
}

/** The loop nests that a dispatch runs. */
export function nestsOf(kernel: LoopKernel | ProductsKernel): readonly LoopKernel[] {
  return kernel.kind === 'products' ? kernel.products : [kernel]
}

export interface JoinedGraph extends Omit<KernelGraph, 'kernels'> {
  readonly kernels: readonly JoinedKernel[]
}
