// The same outputs from fewer and cheaper nodes: equal nodes become one, unneeded ones go, sums of products become matrix
// products, and what depends on no input is computed now where that saves transcendental functions (rotary tables).
// Needs nothing. Guarantees: values up to rounding; tables are float32. Later passes may assume that a sum of a product
// whose factors have dims of their own is a `contract`.
import type { Builder, Value } from '../graph/builder.ts'
import { names } from '../graph/dims.ts'
import type { Graph } from '../graph/graph.ts'
import { has } from '../graph/graph.ts'
import { constants } from './constants.ts'
import { rebuild } from './rebuild.ts'

export function simplify(graph: Graph): Graph {
  const known = constants(graph)
  return rebuild(graph, (b, node, inputs, id) => {
    const tensor = known.get(id)
    if (tensor?.data.length === 1) return b.broadcast(b.constant(tensor.data[0]!, node.type.dtype), node.type.dims)
    if (tensor) return b.add('table', [], { data: tensor.data }, node.type)
    return node.op === 'reduce_sum' ? sum(b, inputs[0]!, node.attrs.over) : undefined
  })
}

/** The sum of x over dims, with the factors of x that lack them drawn out and products as matrix products. */
function sum(b: Builder, x: Value, over: readonly string[]): Value {
  const node = b.node(x)
  if (node.op === 'neg') return b.unary('neg', sum(b, b.value(node.inputs[0]!), over))
  if (node.op === 'div') {
    const [above, below] = node.inputs.map((id) => b.value(id)) as [Value, Value]
    const constant = !over.some((name) => has(below.type, name)) && over.every((name) => has(above.type, name))
    if (constant) return b.binary('div', sum(b, above, over), below)
  }
  if (node.op !== 'mul') return b.reduce('reduce_sum', x, over)
  const groups = grouped(b, factors(b, x))
  const outside = groups.filter((g) => !over.some((name) => has(g.type, name)))
  const [left, right, ...more] = groups.filter((g) => !outside.includes(g))
  if (!left || more.length > 0 || (!right && outside.length === 0)) return b.reduce('reduce_sum', x, over)
  const inside = right ? product(b, left, right, over) : b.reduce('reduce_sum', left, over)
  return outside.reduce((y, factor) => b.binary('mul', y, factor), inside)
}

function product(b: Builder, left: Value, right: Value, over: readonly string[]): Value {
  const shared = over.filter((name) => has(left.type, name) && has(right.type, name))
  return b.sumProduct(sumOwn(b, left, right, over), sumOwn(b, right, left, over), shared)
}

/** Sums what `other` has not. */
function sumOwn(b: Builder, x: Value, other: Value, over: readonly string[]): Value {
  const own = names(x.type.dims).filter((name) => over.includes(name) && !has(other.type, name))
  return own.length > 0 ? sum(b, x, own) : x
}

/** The factors of a product of products. */
function factors(b: Builder, x: Value): readonly Value[] {
  const node = b.node(x)
  return node.op === 'mul' ? node.inputs.flatMap((id) => factors(b, b.value(id))) : [x]
}

/**
 * Factors that lie within the dims of another join it, so that W * x * y is W times (x * y) however it was written.
 * What is left stands in the order of first appearance, which is that of the result's dims.
 */
function grouped(b: Builder, all: readonly Value[]): readonly Value[] {
  const within = (x: Value, y: Value) => x.type.dims.every((d) => has(y.type, d.name))
  const isHost = (x: Value, i: number) => !all.some((y, j) => j !== i && within(x, y) && (j < i || !within(y, x)))
  const groups = all.filter(isHost).map((host) => [host])
  all.forEach((x, i) => isHost(x, i) || groups.find(([host]) => within(x, host!))!.push(x))
  return groups.map((group) => group.reduce((x, y) => b.binary('mul', x, y)))
}
