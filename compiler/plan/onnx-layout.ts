// The order in which a value's dims had better lie, seen from its readers: the order of the state that it becomes or is added to.
// So a weight's gradient comes out of its matrix product in the order of the weight, and AdamW needs no transpose.
import { names } from '../graph/dims.ts'
import type { Dim, Graph, Node, NodeId } from '../graph/graph.ts'
import { table } from '../graph/ops/table.ts'

/** Wanted orders by node. Hints only: whoever follows none is still right. */
export function wantedOrders(graph: Graph): readonly (readonly string[])[] {
  const wanted = new Map<NodeId, readonly string[]>()
  const states = new Map(inputsOf(graph).flatMap(({ attrs, type }) => (attrs.role === 'state' ? [[attrs.name, type] as const] : [])))
  for (const { kind, name, node } of graph.outputs) {
    const type = (kind === 'update' ? states.get(name) : undefined) ?? graph.nodes[node]!.type
    wanted.set(node, names(type.dims))
  }
  for (let id = graph.nodes.length - 1; id >= 0; id--) {
    const node = graph.nodes[id]!
    const order = passedOn(graph, node, wanted.get(id))
    for (const input of node.inputs) {
      const whole = order !== undefined && order.length === graph.nodes[input]!.type.dims.length
      if (whole && !wanted.has(input)) wanted.set(input, order)
    }
  }
  const usual = usualOrder(graph)
  return graph.nodes.map((node, id) => wanted.get(id) ?? names(node.type.dims).toSorted((a, b) => usual(a) - usual(b)))
}

function inputsOf(graph: Graph) {
  return graph.nodes.flatMap((n) => (n.op === 'input' ? [n] : []))
}

/** The order in which a node wants its inputs, given that of its result. */
function passedOn(graph: Graph, node: Node, own: readonly string[] | undefined): readonly string[] | undefined {
  if (elementwise(node)) return own ?? fixedOrder(graph, node)
  if (node.op === 'rename') return own?.map((name) => (name === node.attrs.to ? node.attrs.from : name))
  return node.op === 'broadcast' || node.op === 'call' ? own : undefined
}

/** Ranks names as the inputs have them, data before states: batch and time, then what lies along them. A second walk comes later. */
function usualOrder(graph: Graph): (name: string) => number {
  const inputs = inputsOf(graph)
  const sorted = [...inputs.filter((n) => n.attrs.role === 'data'), ...inputs.filter((n) => n.attrs.role === 'state')]
  const known = [...new Set(sorted.flatMap((n) => names(n.type.dims)))]
  return (name) => {
    const plain = name.replace(/'+$/, '')
    return (known.includes(plain) ? known.indexOf(plain) : known.length) + (name.length - plain.length) / 10
  }
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
