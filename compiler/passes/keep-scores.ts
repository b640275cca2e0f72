// The gradient of attention by its queries, dq = scale Σ_key dS k, as a plain product of dS, where the kernel that makes the gradients by
// keys and values leaves it: two products fewer, and what reads dq may become part of this one.
// Needs the types that operands have in the end. Guarantees: equal values; where scores are kept nothing computes them twice.
import type { AttentionAttributes, Graph, Type } from '../graph/graph.ts'
import { rebuild } from './rebuild.ts'

/** `keeps`: whether the target leaves dS for a gradient with these inputs. */
export function keepScores(graph: Graph, keeps: (attrs: AttentionAttributes, inputs: readonly Type[]) => boolean): Graph {
  return rebuild(graph, (b, node, inputs) => {
    if (node.op !== 'attention_dq' || !keeps(node.attrs, inputs.map((x) => x.type))) return undefined // prettier-ignore
    const ds = b.add('attention_ds', inputs, node.attrs)
    const sum = b.add('contract', [ds, inputs[1]!], { over: [node.attrs.key] })
    return b.cast(b.broadcast(b.binary('mul', sum, node.attrs.scale), node.type.dims), node.type.dtype)
  })
}
