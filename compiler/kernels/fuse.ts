// Tensor graph → kernel graph: chooses what is stored, which nodes share a kernel and in which order kernels run.
// Afterwards every state is updated in place where no kernel reads its old value later, and by a copy at the end elsewhere.
import type { DeviceFacts } from '../facts.ts'
import type { Dim, Graph, NodeId, Type } from '../graph/graph.ts'
import { unprimed } from './extents.ts'
import { chunk } from './chunk.ts'
import { Grouping } from './group.ts'
import { kernelsOf, type Placement } from './build.ts'
import type { Kernel, KernelGraph, Stored, TensorId } from './kernel.ts'
import { withOwnOutputs } from './outputs.ts'
import type { LiveDims } from './size.ts'
import { chooseStored, memoryOf, type Storage } from './store.ts'
import { turnInProducts } from './turn.ts'

/** The kernels of one program, whose graph holds only primitives, native and attention. */
export function fuse(given: Graph, facts: DeviceFacts): KernelGraph {
  const graph = withOwnOutputs(given)
  const storage = chooseStored(graph, facts)
  const grouping = new Grouping(graph, storage, facts)
  const live = liveDims(graph)
  const tensors: Stored[] = []
  const at = new Map<NodeId, TensorId>()
  const states = new Map<string, TensorId>()
  const inputs = new Map<string, NodeId>()
  const add = (stored: Stored): TensorId => tensors.push(stored) - 1
  graph.nodes.forEach((node, id) => {
    if (!storage.readers.has(id)) return
    if (node.op === 'table') at.set(id, add({ type: node.type, label: 'table', source: { kind: 'table', data: node.attrs.data } }))
    if (node.op !== 'input') return
    at.set(id, add({ type: node.type, label: node.attrs.name, source: { kind: node.attrs.role, name: node.attrs.name } }))
    if (node.attrs.role !== 'state') return
    states.set(node.attrs.name, at.get(id)!)
    inputs.set(node.attrs.name, id)
  })
  const copies: { readonly from: NodeId; readonly to: TensorId }[] = []
  for (const { kind, name: state, node } of graph.outputs) {
    if (kind !== 'update') continue
    const { type } = graph.nodes[node]!
    const to = states.get(state) ?? add({ type, label: state, source: { kind: 'state', name: state } })
    if (inPlace(storage, grouping, node, inputs.get(state))) at.set(node, to)
    else copies.push({ from: node, to })
  }
  for (const id of storage.stored) {
    if (at.has(id) || !(grouping.leaves(id) || graph.outputs.some((o) => o.kind === 'result' && memoryOf(graph, o.node) === id))) continue
    at.set(id, add({ type: graph.nodes[id]!.type, label: graph.nodes[id]!.op, source: { kind: 'kernel' } }))
  }
  const placement: Placement = { graph, facts, at, live: live.live.map((d) => d.name), add, leaves: (id) => at.has(id) }
  const kernels = inOrder(grouping).flatMap((group) => kernelsOf(grouping.groups[group]!, placement))
  for (const { from, to } of copies) kernels.push(copyKernel(at.get(from)!, to, tensors[to]!.type.dims, tensors[to]!))
  const results = graph.outputs.flatMap((o) =>
    o.kind === 'result' ? [{ name: o.name, tensor: at.get(memoryOf(graph, o.node))!, type: opened(graph.nodes[o.node]!.type, live) }] : [],
  )
  return chunk(turnInProducts({ tensors, kernels, ...live, results }, facts), facts)
}

/** Whether the node's kernel may write over the state `old`; if so it is ordered after all who read that. */
function inPlace(storage: Storage, grouping: Grouping, node: NodeId, old: NodeId | undefined): boolean {
  if (old === undefined) return true
  const writer = grouping.groupOf.get(node)!
  const readers = [...new Set([...(storage.readers.get(old) ?? [])].map((reader) => grouping.groupOf.get(reader)!))]
  if (readers.some((reader) => reader !== writer && grouping.precedes(writer, reader))) return false
  if (readers.includes(writer) && !grouping.readsAtOwnPosition(grouping.groups[writer]!.members, old)) return false
  for (const reader of readers) if (reader !== writer && !grouping.precedes(reader, writer)) grouping.order(reader, writer)
  return true
}

/**
 * Groups, each after those it needs, otherwise in the order of their last members; but what nobody waits for, such as the
 * update of a gradient, as soon as it can be, since what it reads may then be forgotten.
 */
function inOrder(grouping: Grouping): readonly number[] {
  const keys = grouping.groups.map((group) => Math.max(...group.members))
  for (const [group, { members }] of grouping.groups.entries()) {
    if (!grouping.awaited(members)) keys[group] = Math.max(...grouping.directlyBefore(members).map((before) => keys[before]!), -1)
  }
  const wanted = [...grouping.groups.keys()].sort((a, b) => keys[a]! - keys[b]! || a - b)
  const done = new Set<number>()
  const order: number[] = []
  const visit = (group: number) => {
    if (done.has(group)) return
    done.add(group)
    for (const before of grouping.allBefore(group)) visit(before)
    order.push(group)
  }
  for (const group of wanted) visit(group)
  return order
}

function copyKernel(from: TensorId, to: TensorId, dims: readonly Dim[], { type, label }: Stored): Kernel {
  const index = dims.map((d) => ({ kind: 'dim' as const, name: d.name }))
  const body = [{ op: 'load' as const, tensor: from, index, dtype: type.dtype }]
  return { kind: 'pointwise', label: `copy ${label}`, dims, body, stores: [{ tensor: to, value: 0, index }] }
}

/** The type with merged live dims as their parts, whose extents the host knows. */
function opened({ dtype, dims }: Type, { merged }: LiveDims): Type {
  return { dtype, dims: dims.flatMap((d) => (d.live ? (merged[unprimed(d.name)] ?? d) : d)) }
}

/** The extents a run must give, and how the extents of other live dims follow from them. */
function liveDims(graph: Graph): LiveDims {
  const live = new Map<string, Dim>()
  const merged: Record<string, readonly Dim[]> = {}
  graph.nodes.forEach((node) => {
    const [x] = node.inputs.map((input) => graph.nodes[input]!.type)
    for (const dim of node.type.dims) {
      if (!dim.live) continue
      const name = unprimed(dim.name)
      if (live.has(name) || merged[name]) continue
      if (node.op === 'merge' && node.attrs.into === dim.name) merged[name] = x!.dims.filter((d) => node.attrs.dims.includes(d.name))
      else if (node.op === 'rename' && node.attrs.to === dim.name) merged[name] = x!.dims.filter((d) => d.name === node.attrs.from)
      else live.set(name, { ...dim, name })
    }
  })
  return { live: [...live.values()], merged }
}
