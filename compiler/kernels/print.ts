// Kernel graph → text, for golden files and explain: per kernel its loop nest, its scalars, what it stores.
//   kernel 3 reduction [batch 2, time 8] over [width 16]: reduce_sum div sqrt
//     %0 = load x[batch, time, width]
//     store y[batch, time] = %4
// Of products that one dispatch computes each has its loop nest and its scalars.
import { showDims, showType } from '../graph/dims.ts'
import { showNode } from '../graph/print.ts'
import { nestsOf, type Index, type JoinedGraph, type JoinedKernel, type LoopKernel, type Scalar, type TensorId } from './kernel.ts'

/** One program's kernels in the order they run. Equal kernel graphs give equal text. */
export function printKernels(graph: JoinedGraph): string {
  const name = (id: TensorId) => {
    const { source, label } = graph.tensors[id]!
    return source.kind === 'data' || source.kind === 'state' ? source.name : `${label.replaceAll(' ', '_')}.${id}`
  }
  const lines: string[] = []
  graph.kernels.forEach((kernel, i) => {
    const stretch = kernel.stretch === undefined ? '' : ` for ${graph.stretches!.of} from ${kernel.stretch * graph.stretches!.size}`
    lines.push(`kernel ${i} ${kernel.kind}${showLoops(kernel)}${stretch}: ${kernel.label}`)
    if (kernel.kind === 'attention') {
      lines.push(`  reads ${kernel.reads.map(name).join(', ')}`, `  writes ${kernel.writes.map(name).join(', ')}`)
      return
    }
    for (const nest of nestsOf(kernel)) {
      if (kernel.kind === 'products') lines.push(`  ${nest.kind}${showLoops(nest)}: ${nest.label}`)
      lines.push(...showNest(nest, graph, name))
    }
  })
  for (const result of graph.results) lines.push(`result ${result.name} = ${name(result.tensor)} ${showType(result.type)}`)
  return lines.join('\n') + '\n'
}

function showNest({ body, stores }: LoopKernel, { tensors }: JoinedGraph, name: (id: TensorId) => string): readonly string[] {
  return [
    ...body.map((scalar, id) => `  %${id} = ${showScalar(scalar, name)}`),
    ...stores.map(
      ({ tensor, value, index }) =>
        `  store ${name(tensor)}[${index.map(showIndex).join(', ')}] = %${value} as ${showType(tensors[tensor]!.type)}`,
    ),
  ]
}

function showLoops(kernel: JoinedKernel): string {
  const parts = 'parts' in kernel && kernel.parts > 1 ? ` in ${kernel.parts} parts` : ''
  switch (kernel.kind) {
    case 'pointwise':
      return ` ${showDims(kernel.dims)}`
    case 'reduction':
      return ` ${showDims(kernel.rows)} over ${showDims(kernel.over)}${parts}`
    case 'matmul':
      return ` ${showDims(kernel.batch)} ${showDims(kernel.m)} x ${showDims(kernel.n)} over ${showDims(kernel.k)}${parts}`
    case 'products':
      return ` ${kernel.products.length} ${kernel.order} each other`
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
    case 'stretch':
      return 'stretch'
  }
}
