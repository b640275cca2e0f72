// What passes that replace nodes one by one share: walk a graph in order, and make a new one of what its outputs need.
// Guarantees: outputs keep names, order and types; equal nodes are one; nothing is left that no output needs,
// but for the inputs of states that are updated.
import { Builder, type Value } from '../graph/builder.ts'
import type { Graph, Node, NodeId } from '../graph/graph.ts'

/** Returns what stands for a node, given what stands for its inputs; undefined: the same node. */
export type Visit = (b: Builder, node: Node, inputs: readonly Value[], id: NodeId) => Value | undefined

export function rebuild(graph: Graph, visit: Visit): Graph {
  const b = new Builder()
  const needed = reach(graph)
  const values = new Map<NodeId, Value>()
  graph.nodes.forEach((node, id) => {
    if (!needed.has(id)) return
    const inputs = node.inputs.map((i) => values.get(i)!)
    values.set(id, visit(b, node, inputs, id) ?? b.copy(node, inputs))
  })
  // Inside, dims may come to stand in another order; the border is as it was.
  for (const { kind, name, node } of graph.outputs) b[kind](name, b.broadcast(values.get(node)!, graph.nodes[node]!.type.dims))
  return b.finish()
}

/** Nodes that outputs need, and inputs of updated states. */
export function reach(graph: Graph): ReadonlySet<NodeId> {
  const updated = new Set(graph.outputs.flatMap((o) => (o.kind === 'update' ? [o.name] : [])))
  const needed = new Set(graph.outputs.map((o) => o.node))
  for (let id = graph.nodes.length - 1; id >= 0; id--) {
    const node = graph.nodes[id]!
    if (node.op === 'input' && node.attrs.role === 'state' && updated.has(node.attrs.name)) needed.add(id)
    if (needed.has(id)) for (const input of node.inputs) needed.add(input)
  }
  return needed
}
