// Opens composites that a target has no kernel for: calls by their bodies, the attention family by its formulas.
// Needs nothing. Guarantees: every call and every attention node left is one that the target claims.
// Later passes may assume primitives elsewhere.
import type { Builder, Value } from '../graph/builder.ts'
import type { Graph, Node } from '../graph/graph.ts'
import { attentionBody, type AttentionOp } from '../graph/ops/attention.ts'
import { rebuild } from './rebuild.ts'

/** `claims`: whether the target computes this call or attention node itself. */
export function expand(graph: Graph, claims: (node: Node) => boolean): Graph {
  return rebuild(graph, (b, node, inputs) => open(b, node, inputs, claims))
}

function open(b: Builder, node: Node, inputs: readonly Value[], claims: (node: Node) => boolean): Value | undefined {
  if (isAttention(node)) return claims(node) ? undefined : attentionBody[node.op](b, node.attrs, inputs)
  if (node.op !== 'call' || claims(node)) return undefined
  const values: Value[] = []
  let given = 0
  for (const inner of node.attrs.body.nodes) {
    const operands = inner.inputs.map((id) => values[id]!)
    values.push(inner.op === 'input' ? inputs[given++]! : (open(b, inner, operands, claims) ?? b.copy(inner, operands)))
  }
  return values[node.attrs.body.outputs[0]!.node]
}

function isAttention(node: Node): node is Extract<Node, { readonly op: AttentionOp }> {
  return Object.hasOwn(attentionBody, node.op)
}
