// The reference interpreter: a graph and its inputs → its outputs, in float64, slowly and plainly.
// It is the judge of every pass and backend, and folds constants at compile time.
import { bug } from '../bug.ts'
import { names } from './dims.ts'
import type { Dim, Graph, Node, Type } from './graph.ts'
import { meaning } from './meaning.ts'
import type { Tensor } from './ops/op.ts'
import { opOf } from './ops/table.ts'
import { count, map } from './tensor.ts'

export type Extents = Readonly<Record<string, number>>

/**
 * Evaluates every output; an update's name gets the state's new value. Inputs are tensors with the input's dims, or numbers
 * for scalars; live dims have the extent given for their name, or for it without primes, or else their bound.
 */
export function evaluate(graph: Graph, inputs: Readonly<Record<string, Tensor | number>>, extents: Extents = {}): Record<string, Tensor> {
  const tensors = run(graph, (name, type) => given(name, inputs[name], type), extents)
  return Object.fromEntries(graph.outputs.map((o) => [o.name, tensors[o.node]!]))
}

function run(graph: Graph, input: (name: string, type: Type) => Tensor, extents: Extents): readonly Tensor[] {
  const tensors: Tensor[] = []
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((id) => tensors[id]!)
    tensors.push(node.op === 'input' ? input(node.attrs.name, measured(node.type, extents)) : evaluateNode(node, inputs, extents))
  }
  return tensors
}

/** One node's value, given those of its inputs. */
export function evaluateNode(node: Node, inputs: readonly Tensor[], extents: Extents = {}): Tensor {
  const type = measured(
    node.type,
    node.op === 'merge' ? { ...extents, [node.attrs.into]: merged(inputs[0]!, node.attrs.dims) } : extents,
    inputs,
  )
  if (node.op === 'call') {
    const queue = [...inputs]
    const { body } = node.attrs
    return run(body, () => queue.shift() ?? bug(`too few inputs for ${node.attrs.name}`), extents)[body.outputs[0]!.node]!
  }
  const rule = opOf(node.op)
  if (rule.scalar) return map(meaning(node.op, type.dtype), inputs, type.dims)
  return (rule.evaluate ?? bug(`${node.op} cannot be evaluated`))(inputs, node.attrs, type)
}

/** The type with live bounds replaced: by what the inputs have, or else the given extents. */
function measured(type: Type, extents: Extents, inputs: readonly Tensor[] = []): Type {
  const known = inputs.flatMap((x) => x.dims)
  const size = (d: Dim) => known.find((e) => e.name === d.name)?.size ?? extents[d.name] ?? extents[d.name.replaceAll("'", '')]
  const dims = type.dims.map((d): Dim => (d.live ? { name: d.name, size: size(d) ?? d.size } : d))
  return { dtype: type.dtype, dims }
}

function merged({ dims }: Tensor, into: readonly string[]): number {
  return count(dims.filter((d) => into.includes(d.name)))
}

function given(name: string, value: Tensor | number | undefined, type: Type): Tensor {
  if (typeof value === 'number') return given(name, { dims: [], data: Float64Array.of(value) }, type)
  if (!value) return bug(`no value for the input ${name}`)
  if (names(value.dims).join() !== names(type.dims).join() || value.data.length !== count(type.dims))
    bug(`the value for the input ${name} has other dims`)
  return { dims: type.dims, data: value.data }
}
