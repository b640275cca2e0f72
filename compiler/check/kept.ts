// What training keeps of one sequence between the forward and the backward pass, counted on the model's own graph: the values that
// gradients read. Products, sums and attention are kept; cheap arithmetic is computed again from what is, unless a product reads it.
// Attention is taken for one kernel, as on a GPU.
import { Builder, type Value } from '../graph/builder.ts'
import { elements, has, isView, type Dim, type Graph, type Node, type NodeId, type Type } from '../graph/graph.ts'
import type { Model } from '../elaborate/model.ts'
import { attend } from '../passes/attend.ts'
import { differentiate } from '../passes/differentiate.ts'
import { expand } from '../passes/expand.ts'
import { simplify } from '../passes/simplify.ts'

/** One tensor: `op` says what makes it. */
export interface Tensor {
  readonly op: string
  readonly dims: readonly Dim[]
  readonly bytes: number
}

export interface Kept {
  /** Of one sequence, without logits. */
  readonly tensors: readonly Tensor[]
  /** The largest product of two tensors that have not all dims in common: what a slip with `*` makes. */
  readonly outer?: Tensor
}

/** Tensors of one sequence of the model's context, in f32. */
export function keptBy(model: Model): Kept {
  const { b, loss, weights } = networkOf(model)
  const before = b.node(loss) && loss.id
  const gradients = differentiate(b, loss, weights)
  gradients.forEach((g, i) => b.result(`gradient ${i}`, g))
  const nodes = (id: NodeId): Node => b.node(b.value(id))
  const kept = storedOf(readBehind(nodes, gradients, before), nodes, readByHeavy(nodes, before))
  const tensorAt = (id: NodeId): Tensor => ({ op: nodes(id).op, dims: nodes(id).type.dims, bytes: bytesOf(nodes(id).type) })
  const outer = Array.from({ length: before }, (_, id) => id)
    .filter((id) => isOuter(nodes(id), nodes))
    .map(tensorAt)
    .reduce<Tensor | undefined>((best, t) => (best && best.bytes >= t.bytes ? best : t), undefined)
  return { tensors: [...kept].map(tensorAt), outer }
}

/** The model lowered as for a GPU, up to a number that depends on all logits. */
function networkOf(model: Model): { readonly b: Builder; readonly loss: Value; readonly weights: readonly Value[] } {
  const first = new Builder()
  const tokens = first.input('tokens', 'data', { dtype: 'i32', dims: [{ name: 'time', size: model.context }] })
  const logits = model.apply(first, tokens, (w) => first.input(w.name, 'state', { dtype: 'f32', dims: w.dims }))
  const dims = logits.type.dims.map((d) => d.name)
  first.result('loss', first.reduce('reduce_sum', first.binary('mul', logits, first.input('share', 'data', logits.type)), dims))
  const b = new Builder()
  const [loss] = b.inline(lowered(first.finish()), {})
  return { b, loss: loss!, weights: model.weights.map((w) => b.input(w.name, 'state', { dtype: 'f32', dims: w.dims })) }
}

function lowered(graph: Graph): Graph {
  const closed = (n: Node): boolean => n.op.startsWith('attention') || (n.op === 'call' && n.attrs.grads !== undefined)
  return simplify(expand(attend(simplify(graph)), closed))
}

/** Values from before the loss that are read after it. */
function readBehind(nodes: (id: NodeId) => Node, gradients: readonly Value[], last: NodeId): ReadonlySet<NodeId> {
  const behind = new Set(gradients.map((g) => g.id))
  const read = new Set<NodeId>()
  for (const id of behind) {
    if (id <= last) read.add(id)
    else for (const input of nodes(id).inputs) behind.add(input)
  }
  return read
}

/** Values that products and attention read, which therefore have memory. */
function readByHeavy(nodes: (id: NodeId) => Node, last: NodeId): ReadonlySet<NodeId> {
  const read = new Set<NodeId>()
  for (let id = 0; id <= last; id++) if (isProduct(nodes(id))) for (const input of nodes(id).inputs) read.add(behindViews(nodes, input))
  return read
}

/** What has memory of all that is read: the rest is computed again from it. */
function storedOf(read: ReadonlySet<NodeId>, nodes: (id: NodeId) => Node, operands: ReadonlySet<NodeId>): ReadonlySet<NodeId> {
  const seen = new Set(read)
  const stored = new Set<NodeId>()
  for (const id of seen) {
    const node = nodes(id)
    if (isHeavy(node) || operands.has(id)) stored.add(id)
    else for (const input of node.inputs) seen.add(input)
  }
  return new Set([...stored].filter((id) => nodes(id).op !== 'input'))
}

function behindViews(nodes: (id: NodeId) => Node, id: NodeId): NodeId {
  const node = nodes(id)
  return isView(node) ? behindViews(nodes, node.inputs[0]!) : id
}

const isProduct = (n: Node): boolean => n.op === 'contract' || n.op.startsWith('attention')
const isHeavy = (n: Node): boolean => isProduct(n) || n.op === 'gather' || n.op === 'argmax' || n.op.startsWith('reduce')

/** A product whose two factors each have a dim that the other lacks. */
function isOuter(node: Node, nodes: (id: NodeId) => Node): boolean {
  if (node.op !== 'mul') return false
  const [x, y] = node.inputs.map((input) => narrowest(nodes, input))
  return x!.dims.some((d) => !has(y!, d.name)) && y!.dims.some((d) => !has(x!, d.name))
}

/** The type of a value before it was repeated. */
function narrowest(nodes: (id: NodeId) => Node, id: NodeId): Type {
  const node = nodes(id)
  return node.op === 'broadcast' ? narrowest(nodes, node.inputs[0]!) : node.type
}

function bytesOf(type: Type): number {
  return 4 * elements(type)
}
