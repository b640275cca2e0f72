// One group of nodes → its kernels: usually one; two where a long reduction is cut into parts or a scatter needs zeros first.
import { bug } from '../bug.ts'
import type { DeviceFacts } from '../facts.ts'
import { has, type AttentionAttributes, type Dim, type Graph, type Node, type NodeId, type Type } from '../graph/graph.ts'
import { BodyBuilder } from './body.ts'
import { isAccumulated, isReduction } from './cost.ts'
import { productOf, type Group } from './group.ts'
import { partDim, type AttentionKernel, type Kernel, type Store, type Stored, type TensorId } from './kernel.ts'
import { memoryOf } from './store.ts'

export interface Placement {
  readonly graph: Graph
  readonly facts: DeviceFacts
  /** Where inputs, tables and the nodes that leave their kernels are stored. */
  readonly at: ReadonlyMap<NodeId, TensorId>
  readonly live: readonly string[]
  readonly add: (stored: Stored) => TensorId
  readonly leaves: (id: NodeId) => boolean
}

export function kernelsOf(group: Group, place: Placement): readonly Kernel[] {
  const { loops, members } = group
  if (loops.kind === 'attention') return [attentionKernel(members, place)]
  const first = members[0]!
  const node = place.graph.nodes[first]!
  const label = labelOf(members.map((m) => place.graph.nodes[m]!))
  if (loops.parts > 1) return inParts(group, place, label)
  const builder = newBuilder(group, place)
  const stores = storesOf(builder, members.filter(place.leaves), place)
  const common = { label, body: builder.body, stores }
  switch (loops.kind) {
    case 'pointwise':
      return [{ kind: 'pointwise', ...common, dims: loops.rows }]
    case 'reduction':
      return [{ kind: 'reduction', ...common, rows: loops.rows, over: loops.over, parts: 1 }]
    case 'matmul':
      return [{ kind: 'matmul', ...common, ...productOf(place.graph, first), parts: 1 }]
    case 'scatter':
      return node.op !== 'scatter'
        ? bug('a scatter group without scatter')
        : node.attrs.unique
          ? uniqueScatter(first, place, label)
          : [scatterKernel(first, place, common)]
  }
}

function newBuilder({ members }: Group, { graph, at }: Placement): BodyBuilder {
  const inside = new Set(members)
  return new BodyBuilder(graph, (id) => (inside.has(id) ? undefined : at.get(id)), inside)
}

function storesOf(builder: BodyBuilder, nodes: readonly NodeId[], { graph, at }: Placement): readonly Store[] {
  return nodes.map((id) => ({ tensor: at.get(id)!, value: builder.value(id), index: builder.here(graph.nodes[id]!.type) }))
}

/** The reductions of each range of `over` first, then the sum of the ranges and what follows from it. */
function inParts(group: Group, place: Placement, label: string): readonly Kernel[] {
  const { loops, members } = group
  const { graph } = place
  const part: Dim = { name: partDim, size: loops.parts }
  const reduced = members.filter((m) => isAccumulated(graph.nodes[m]!))
  const first = newBuilder(group, place)
  const second = newBuilder(group, place)
  const partial = reduced.map((id): Store => {
    const node = graph.nodes[id]!
    const type: Type = { dtype: node.type.dtype, dims: [part, ...node.type.dims] }
    const tensor = place.add({ type, label: `parts of ${node.op}`, source: { kind: 'kernel' } })
    const sum = { ...node, op: isReduction(node) ? node.op : 'reduce_sum', attrs: { over: [partDim] } } as Node
    second.know(id, second.scalar(sum, [second.load(tensor, type)]))
    return { tensor, value: first.value(id), index: first.here(type) }
  })
  const partial1 = { label: `${label}, in parts`, body: first.body, stores: partial, parts: loops.parts }
  const kernel: Kernel =
    loops.kind === 'matmul'
      ? { kind: 'matmul', ...partial1, ...productOf(graph, reduced[0]!) }
      : { kind: 'reduction', ...partial1, rows: loops.rows, over: loops.over }
  const stores = storesOf(second, members.filter(place.leaves), place)
  return [
    kernel,
    { kind: 'reduction', label: `${label}, parts together`, body: second.body, stores, rows: loops.rows, over: [part], parts: 1 },
  ]
}

function scatterKernel(id: NodeId, { graph }: Placement, common: Pick<Kernel & { kind: 'scatter' }, 'label' | 'body' | 'stores'>): Kernel {
  const node = graph.nodes[id]!
  const index = graph.nodes[node.inputs[1]!]!.type
  const { dim, over } = node.op === 'scatter' ? node.attrs : bug('not a scatter')
  const shared = index.dims.filter((d) => !over.includes(d.name))
  const rest = node.type.dims.filter((d) => d.name !== dim.name && !has(index, d.name))
  return { kind: 'scatter', ...common, dest: [...shared, dim], rest, over: index.dims.filter((d) => over.includes(d.name)) }
}

/** Zeros everywhere, then each update stored at its index. */
function uniqueScatter(id: NodeId, { graph, at }: Placement, label: string): readonly Kernel[] {
  const node = graph.nodes[id]!
  if (node.op !== 'scatter') return bug('not a scatter')
  const [updates, index] = node.inputs as [NodeId, NodeId]
  const tensor = at.get(id)!
  const zeros = new BodyBuilder(graph, () => undefined, new Set())
  const zero = zeros.scalar({ op: 'constant', inputs: [], attrs: { value: 0 }, type: { dtype: node.type.dtype, dims: [] } }, [])
  const moves = new BodyBuilder(graph, (source) => at.get(source), new Set())
  const place = moves.indices.value(moves.value(index))
  const to = node.type.dims.map((d) => (d.name === node.attrs.dim.name ? place : moves.indices.dim(d.name)))
  return [
    {
      kind: 'pointwise',
      label: `${label}, zeros`,
      dims: node.type.dims,
      body: zeros.body,
      stores: [{ tensor, value: zero, index: zeros.here(node.type) }],
    },
    {
      kind: 'pointwise',
      label,
      dims: graph.nodes[updates]!.type.dims,
      body: moves.body,
      stores: [{ tensor, value: moves.value(updates), index: to }],
    },
  ]
}

function attentionKernel(members: readonly NodeId[], place: Placement): AttentionKernel {
  const { graph, at, facts, live } = place
  const nodes = members.map((m) => graph.nodes[m]!)
  const find = (op: Node['op']) => members.find((m) => graph.nodes[m]!.op === op)
  const main = nodes.reduce((a, b) => (b.inputs.length > a.inputs.length ? b : a))
  const attrs = main.attrs as AttentionAttributes
  const types = main.inputs.map((input) => graph.nodes[input]!.type)
  const reads = main.inputs.map((input) => at.get(memoryOf(graph, input))!)
  const [q, k, v] = [types[0]!, types[1]!, types[2] ?? types[1]!]
  // A kernel writes both of a pair; a result that nobody asked for gets memory all the same.
  const written = (id: NodeId | undefined, type: Type) =>
    (id !== undefined ? at.get(id) : undefined) ?? place.add({ type, label: 'unused', source: { kind: 'kernel' } })
  const label = nodes.map((n) => n.op).join(' ')
  const request = { attrs, q, k, v, live, facts }
  if (main.op === 'attention_dq') {
    return { kind: 'attention', label, request: { ...request, kind: 'dq', wantLse: false }, reads, writes: [written(members[0], q)] }
  }
  if (main.op === 'attention_dk' || main.op === 'attention_dv' || main.op === 'attention_ds') {
    const ds = find('attention_ds')
    const writes = [written(find('attention_dk'), k), written(find('attention_dv'), v)]
    if (ds !== undefined) writes.push(written(ds, graph.nodes[ds]!.type))
    return { kind: 'attention', label, request: { ...request, kind: 'dkv', wantLse: false, wantDs: ds !== undefined }, reads, writes }
  }
  const lse = find('attention_lse')
  const writes = [written(find('attention'), q)]
  if (lse !== undefined) writes.push(written(lse, graph.nodes[lse]!.type))
  return {
    kind: 'attention',
    label,
    request: { ...request, kind: 'forward', wantLse: lse !== undefined },
    reads: [...reads, ...reads.slice(1, 2)].slice(0, 3),
    writes,
  }
}

/** The ops that tell most, in order: `reduce_max exp reduce_sum div`. */
function labelOf(nodes: readonly Node[]): string {
  const ops = nodes.map((n) => n.op)
  return [...new Set(ops)].slice(0, 6).join(' ')
}
