// Kernel graph → text, for golden files and explain: per kernel its loop nest, its scalars, what it stores.
//   kernel 3 reduction [batch 2, time 8] over [width 16]: reduce_sum div sqrt
//     %0 = load x[batch, time, width]
//     store y[batch, time] = %4
import { showDims, showType } from '../graph/dims.ts'
import { showNode } from '../graph/print.ts'
import type { Index, Kernel, KernelGraph, Scalar, TensorId } from './kernel.ts'

/** One program's kernels in the order they run. Equal kernel graphs give equal text. */
export function printKernels(graph: KernelGraph): string {
  const name = (id: TensorId) => {
    const { source, label } = graph.tensors[id]!
    return source.kind === 'data' || source.kind === 'state' ? source.name : `${label.replaceAll(' ', '_')}.${id}`
  }
  const lines: string[] = []
  graph.kernels.forEach((kernel, i) => {
    lines.push(`kernel ${i} ${kernel.kind}${showLoops(kernel)}: ${kernel.label}`)
    if (kernel.kind === 'attention') {
      lines.push(`  reads ${kernel.reads.map(name).join(', ')}`, `  writes ${kernel.writes.map(name).join(', ')}`)
      return
    }
    kernel.body.forEach((scalar, id) => lines.push(`  %${id} = ${showScalar(scalar, name)}`))
    for (const { tensor, value, index } of kernel.stores) {
      lines.push(`  store ${name(tensor)}[${index.map(showIndex).join(', ')}] = %${value} as ${showType(graph.tensors[tensor]!.type)}`)
    }
  })
  for (const result of graph.results) lines.push(`result ${result.name} = ${name(result.tensor)} ${showType(result.type)}`)
  return lines.join('\n') + '\n'
}

function showLoops(kernel: Kernel): string {
  const parts = 'parts' in kernel && kernel.parts > 1 ? ` in ${kernel.parts} parts` : ''
  switch (kernel.kind) {
    case 'pointwise':
      return ` ${showDims(kernel.dims)}`
    case 'reduction':
      return ` ${showDims(kernel.rows)} over ${showDims(kernel.over)}${parts}`
    case 'matmul':
      return ` ${showDims(kernel.batch)} ${showDims(kernel.m)} x ${showDims(kernel.n)} over ${showDims(kernel.k)}${parts}`
    case 'scatter':
      return ` ${showDims(kernel.dest)} of ${showDims(kernel.rest)} over ${showDims(kernel.over)}`
    case 'attention':
      return ` ${kernel.request.kind} ${showType(kernel.request.q)}`
  }
}

function showScalar(scalar: Scalar, name: (id: TensorId) => string): string {
  if (scalar.op === 'load') return `load ${name(scalar.tensor)}[${scalar.index.map(showIndex).join(', ')}]`
  return scalar.op === 'coordinate' ? `position ${showIndex(scalar.index)}` : showNode(scalar)
}

function showIndex(index: Index): string {
  switch (index.kind) {
    case 'dim':
      return index.name
    case 'value':
      return `%${index.of}`
    case 'join':
      return `(${index.parts.map((part, i) => `${showIndex(part)} of ${index.sizes[i]!.size}`).join(', ')})`
    case 'div':
    case 'mod':
      return `${showIndex(index.of)} ${index.kind} ${index.by.size}`
    case 'rotate':
      return `(${showIndex(index.of)} + ${index.by}) mod ${index.size.size}`
  }
}
