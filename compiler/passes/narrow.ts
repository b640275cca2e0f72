// Moves gathers of rows up towards the inputs, so that what is only read at some rows is only computed there:
// the logits, and whatever of the last layers does not mix positions.
// Needs nothing; best after simplify and attend. Guarantees: equal values; a gather stops where its operand has other
// readers or rows are mixed (attention). Later passes may assume nothing.
import { Builder, type Value } from '../graph/builder.ts'
import { names, without } from '../graph/dims.ts'
import type { AttributesOf, Dim, Graph, Node, NodeId, Type } from '../graph/graph.ts'
import { has } from '../graph/graph.ts'
import { count } from '../graph/tensor.ts'
import { findRegion, type Region, type Rows } from './region.ts'

export function narrow(graph: Graph): Graph {
  const region = findRegion(graph)
  return region ? narrow(narrowBy(graph, region)) : graph
}

function narrowBy(graph: Graph, region: Region): Graph {
  const b = new Builder()
  const values = new Map<NodeId, Value>()
  const value = (id: NodeId) => values.get(id)!
  const visit = (id: NodeId): Value => {
    const node = graph.nodes[id]!
    const inside = region.inside.get(id)
    if (!inside)
      return region.roots.has(id) && region.inside.has(node.inputs[0]!) ? value(node.inputs[0]!) : b.copy(node, node.inputs.map(value))
    const index = value(region.index)
    const inputs = node.inputs.map((i) => (region.inside.has(i) ? value(i) : pick(b, value(i), inside.before, index, region.unique)))
    return compute(b, node, inside.rows, inputs, index.type.dims)
  }
  // The index is needed before the rows are; it depends on none of them.
  const first = ancestors(graph, region.index)
  for (const id of [...first].sort((p, q) => p - q)) values.set(id, visit(id))
  for (const id of graph.nodes.keys()) if (!first.has(id)) values.set(id, visit(id))
  for (const { kind, name, node } of graph.outputs) b[kind](name, b.broadcast(value(node), graph.nodes[node]!.type.dims))
  return b.finish()
}

function ancestors(graph: Graph, id: NodeId): ReadonlySet<NodeId> {
  const all = new Set([id])
  for (const node of all) for (const input of graph.nodes[node]!.inputs) all.add(input)
  return all
}

/** The rows of a value that the index names. */
function pick(b: Builder, x: Value, rows: Rows, index: Value, unique: boolean): Value {
  const present = rows.filter((d) => has(x.type, d.name))
  const [only] = present
  if (!only) return x
  if (present.length === 1 && rows.length === 1) return at(b, x, only.name, index, unique)
  if (present.length < rows.length) return present.reduce((y, d) => at(b, y, d.name, coordinate(b, rows, d, index), false), x)
  let token = 'token'
  while (has(x.type, token) || has(index.type, token)) token += "'"
  return b.gather(b.merge(x, names(rows), token), token, index, unique)
}

function at(b: Builder, x: Value, dim: string, index: Value, unique: boolean): Value {
  return b.node(x).op === 'position' ? b.cast(index, 'i32') : b.gather(x, dim, index, unique)
}

/** The index along one of the dims whose merge `index` counts. */
function coordinate(b: Builder, rows: Rows, dim: Dim, index: Value): Value {
  const after = rows.slice(rows.indexOf(dim) + 1)
  const upTo = b.binary('div', index, count(after))
  return dim === rows[0] ? upTo : b.binary('mod', upTo, dim.size)
}

/** A node for the picked rows, given its inputs for them; `taken` are the dims of the index. */
function compute(b: Builder, node: Node, rows: Rows, inputs: readonly Value[], taken: readonly Dim[]): Value {
  const isRow = (name: string) => rows.some((d) => d.name === name)
  if ((node.op === 'rename' && isRow(node.attrs.to)) || (node.op === 'merge' && isRow(node.attrs.into))) return inputs[0]!
  if (node.op === 'broadcast') return b.broadcast(inputs[0]!, replaced(node.attrs.dims, rows, taken))
  if (node.op === 'call') return b.add('call', inputs, computeCall(node.attrs, rows, inputs.map((x) => x.type), taken)) // prettier-ignore
  return b.copy(node, inputs)
}

/** The dims of the index in place of those that told rows apart. */
function replaced(dims: readonly Dim[], rows: Rows, taken: readonly Dim[]): readonly Dim[] {
  const at = dims.findIndex((d) => rows.some((r) => r.name === d.name))
  const kept = (part: readonly Dim[]) => without(part, names(rows))
  return at < 0 ? dims : [...kept(dims.slice(0, at)), ...without(taken, names(dims)), ...kept(dims.slice(at))]
}

/** A composite whose inputs are the picked rows. */
function computeCall(attrs: AttributesOf<'call'>, rows: Rows, types: readonly Type[], taken: readonly Dim[]): AttributesOf<'call'> {
  const body = computeBody(attrs.body, rows, types, taken)
  const result = body.nodes[body.outputs[0]!.node]!.type
  return { ...attrs, body, grads: attrs.grads?.map((g) => g && computeBody(g, rows, [...types, result], taken)) }
}

function computeBody(body: Graph, rows: Rows, types: readonly Type[], taken: readonly Dim[]): Graph {
  const b = new Builder()
  const values: Value[] = []
  let given = 0
  for (const node of body.nodes) {
    const inputs = node.inputs.map((id) => values[id]!)
    const perRow = rows.every((d) => has(node.type, d.name))
    if (node.op === 'input') values.push(b.input(node.attrs.name, node.attrs.role, types[given++]!))
    else values.push(perRow ? compute(b, node, rows, inputs, taken) : b.copy(node, inputs))
  }
  for (const { kind, name, node } of body.outputs) b[kind](name, values[node]!)
  return b.finish()
}
