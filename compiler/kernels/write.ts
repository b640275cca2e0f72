// A kernel of the fused program → WGSL with its grid.
import { attentionKernel } from './attention.ts'
import type { Kernel, TensorId } from './kernel.ts'
import { writeMatmul } from './matmul.ts'
import { writePointwise } from './pointwise.ts'
import { writeReduction } from './reduction.ts'
import { writeScatter } from './scatter.ts'
import { boundTensors, type Context } from './shader.ts'
import type { WrittenKernel } from './written.ts'

/** The kernel, and its tensors in binding order; a binding `extents` is not among them. */
export function writeKernel(kernel: Kernel, context: Context): { readonly written: WrittenKernel; readonly tensors: readonly TensorId[] } {
  if (kernel.kind === 'attention') return { written: attentionKernel(kernel.request), tensors: [...kernel.reads, ...kernel.writes] }
  const tensors = boundTensors(kernel).map((b) => b.tensor)
  switch (kernel.kind) {
    case 'pointwise':
      return { written: writePointwise(kernel, context), tensors }
    case 'reduction':
      return { written: writeReduction(kernel, context), tensors }
    case 'matmul':
      return { written: writeMatmul(kernel, context), tensors }
    case 'scatter':
      return { written: writeScatter(kernel, context), tensors }
  }
}
