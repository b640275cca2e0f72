// Products in half precision, after differentiation: operands of products and of attention become f16, sums stay f32, and what a
// product leaves for later products is kept as f16, as autocast keeps it in bf16.
// Stays f32: what two products add up to (the residual stream, accumulated gradients), norms and softmax inside, weights' gradients.
// Needs primitives and attention. Guarantees: the border of the graph is as it was, but for the states that `weights` speaks of;
// products have f16 operands or are sums along vectors. Later passes may assume that a cast to f16 is worth storing.
import { Builder, type Value } from '../graph/builder.ts'
import type { Graph, Node, NodeId, Output } from '../graph/graph.ts'
import { has, isView } from '../graph/graph.ts'
import { rebuild } from './rebuild.ts'
import { inRuns, isGiven } from './runs.ts'

/** How the device has the weights that products read, by the names of their states. */
export interface HalfWeights {
  /** In f16 alone: nothing else reads them, and nothing updates them. */
  readonly only: ReadonlySet<string>
  /** In f32, with a copy in f16 that follows every update: a state of its own, `half/<name>`. */
  readonly copied: ReadonlySet<string>
}

const none: HalfWeights = { only: new Set(), copied: new Set() }

/** `logits`: whether a product that no other reads is kept as f16 as well, as a training's are: they are the largest tensor there is. */
export function half(graph: Graph, weights: HalfWeights = none, logits = false): Graph {
  const kept = keptByProducts(graph, logits)
  const narrow = (b: Builder, x: Value): Value => narrowed(b, x, weights.copied)
  const halved = rebuild(graph, (b, node, inputs, id) => {
    if (node.op === 'input' && weights.only.has(node.attrs.name)) {
      return b.cast(b.input(node.attrs.name, node.attrs.role, { ...node.type, dtype: 'f16' }), 'f32')
    }
    if (node.op === 'contract' && isMatrixProduct(graph, node)) {
      const { over } = node.attrs
      const operands = inputs.map((x, i) => narrow(b, inRuns(b, x, inputs[1 - i]!, over)))
      const product = b.add('contract', operands, { over })
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
  return mirrored(halved, weights.copied)
}

/** The program that makes the copies from the weights, for when the host has written these. */
export function copyWeights(graph: Graph, copied: ReadonlySet<string>): Graph {
  const b = new Builder()
  for (const { op, attrs, type } of graph.nodes) {
    if (op === 'input' && copied.has(attrs.name)) b.update(copyOf(attrs.name), b.cast(b.input(attrs.name, 'state', type), 'f16'))
  }
  return b.finish()
}

/** States that products read, and of these the ones that nothing else reads or updates. */
export function readByProducts(graph: Graph): { readonly all: ReadonlySet<string>; readonly only: ReadonlySet<string> } {
  const elsewhere = new Set<NodeId>(graph.outputs.map((o) => o.node))
  const multiplied = new Set<NodeId>()
  for (const node of graph.nodes) {
    const readers = node.op === 'contract' && isMatrixProduct(graph, node) ? multiplied : elsewhere
    for (const input of node.inputs) readers.add(input)
  }
  const updated = new Set(graph.outputs.flatMap((o) => (o.kind === 'update' ? [o.name] : [])))
  const all = new Set<string>()
  const only = new Set<string>()
  graph.nodes.forEach(({ op, attrs, type }, id) => {
    if (op !== 'input' || attrs.role !== 'state' || type.dtype !== 'f32' || !multiplied.has(id)) return
    all.add(attrs.name)
    if (!elsewhere.has(id) && !updated.has(attrs.name)) only.add(attrs.name)
  })
  return { all, only }
}

const copyOf = (state: string): string => `half/${state}`
const rounded = (b: Builder, x: Value): Value => b.cast(b.cast(x, 'f16'), 'f32')

/** With every update of a weight its copy's. */
function mirrored(graph: Graph, copied: ReadonlySet<string>): Graph {
  const updates = graph.outputs.filter((o) => o.kind === 'update' && copied.has(o.name))
  const casts = updates.map(({ node }): Node => {
    return { op: 'cast', inputs: [node], attrs: undefined, type: { ...graph.nodes[node]!.type, dtype: 'f16' } }
  })
  const outputs = updates.map(({ name }, i): Output => ({ kind: 'update', name: copyOf(name), node: graph.nodes.length + i }))
  return { nodes: [...graph.nodes, ...casts], outputs: [...graph.outputs, ...outputs] }
}

/**
 * x as f16, or its copy if it is a weight that has one. The cast goes below views, so that all views of one value share it; but what is
 * computed and then put in another order is stored in that one.
 */
function narrowed(b: Builder, x: Value, copied: ReadonlySet<string>): Value {
  const node = b.node(x)
  const inner = (): Value => narrowed(b, b.value(node.inputs[0]!), copied)
  switch (node.op) {
    case 'input':
      if (copied.has(node.attrs.name)) return b.input(copyOf(node.attrs.name), 'state', { ...node.type, dtype: 'f16' })
      return b.cast(x, 'f16')
    case 'rename':
      return b.rename(inner(), node.attrs.from, node.attrs.to)
    case 'merge':
      return b.merge(inner(), node.attrs.dims, node.attrs.into)
    case 'split':
      return b.split(inner(), node.attrs.dim, node.attrs.into)
    case 'broadcast':
      return isPermuted(b, node) ? b.cast(x, 'f16') : b.broadcast(inner(), node.attrs.dims)
    default:
      return b.cast(x, 'f16')
  }
}

/** Whether a broadcast repeats nothing, and what it is of is computed. */
function isPermuted(b: Builder, { inputs, type }: Node): boolean {
  const source = b.value(inputs[0]!)
  return source.type.dims.length === type.dims.length && !isGiven(b, source)
}

/** Both operands have dims of their own: else it is a sum along a vector, which no matrix unit makes faster. */
function isMatrixProduct(graph: Graph, node: Node): boolean {
  const [a, b] = node.inputs.map((id) => graph.nodes[id]!.type)
  return a!.dtype === 'f32' && a!.dims.some((d) => !has(b!, d.name)) && b!.dims.some((d) => !has(a!, d.name))
}

/**
 * Results of products that other products come to read, through elementwise work and reductions, or with `all` anything else, and
 * that are not added to something of their size.
 */
function keptByProducts(graph: Graph, all: boolean): ReadonlySet<NodeId> {
  const feeds = new Set<NodeId>(all ? graph.nodes.keys() : [])
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

function asLarge(graph: Graph, other: NodeId, than: NodeId): boolean {
  return graph.nodes[than]!.type.dims.every((d) => has(graph.nodes[other]!.type, d.name))
}
