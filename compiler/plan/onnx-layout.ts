// The order in which a value's dims had better lie, seen from its readers: the order of the state that it becomes or is added to.
// So a weight's gradient comes out of its matrix product in the order of the weight, and AdamW needs no transpose.
import { names } from '../graph/dims.ts'
import type { Dim, Graph, Node, NodeId } from '../graph/graph.ts'
import { table } from '../graph/ops/table.ts'

/** Wanted orders by node; where readers disagree, the last one's. Hints only: whoever follows none is still right. */
export function wantedOrders(graph: Graph): ReadonlyMap<NodeId, readonly string[]> {
  const wanted = new Map<NodeId, readonly string[]>()
  for (const { node } of graph.outputs) wanted.set(node, names(graph.nodes[node]!.type.dims))
  for (let id = graph.nodes.length - 1; id >= 0; id--) {
    const node = graph.nodes[id]!
    for (const [i, input] of node.inputs.entries()) {
      const order = passedOn(graph, node, i, wanted.get(id))
      const whole = order !== undefined && order.length === graph.nodes[input]!.type.dims.length
      if (whole && !wanted.has(input)) wanted.set(input, order)
    }
  }
  return wanted
}

/** The order in which a node wants its i-th input, given that of its result. */
function passedOn(graph: Graph, node: Node, i: number, own: readonly string[] | undefined): readonly string[] | undefined {
  if (elementwise(node)) return own ?? fixedOrder(graph, node)
  if (node.op === 'rename') return own?.map((name) => (name === node.attrs.to ? node.attrs.from : name))
  if (node.op === 'contract') {
    // Rows of a matrix: what stays as in the result, then what is summed as in the other operand.
    const mine = names(graph.nodes[node.inputs[i]!]!.type.dims)
    const other = names(graph.nodes[node.inputs[1 - i]!]!.type.dims)
    const { over } = node.attrs
    return [...names(node.type.dims).filter((d) => mine.includes(d)), ...other.filter((d) => over.includes(d))]
  }
  return node.op === 'broadcast' || node.op === 'call' ? own : undefined
}

export function elementwise(node: Node): boolean {
  return table[node.op].scalar !== undefined
}

/** The order of an operand whose layout nobody chooses. */
function fixedOrder(graph: Graph, node: Node): readonly string[] | undefined {
  const given = node.inputs.map((id) => graph.nodes[id]!).find((x) => x.op === 'input' && x.type.dims.length === node.type.dims.length)
  return given && names(given.type.dims)
}

/** Whether both have the same dims, in whatever order. */
export function sameNames(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length === b.length && a.every((d) => b.some((e) => e.name === d.name))
}
