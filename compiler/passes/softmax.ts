// Recognises softmax and log-sum-exp in primitives and in calls whose body is one. Both are stabilised by subtracting
// something, usually the maximum, that cancels: their gradients need not pass through it, and attention is made of them.
import type { Graph, Node, NodeId } from '../graph/graph.ts'
import { has } from '../graph/graph.ts'

/** How nodes are looked up: in a graph or a builder. */
export type Nodes = (id: NodeId) => Node

/** softmax of x, or log of the sum of exponentials of x, over dims. */
export interface Normalised {
  readonly kind: 'softmax' | 'logsumexp'
  readonly x: NodeId
  readonly over: readonly string[]
}

export function normalised(nodes: Nodes, id: NodeId): Normalised | undefined {
  const node = nodes(id)
  if (node.op !== 'call') return softmax(nodes, node) ?? logSumExp(nodes, node)
  const { body } = node.attrs
  const inside = bodyOf(body)
  return inside && node.attrs.grads === undefined && node.inputs.length === 1 ? { ...inside, x: node.inputs[0]! } : undefined
}

/** A body that is just that of its only input. */
function bodyOf(body: Graph): Normalised | undefined {
  const output = body.outputs[0]
  const found = output && normalised((id) => body.nodes[id]!, output.node)
  return found && body.nodes[found.x]!.op === 'input' ? found : undefined
}

/** exp(x - m) / sum of that over dims that m has not. */
function softmax(nodes: Nodes, node: Node): Normalised | undefined {
  if (node.op !== 'div') return undefined
  const [above, below] = node.inputs
  const sum = nodes(below!)
  const x = sum.op === 'reduce_sum' && sum.inputs[0] === above ? exponent(nodes, above!, sum.attrs.over) : undefined
  return sum.op === 'reduce_sum' && x !== undefined ? { kind: 'softmax', x, over: sum.attrs.over } : undefined
}

/** x of exp(x - m), where m has none of the dims: it cancels in the quotient of two sums over them. */
export function exponent(nodes: Nodes, id: NodeId, over: readonly string[]): NodeId | undefined {
  const node = nodes(id)
  return node.op === 'exp' ? shifted(nodes, node.inputs[0]!, over).x : undefined
}

/** m + log(sum of exp(x - m)). */
function logSumExp(nodes: Nodes, node: Node): Normalised | undefined {
  if (node.op !== 'add') return undefined
  for (const [i, j] of [
    [0, 1],
    [1, 0],
  ] as const) {
    // prettier-ignore
    const log = nodes(node.inputs[i]!)
    if (log.op !== 'log') continue
    const sum = nodes(log.inputs[0]!)
    if (sum.op !== 'reduce_sum') continue
    const e = nodes(sum.inputs[0]!)
    if (e.op !== 'exp') continue
    const { x, by } = shifted(nodes, e.inputs[0]!, sum.attrs.over)
    if (by === node.inputs[j]) return { kind: 'logsumexp', x, over: sum.attrs.over }
  }
  return undefined
}

/** x and m of x - m, where m has none of the dims, so that it cancels. */
function shifted(nodes: Nodes, id: NodeId, over: readonly string[]): { readonly x: NodeId; readonly by?: NodeId } {
  const node = nodes(id)
  if (node.op !== 'sub') return { x: id }
  const [x, by] = node.inputs as [NodeId, NodeId]
  const cancels = over.every((name) => has(nodes(x).type, name) && !has(nodes(by).type, name))
  return cancels ? { x, by } : { x: id }
}
