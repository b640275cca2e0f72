// Gives every output a node of its own to be written by: afterwards no output is an input, a table or a constant, no two
// updates share a node, and updates have their dims in the state's order.
import type { Dim, Graph, Node, NodeId, Output, Type } from '../graph/graph.ts'
import { isGiven, memoryOf } from './store.ts'

export function withOwnOutputs(graph: Graph): Graph {
  const nodes: Node[] = [...graph.nodes]
  const taken = new Set<NodeId>()
  const states = new Map<string, Type>()
  for (const node of nodes) if (node.op === 'input' && node.attrs.role === 'state') states.set(node.attrs.name, node.type)
  const copy = (id: NodeId, dims: readonly Dim[]): NodeId => {
    nodes.push({ op: 'broadcast', inputs: [id], attrs: { dims }, type: { dtype: nodes[id]!.type.dtype, dims } })
    return nodes.length - 1
  }
  const outputs = graph.outputs.map((output): Output => {
    const type = nodes[output.node]!.type
    if (output.kind === 'result') {
      const { op } = nodes[memoryOf({ nodes, outputs: [] }, output.node)]!
      return isGiven(nodes[memoryOf({ nodes, outputs: [] }, output.node)]!) || op === 'constant'
        ? { ...output, node: copy(output.node, type.dims) }
        : output
    }
    const dims = states.get(output.name)?.dims ?? type.dims
    const fits = dims.every((d, i) => d.name === type.dims[i]!.name) && !taken.has(output.node) && !isGiven(nodes[output.node]!)
    // A repeated constant is written once more rather than copied.
    const { op, inputs } = nodes[output.node]!
    const node = fits ? output.node : copy(op === 'broadcast' ? inputs[0]! : output.node, dims)
    taken.add(node)
    return { ...output, node }
  })
  return { nodes, outputs }
}
