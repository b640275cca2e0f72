// A kernel of the fused program → WGSL with its grid.
import { attentionKernel } from './attention.ts'
import { nestsOf, type JoinedKernel, type TensorId } from './kernel.ts'
import { matrixJoint, writeMatrixMatmul } from './matmul-matrix.ts'
import { writeMatmul } from './matmul.ts'
import { writePointwise } from './pointwise.ts'
import { writeReduction } from './reduction.ts'
import { writeScatter } from './scatter.ts'
import { boundTensors, type Context } from './module.ts'
import type { WrittenKernel } from './written.ts'

export function writeKernel(kernel: JoinedKernel, context: Context): WrittenKernel {
  switch (kernel.kind) {
    case 'attention':
      return attentionKernel(kernel.request)
    case 'pointwise':
      return writePointwise(kernel, context)
    case 'reduction':
      return writeReduction(kernel, context)
    case 'matmul':
    case 'products': {
      const joint = matrixJoint(kernel, context)
      return joint ? writeMatrixMatmul(kernel.label, joint) : writeMatmul(kernel, context)
    }
    case 'scatter':
      return writeScatter(kernel, context)
  }
}

/** The tensors in binding order; a binding `extents` comes after them. */
export function tensorsOf(kernel: JoinedKernel): readonly TensorId[] {
  if (kernel.kind === 'attention') return [...kernel.reads, ...kernel.writes]
  return boundTensors(nestsOf(kernel)).map((b) => b.tensor)
}

/** What tells kernels apart and has no part in their text. */
const notInText: ReadonlySet<string> = new Set(['label', 'again', 'stretch', 'reads', 'writes'])

/** Kernels with the same key are written as the same text on the same grid: they differ in label and tensors only. */
export function keyOf(kernel: JoinedKernel, { tensors, live, facts }: Context): string {
  const bound = tensorsOf(kernel)
  const position = new Map(bound.map((tensor, i) => [tensor, i]))
  const shape = JSON.stringify(kernel, (name, value: unknown) => {
    if (value === facts || notInText.has(name)) return undefined
    return name === 'tensor' ? position.get(value as TensorId) : value
  })
  return JSON.stringify([shape, bound.map((tensor) => tensors[tensor]!.type), live.live, live.merged])
}
