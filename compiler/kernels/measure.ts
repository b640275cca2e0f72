// A kernel → operations and bytes of one dispatch, live dims at their bounds: the least a device could do, for profiles and bounds.
import type { Dim } from '../graph/graph.ts'
import { flopsOf } from './cost.ts'
import type { LoopKernel } from './kernel.ts'
import type { Context } from './shader.ts'

export function measure(kernel: LoopKernel, { tensors }: Pick<Context, 'tensors'>): { readonly flops: number; readonly bytes: number } {
  const touched = new Set([...kernel.body.flatMap((s) => (s.op === 'load' ? [s.tensor] : [])), ...kernel.stores.map((s) => s.tensor)])
  const bytes = [...touched].reduce((sum, t) => sum + bytesOf(tensors[t]!.type.dims, tensors[t]!.type.dtype), 0)
  const positions = product(loopsOf(kernel))
  const arithmetic = kernel.body.reduce(
    (sum, s) => sum + (s.op === 'load' || s.op === 'coordinate' || s.op === 'contract' ? 0 : flopsOf(s)),
    0,
  )
  // A product's prologue and epilogue are small beside it.
  return { flops: kernel.kind === 'matmul' ? 2 * positions : arithmetic * positions, bytes }
}

export function bytesOf(dims: readonly Dim[], dtype: string): number {
  return product(dims) * (dtype === 'f16' ? 2 : 4)
}

function loopsOf(kernel: LoopKernel): readonly Dim[] {
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
