// Kernels of one dispatch → its operations and bytes, live dims at their bounds: the least a device could do, for profiles and bounds.
import type { Dim } from '../graph/graph.ts'
import { flopsOf } from './cost.ts'
import type { Index, LoopKernel, TensorId } from './kernel.ts'
import { boundTensors, type Context } from './module.ts'

/** Bytes of what several touch count once. */
export function measure(
  kernels: readonly LoopKernel[],
  { tensors }: Pick<Context, 'tensors'>,
): { readonly flops: number; readonly bytes: number } {
  const bytes = boundTensors(kernels).map(({ tensor }) => {
    const { dims, dtype } = tensors[tensor]!.type
    return product(reached(dims, accessesOf(kernels, tensor))) * (dtype === 'f16' ? 2 : 4)
  })
  return {
    flops: kernels.reduce((sum, kernel) => sum + operations(kernel), 0),
    bytes: bytes.reduce((sum, n) => sum + n, 0),
  }
}

function accessesOf(kernels: readonly LoopKernel[], tensor: TensorId): readonly (readonly Index[])[] {
  const all = kernels.flatMap(({ body, stores }) => [...body.flatMap((s) => (s.op === 'load' ? [s] : [])), ...stores])
  return all.flatMap((access) => (access.tensor === tensor ? [access.index] : []))
}

/** The dims as far as indices go along them: no further than a stretch, if they all begin where one does. */
function reached(dims: readonly Dim[], indices: readonly (readonly Index[])[]): readonly Dim[] {
  const along = (index: Index, { size }: Dim): number =>
    index.kind === 'join' && index.parts[0]!.kind === 'stretch' ? Math.min(size, index.sizes[1]!.size) : size
  return dims.map((d, i) => ({ ...d, size: Math.max(...indices.map((index) => along(index[i]!, d))) }))
}

function operations(kernel: LoopKernel): number {
  const positions = product(loopsOf(kernel))
  const arithmetic = kernel.body.reduce(
    (sum, s) => sum + (s.op === 'load' || s.op === 'coordinate' || s.op === 'contract' ? 0 : flopsOf(s)),
    0,
  )
  // A product's prologue and epilogue are small beside it.
  return kernel.kind === 'matmul' ? 2 * positions : arithmetic * positions
}

/** All dims that a kernel runs through. */
export function loopsOf(kernel: LoopKernel): readonly Dim[] {
  switch (kernel.kind) {
    case 'pointwise':
      return kernel.dims
    case 'reduction':
      return [...kernel.rows, ...kernel.over]
    case 'matmul':
      return [...kernel.batch, ...kernel.m, ...kernel.n, ...kernel.k]
    case 'scatter':
      return [...kernel.over, ...kernel.rest]
  }
}

function product(dims: readonly Dim[]): number {
  return dims.reduce((n, d) => n * d.size, 1)
}
