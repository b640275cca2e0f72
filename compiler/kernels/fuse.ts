// Tensor graph → kernel graph: chooses what is stored, which nodes share a kernel and in which order kernels run.
// Afterwards every state is updated in place where no kernel reads its old value later, and by a copy at the end elsewhere.
import type { DeviceFacts } from '../facts.ts'
import type { Dim, Graph, NodeId, Type } from '../graph/graph.ts'
import { unprimed } from './extents.ts'
import { Grouping } from './group.ts'
import { kernelsOf, type Placement } from './build.ts'
import type { Kernel, KernelGraph, Stored, TensorId } from './kernel.ts'
import { withOwnOutputs } from './outputs.ts'
import type { LiveDims } from './size.ts'
import { chooseStored, isGiven, memoryOf, type Storage } from './store.ts'

/** Builds the kernels of one program. The graph holds primitives, native and attention only. */
export function fuse(name: string, given: Graph, facts: DeviceFacts): KernelGraph {
  const graph = withOwnOutputs(given)
  const limit = facts.limits.maxStorageBuffersPerShaderStage
  const storage = chooseStored(graph, limit - 2)
  const grouping = new Grouping(graph, storage, facts)
  const live = liveDims(graph)
  const tensors: Stored[] = []
  const at = new Map<NodeId, TensorId>()
  const states = new Map<string, TensorId>()
  const add = (stored: Stored): TensorId => tensors.push(stored) - 1
  graph.nodes.forEach((node, id) => {
    if (!storage.readers.has(id)) return
    if (node.op === 'table') at.set(id, add({ type: node.type, label: 'table', source: { kind: 'table', data: node.attrs.data } }))
    if (node.op !== 'input') return
    at.set(id, add({ type: node.type, label: node.attrs.name, source: { kind: node.attrs.role, name: node.attrs.name } }))
    if (node.attrs.role === 'state') states.set(node.attrs.name, at.get(id)!)
  })
  const copies: { readonly from: NodeId; readonly to: TensorId }[] = []
  for (const { kind, name: state, node } of graph.outputs) {
    if (kind !== 'update') continue
    const { type } = graph.nodes[node]!
    const to = states.get(state) ?? add({ type, label: state, source: { kind: 'state', name: state } })
    if (inPlace(graph, storage, grouping, at, node, to)) at.set(node, to)
    else copies.push({ from: node, to })
  }
  for (const id of storage.stored) {
    if (at.has(id) || !(grouping.leaves(id) || graph.outputs.some((o) => o.kind === 'result' && memoryOf(graph, o.node) === id))) continue
    at.set(id, add({ type: graph.nodes[id]!.type, label: graph.nodes[id]!.op, source: { kind: 'kernel' } }))
  }
  const placement: Placement = { graph, facts, at, live: live.live.map((d) => d.name), add, leaves: (id) => at.has(id) }
  const kernels = inOrder(grouping).flatMap((group) => kernelsOf(grouping.groups[group]!, placement))
  for (const { from, to } of copies) kernels.push(copyKernel(at.get(from)!, to, tensors[to]!.type.dims, tensors[to]!))
  const results = graph.outputs.flatMap((o) => (o.kind === 'result' ? [{ name: o.name, tensor: at.get(memoryOf(graph, o.node))!, type: opened(graph.nodes[o.node]!.type, live) }] : []))
  return { name, tensors, kernels, ...live, results }
}

/** Whether the node's kernel may write over the state; if so it is ordered after all who read the old value. */
function inPlace(graph: Graph, storage: Storage, grouping: Grouping, at: ReadonlyMap<NodeId, TensorId>, node: NodeId, state: TensorId): boolean {
  const input = [...at].find(([id, tensor]) => tensor === state && isGiven(graph.nodes[id]!))?.[0]
  if (input === undefined) return true
  const writer = grouping.groupOf.get(node)!
  const readers = [...new Set([...(storage.readers.get(input) ?? [])].map((reader) => grouping.groupOf.get(reader)!))]
  if (readers.some((reader) => reader !== writer && grouping.precedes(writer, reader))) return false
  if (readers.includes(writer) && !grouping.readsAtOwnPosition(writer, input)) return false
  for (const reader of readers) if (reader !== writer && !grouping.precedes(reader, writer)) grouping.order(reader, writer)
  return true
}

/** Groups, each after those it needs, otherwise in the order of their last members. */
function inOrder(grouping: Grouping): readonly number[] {
  const last = grouping.groups.map((group) => Math.max(...group.members))
  const wanted = [...grouping.groups.keys()].sort((a, b) => last[a]! - last[b]!)
  const done = new Set<number>()
  const order: number[] = []
  const visit = (group: number) => {
    if (done.has(group)) return
    done.add(group)
    for (const before of wanted) if (grouping.precedes(before, group)) visit(before)
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
      const name = unprimed(dim.name)
      if (!dim.live || live.has(name) || merged[name]) continue
      if (node.op === 'merge' && node.attrs.into === dim.name) merged[name] = x!.dims.filter((d) => node.attrs.dims.includes(d.name))
      else if (node.op === 'rename' && node.attrs.to === dim.name) merged[name] = x!.dims.filter((d) => d.name === node.attrs.from)
      else live.set(name, { ...dim, name })
    }
  })
  return { live: [...live.values()], merged }
}
