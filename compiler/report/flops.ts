// Floating-point operations of a model for one token, counted on its graph: twice the multiplications of every product.
// Those that lead to the vocabulary are counted apart, because training computes them for masked positions only.
import type { Model } from '../elaborate/model.ts'
import { Builder } from '../graph/builder.ts'
import type { Graph, Node } from '../graph/graph.ts'

export interface ForwardFlops {
  /** All but the head, for one token. */
  readonly body: number
  /** The projection to the vocabulary, for one token. */
  readonly head: number
}

/** Counts one sequence of `length` tokens: the longer, the more attention has to do for each. */
export function forwardFlops(model: Model, length = model.context): ForwardFlops {
  const b = new Builder()
  const time = { name: 'time', size: length }
  const tokens = b.input('tokens', 'data', { dtype: 'i32', dims: [time] })
  const logits = model.apply(b, tokens, (w) => b.input(w.name, 'state', { dtype: 'f32', dims: w.dims }))
  b.result('logits', logits)
  const counts = count(b.finish())
  return { body: counts.body / length, head: counts.head / length }
}

function count(graph: Graph): ForwardFlops {
  let [body, head] = [0, 0]
  for (const node of graph.nodes) {
    if (node.op === 'call') {
      const inner = count(node.attrs.body)
      body += inner.body
      head += inner.head
    } else if (node.type.dims.some((d) => d.name === 'vocab')) head += multiplications(graph, node)
    else body += multiplications(graph, node)
  }
  return { body: 2 * body, head: 2 * head }
}

function multiplications(graph: Graph, node: Node): number {
  if (node.op !== 'contract') return 0
  const dims = new Map(node.inputs.flatMap((i) => graph.nodes[i]!.type.dims).map((d) => [d.name, d.size]))
  return [...dims.values()].reduce((n, size) => n * size, 1)
}
