// What a graph computes from nothing but numbers, positions and tables, evaluated where that is worth a table:
// when a transcendental function is saved, and the table stays small.
import type { Graph, Node, NodeId, OpName } from '../graph/graph.ts'
import { elements } from '../graph/graph.ts'
import { evaluateNode } from '../graph/evaluate.ts'
import type { Tensor } from '../graph/ops/op.ts'

const COSTLY: ReadonlySet<OpName> = new Set(['exp', 'log', 'sqrt', 'sin', 'cos', 'tanh', 'pow'])
const LIMIT = 4 * 2 ** 20

interface Known {
  readonly data: Float32Array | Int32Array
}

/** Values of the nodes that are worth it: those known and costly, of which some user is not known. */
export function constants(graph: Graph): ReadonlyMap<NodeId, Known> {
  const costly = new Map<NodeId, boolean>()
  const wanted = new Set(graph.outputs.map((o) => o.node))
  graph.nodes.forEach((node, id) => {
    if (isKnown(node) && node.inputs.every((i) => costly.has(i))) {
      costly.set(id, COSTLY.has(node.op) || node.inputs.some((i) => costly.get(i)))
      // A repeated table is better repeated by who reads it.
      if (node.op === 'broadcast') for (const input of node.inputs) wanted.add(input)
    } else for (const input of node.inputs) wanted.add(input)
  })
  const tensors = new Map<NodeId, Tensor>()
  const evaluate = (id: NodeId): Tensor => {
    const node = graph.nodes[id]!
    const tensor = tensors.get(id) ?? evaluateNode(node, node.inputs.map(evaluate))
    tensors.set(id, tensor)
    return tensor
  }
  const known = new Map<NodeId, Known>()
  for (const id of wanted) {
    const { op, type } = graph.nodes[id]!
    if (!costly.get(id) || op === 'broadcast' || type.dtype === 'bool' || type.dtype === 'u32') continue
    const { data } = evaluate(id)
    known.set(id, { data: type.dtype === 'i32' ? Int32Array.from(data) : Float32Array.from(data) })
  }
  return known
}

function isKnown({ op, type }: Node): boolean {
  return op !== 'input' && op !== 'uniform' && op !== 'native' && op !== 'call' && elements(type) <= LIMIT && !type.dims.some((d) => d.live)
}
