// Products in half precision, after differentiation: operands of products and of attention become f16, sums stay f32, and what a
// product leaves for later products is kept as f16, as autocast keeps it in bf16.
// Stays f32: what two products add up to (the residual stream, accumulated gradients), norms and softmax inside, weights' gradients.
// Needs primitives and attention. Guarantees: the border of the graph is as it was, but for states in `narrowed`, which are f16;
// products have f16 operands or are sums along vectors. Later passes may assume that a cast to f16 is worth storing.
import type { Builder, Value } from '../graph/builder.ts'
import type { Graph, Node, NodeId } from '../graph/graph.ts'
import { has } from '../graph/graph.ts'
import { rebuild } from './rebuild.ts'

/** `narrowed`: states that the device holds in f16; see `readByProductsOnly`. */
export function half(graph: Graph, narrowed: ReadonlySet<string> = new Set()): Graph {
  const kept = keptByProducts(graph)
  return rebuild(graph, (b, node, inputs, id) => {
    if (node.op === 'input' && narrowed.has(node.attrs.name)) {
      return b.cast(b.input(node.attrs.name, node.attrs.role, { ...node.type, dtype: 'f16' }), 'f32')
    }
    if (node.op === 'contract' && isMatrixProduct(graph, node)) {
      const product = b.add('contract', inputs.map((x) => narrow(b, x)), node.attrs) // prettier-ignore
      return kept.has(id) ? rounded(b, product) : product
    }
    if (node.op === 'attention' || node.op === 'attention_dq' || node.op === 'attention_dk' || node.op === 'attention_dv') {
      // The statistics between dv and dy, log-sum-exp and delta, are sums.
      const operands = inputs.map((x, i) => (i === 3 || i === 4 ? x : narrow(b, x)))
      return b.cast(b.add(node.op, operands, node.attrs), 'f32')
    }
    if (node.op === 'attention_lse') return b.add('attention_lse', inputs.map((x) => narrow(b, x)), node.attrs) // prettier-ignore
    return undefined
  })
}

/** States that a graph only multiplies: where nothing updates them, the device can hold them in f16. */
export function readByProductsOnly(graph: Graph): ReadonlySet<string> {
  const elsewhere = new Set<NodeId>(graph.outputs.map((o) => o.node))
  const updated = new Set(graph.outputs.flatMap((o) => (o.kind === 'update' ? [o.name] : [])))
  for (const node of graph.nodes) {
    if (node.op !== 'contract' || !isMatrixProduct(graph, node)) for (const input of node.inputs) elsewhere.add(input)
  }
  return new Set(
    graph.nodes.flatMap((node, id) => {
      const state = node.op === 'input' && node.attrs.role === 'state' && node.type.dtype === 'f32' ? node.attrs.name : undefined
      return state === undefined || updated.has(state) || elsewhere.has(id) ? [] : [state]
    }),
  )
}

const rounded = (b: Builder, x: Value): Value => b.cast(b.cast(x, 'f16'), 'f32')

/** x as f16. The cast goes below views, so that all views of one value share it. */
function narrow(b: Builder, x: Value): Value {
  const node = b.node(x)
  const inner = (): Value => narrow(b, b.value(node.inputs[0]!))
  switch (node.op) {
    case 'rename':
      return b.rename(inner(), node.attrs.from, node.attrs.to)
    case 'merge':
      return b.merge(inner(), node.attrs.dims, node.attrs.into)
    case 'split':
      return b.split(inner(), node.attrs.dim, node.attrs.into)
    case 'broadcast':
      return b.broadcast(inner(), node.attrs.dims)
    default:
      return b.cast(x, 'f16')
  }
}

/** Both operands have dims of their own: else it is a sum along a vector, which no matrix unit makes faster. */
function isMatrixProduct(graph: Graph, node: Node): boolean {
  const [a, b] = node.inputs.map((id) => graph.nodes[id]!.type)
  return a!.dtype === 'f32' && a!.dims.some((d) => !has(b!, d.name)) && b!.dims.some((d) => !has(a!, d.name))
}

/**
 * Results of products that other products come to read, through elementwise work and reductions, and that are not added to
 * something of their size.
 */
function keptByProducts(graph: Graph): ReadonlySet<NodeId> {
  const feeds = new Set<NodeId>()
  const added = new Set<NodeId>()
  for (let id = graph.nodes.length - 1; id >= 0; id--) {
    const node = graph.nodes[id]!
    const isProduct = node.op === 'contract' || node.op.startsWith('attention')
    for (const [i, input] of node.inputs.entries()) {
      if (isProduct || feeds.has(id)) feeds.add(input)
      if ((node.op === 'add' || node.op === 'sub') && asLarge(graph, node.inputs[1 - i]!, input)) added.add(input)
      if (added.has(id) && isView(node)) added.add(input)
    }
  }
  return new Set([...feeds].filter((id) => graph.nodes[id]!.op === 'contract' && !added.has(id)))
}

function isView({ op }: Node): boolean {
  return op === 'rename' || op === 'merge' || op === 'split' || op === 'broadcast'
}

function asLarge(graph: Graph, other: NodeId, than: NodeId): boolean {
  return graph.nodes[than]!.type.dims.every((d) => has(graph.nodes[other]!.type, d.name))
}
