// Floating-point operations of a graph, as executed: products and attention, which are all but a few percent of them.
import type { Graph, Node } from '../graph/graph.ts'

/** `share`: how full a live dimension is on average (half of all positions are masked under a uniform time). */
export function flops(graph: Graph, share = 0.5): number {
  return graph.nodes.reduce((sum, node) => sum + flopsOf(graph, node, share), 0)
}

function flopsOf(graph: Graph, node: Node, share: number): number {
  switch (node.op) {
    case 'contract': {
      const dims = new Map(node.inputs.flatMap((i) => graph.nodes[i]!.type.dims).map((d) => [d.name, d]))
      return 2 * [...dims.values()].reduce((n, d) => n * d.size * (d.live ? share : 1), 1)
    }
    case 'attention':
      return 2 * scores(graph, node)
    case 'attention_lse':
    case 'attention_ds':
      return 0 // comes with attention, or with its gradients
    case 'attention_dq':
      return 3 * scores(graph, node)
    case 'attention_dk':
    case 'attention_dv':
      return 2 * scores(graph, node)
    default:
      return 0
  }
}

/** Operations of one product over all query and key pairs. */
function scores(graph: Graph, node: Extract<Node, { op: `attention${string}` }>): number {
  const [q, k] = node.inputs.map((i) => graph.nodes[i]!.type.dims)
  const key = k!.find((d) => d.name === node.attrs.key)!.size
  return 2 * q!.reduce((n, d) => n * d.size, key) * (node.attrs.causal ? 0.5 : 1)
}
