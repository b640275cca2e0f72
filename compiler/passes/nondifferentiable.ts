// Where a gradient would silently end: the ops without one through which a loss depends on a value that shall be trained.
// Comparisons that only choose, as the test of a select, are no such place: what they choose carries the gradient.
import type { Builder, Value } from '../graph/builder.ts'
import type { Graph, Node, NodeId, OpName, Type } from '../graph/graph.ts'
import { opOf } from '../graph/ops/table.ts'
import type { Nodes } from './softmax.ts'

/** A node at which a gradient ends. In a composite it is the call's node, with the op inside its body. */
export interface Obstacle {
  readonly node: NodeId
  readonly op: OpName
}

export function nondifferentiable(b: Builder, loss: Value, wrt: readonly Value[]): readonly Obstacle[] {
  return obstacles(
    (id) => b.node(b.value(id)),
    loss.id,
    wrt.map((x) => x.id),
  )
}

/** Inputs come before what is computed from them, so one walk down finds what the loss needs, and one up what is trained. */
function obstacles(nodes: Nodes, loss: NodeId, wrt: readonly NodeId[]): readonly Obstacle[] {
  const useful = new Uint8Array(loss + 1)
  useful[loss] = 1
  for (let id = loss; id >= 0; id--) if (useful[id]) for (const input of carriers(nodes(id))) useful[input] = 1
  const trained = new Uint8Array(loss + 1)
  for (const id of wrt) trained[id] = 1
  const found: Obstacle[] = []
  for (let id = 0; id <= loss; id++) {
    if (!useful[id]) continue
    const node = nodes(id)
    const active = carriers(node).filter((i) => trained[i])
    if (active.length === 0) continue
    trained[id] = 1
    const lost = active.some((i) => isFloat(nodes(i).type)) && lostAt(node, trained)
    if (lost) found.push({ node: id, op: lost })
  }
  return found
}

/** Inputs that a gradient would have to reach. */
function carriers(node: Node): readonly NodeId[] {
  return node.op === 'select' ? node.inputs.slice(1) : node.inputs
}

function lostAt(node: Node, trained: Uint8Array): OpName | undefined {
  if (node.op === 'call') return node.attrs.grads ? undefined : lostInside(node.attrs.body, node.inputs.map((i) => trained[i] === 1)) // prettier-ignore
  const ends = !opOf(node.op).grad || (node.op === 'cast' && !isFloat(node.type))
  return ends ? node.op : undefined
}

function lostInside(body: Graph, trained: readonly boolean[]): OpName | undefined {
  const formals = body.nodes.flatMap((n, id) => (n.op === 'input' ? [id] : []))
  const wrt = formals.filter((_, i) => trained[i])
  return obstacles((id) => body.nodes[id]!, body.outputs[0]!.node, wrt)[0]?.op
}

const isFloat = (type: Type) => type.dtype === 'f32' || type.dtype === 'f16'
