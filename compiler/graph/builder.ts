// Appends nodes to a graph; equal nodes are one, and what is trivially simpler is taken instead (fold.ts).
// The only way graphs are made: every node's type is what its op's rule says.
import { bug } from '../bug.ts'
import { contentOf } from './contents.ts'
import { names, sameDims, showDims, showType, without } from './dims.ts'
import { fold } from './fold.ts'
import type { AttributesOf, Dim, Dtype, Graph, Node, NodeId, OpName, Output, Type } from './graph.ts'
import { has } from './graph.ts'
import type { Build, Value } from './ops/op.ts'
import { opOf } from './ops/table.ts'

export type { Value } from './ops/op.ts'

export class Builder implements Build {
  readonly #nodes: Node[] = []
  readonly #values: Value[] = []
  readonly #known = new Map<string, Value>()
  readonly #outputs: Output[] = []

  /** Appends a node (or returns an equal or simpler value); the type follows from the op's rule, but for leaves and cast. */
  add<K extends OpName>(op: K, inputs: readonly Value[], attrs: AttributesOf<K>, type?: Type): Value {
    const derived = typeOf(op, inputs, attrs, type)
    return fold(this, op, inputs, attrs, derived) ?? this.#append(op, inputs, attrs, derived)
  }

  #append(op: OpName, inputs: readonly Value[], attrs: AttributesOf<OpName>, type: Type): Value {
    const ids = inputs.map((x) => x.id)
    const key = contentOf(op, ids, attrs, type)
    const known = this.#known.get(key)
    if (known) return known
    const value = { id: this.#nodes.length, type }
    this.#nodes.push({ op, inputs: ids, attrs, type } as Node)
    this.#values.push(value)
    this.#known.set(key, value)
    return value
  }

  constant(value: number, dtype: Dtype = 'f32'): Value {
    return this.add('constant', [], { value }, { dtype, dims: [] })
  }

  input(name: string, role: 'data' | 'state', type: Type): Value {
    return this.add('input', [], { name, role }, type)
  }

  /** i32 of one dim: 0, 1, 2, … */
  position(dim: Dim): Value {
    return this.add('position', [], undefined, { dtype: 'i32', dims: [dim] })
  }

  unary(op: OpName, x: Value): Value {
    return this.add(op, [x], undefined)
  }

  /** Numbers become constants of the other operand's dtype. */
  binary(op: OpName, a: Value | number, b: Value | number): Value {
    const [x, y] = this.#operands(a, b)
    return this.add(op, [x, y], undefined)
  }

  select(test: Value, then: Value | number, otherwise: Value | number): Value {
    return this.add('select', [test, ...this.#operands(then, otherwise)], undefined)
  }

  #operands(a: Value | number, b: Value | number): [Value, Value] {
    const dtype = typeof a === 'number' ? (typeof b === 'number' ? 'f32' : b.type.dtype) : a.type.dtype
    return [typeof a === 'number' ? this.constant(a, dtype) : a, typeof b === 'number' ? this.constant(b, dtype) : b]
  }

  cast(x: Value, dtype: Dtype): Value {
    return this.add('cast', [x], undefined, { dtype, dims: x.type.dims })
  }

  /** Over no dims: x itself. */
  reduce(op: 'reduce_sum' | 'reduce_max' | 'reduce_min' | 'argmax', x: Value, over: readonly string[]): Value {
    if (over.length === 0) return x
    for (const name of over) if (!has(x.type, name)) bug(`no reduction of ${showType(x.type)} over ${name}`)
    // One order for one set: that of x.
    return this.add(op, [x], { over: names(x.type.dims).filter((name) => over.includes(name)) })
  }

  /** Sum of a * b over `over`, as contract where both have all of `over` and one has dims of its own, else as reduce_sum of mul. */
  sumProduct(a: Value, b: Value, over: readonly string[]): Value {
    // What only one of them has is summed before they meet.
    const left = this.reduce('reduce_sum', a, names(without(a.type.dims, names(b.type.dims))).filter((n) => over.includes(n))) // prettier-ignore
    const right = this.reduce('reduce_sum', b, names(without(b.type.dims, names(a.type.dims))).filter((n) => over.includes(n))) // prettier-ignore
    const shared = names(left.type.dims).filter((n) => over.includes(n))
    const own = left.type.dims.some((d) => !has(right.type, d.name)) || right.type.dims.some((d) => !has(left.type, d.name))
    if (shared.length > 0 && own) return this.add('contract', [left, right], { over: shared })
    return this.reduce('reduce_sum', this.binary('mul', left, right), shared)
  }

  rename(x: Value, from: string, to: string): Value {
    return this.add('rename', [x], { from, to })
  }

  /** Dims that are not neighbours in this order are permuted first, to where the first of them stands. */
  merge(x: Value, dims: readonly string[], into: string): Value {
    const at = x.type.dims.findIndex((d) => dims.includes(d.name))
    const apart = names(x.type.dims.slice(at, at + dims.length)).join() !== dims.join()
    if (!apart) return this.add('merge', [x], { dims, into })
    const merged = dims.map((name) => x.type.dims.find((d) => d.name === name) ?? bug(`no dimension ${name} in ${showDims(x.type.dims)}`))
    const permuted = [...without(x.type.dims.slice(0, at), dims), ...merged, ...without(x.type.dims.slice(at), dims)]
    return this.add('merge', [this.broadcast(x, permuted)], { dims, into })
  }

  split(x: Value, dim: string, into: readonly Dim[]): Value {
    return this.add('split', [x], { dim, into })
  }

  broadcast(x: Value, dims: readonly Dim[]): Value {
    return this.add('broadcast', [x], { dims })
  }

  /** An index along `dim` may have `dim` itself: then x's is called otherwise first. */
  gather(x: Value, dim: string, index: Value, unique = false): Value {
    if (!has(index.type, dim)) return this.add('gather', [x, index], { dim, unique })
    let other = `${dim}'`
    while (has(index.type, other) || has(x.type, other)) other += "'"
    return this.add('gather', [this.rename(x, dim, other), index], { dim: other, unique })
  }

  /** An output given to the host. */
  result(name: string, value: Value): void {
    this.#outputs.push({ kind: 'result', name, node: value.id })
  }

  /** The new value of a state. */
  update(name: string, value: Value): void {
    this.#outputs.push({ kind: 'update', name, node: value.id })
  }

  /**
   * Copies a graph's nodes in, its inputs replaced by the values of their names; inputs without one become inputs here.
   * Returns the values of its outputs, in order.
   */
  inline(graph: Graph, inputs: Readonly<Record<string, Value>>): readonly Value[] {
    const copies: Value[] = []
    for (const node of graph.nodes) copies.push(this.copy(node, node.inputs.map((id) => copies[id]!), inputs)) // prettier-ignore
    return graph.outputs.map((o) => copies[o.node]!)
  }

  /** A graph in place of a call: the i-th input stands for the i-th input node. Returns the values of its outputs. */
  open(body: Graph, inputs: readonly Value[]): readonly Value[] {
    const formals = body.nodes.flatMap((n) => (n.op === 'input' ? [n.attrs.name] : []))
    if (formals.length !== inputs.length) bug(`a body of (${formals.join(', ')}) called with ${inputs.length} values`)
    return this.inline(body, Object.fromEntries(formals.map((name, i) => [name, inputs[i]!])))
  }

  /** One node of another graph, given what its inputs have become: the same numbers, maybe with dims in another order. */
  copy(node: Node, inputs: readonly Value[], named: Readonly<Record<string, Value>> = {}): Value {
    if (node.op === 'input') {
      const given = Object.hasOwn(named, node.attrs.name) ? named[node.attrs.name] : undefined
      return given ?? this.add('input', [], node.attrs, node.type)
    }
    if (node.op === 'merge') return this.merge(inputs[0]!, node.attrs.dims, node.attrs.into)
    if (node.op === 'call') return this.add('call', inputs, callOf(node.attrs, inputs.map((x) => x.type))) // prettier-ignore
    return this.add(node.op, inputs, node.attrs, node.type)
  }

  node(x: Value): Node {
    return this.#nodes[x.id]!
  }

  value(id: NodeId): Value {
    return this.#values[id] ?? bug(`no node ${id}`)
  }

  get outputs(): readonly Output[] {
    return this.#outputs
  }

  /** The graph so far: the nodes its outputs need, and every input, in the order they were made. */
  finish(): Graph {
    const needed = new Uint8Array(this.#nodes.length)
    for (const { node } of this.#outputs) needed[node] = 1
    for (let id = needed.length - 1; id >= 0; id--) if (needed[id]) for (const input of this.#nodes[id]!.inputs) needed[input] = 1
    const place = new Map<NodeId, NodeId>()
    const nodes: Node[] = []
    this.#nodes.forEach((node, id) => {
      if (!needed[id] && node.op !== 'input') return
      place.set(id, nodes.length)
      nodes.push({ ...node, inputs: node.inputs.map((i) => place.get(i)!) })
    })
    return { nodes, outputs: this.#outputs.map((o) => ({ ...o, node: place.get(o.node)! })) }
  }
}

/** A composite for inputs whose dims stand in another order. */
function callOf(attrs: AttributesOf<'call'>, types: readonly Type[]): AttributesOf<'call'> {
  const formals = attrs.body.nodes.filter((n) => n.op === 'input')
  if (formals.every((n, i) => sameDims(n.type.dims, types[i]!.dims))) return attrs
  const body = retype(attrs.body, types)
  const result = body.nodes[body.outputs[0]!.node]!.type
  return { ...attrs, body, grads: attrs.grads?.map((g) => g && retype(g, [...types, result])) }
}

function retype(graph: Graph, types: readonly Type[]): Graph {
  const b = new Builder()
  const formals = graph.nodes.flatMap((n) => (n.op === 'input' ? [n.attrs] : []))
  const results = b.open(graph, formals.map(({ name, role }, i) => b.input(name, role, types[i]!))) // prettier-ignore
  results.forEach((x, i) => b.result(graph.outputs[i]!.name, x))
  return b.finish()
}

/** Leaves have the type they are given; a cast has the dtype it is given. */
function typeOf<K extends OpName>(op: K, inputs: readonly Value[], attrs: AttributesOf<K>, given: Type | undefined): Type {
  if (op === 'cast') return { dtype: given?.dtype ?? bug('a cast to nothing'), dims: inputs[0]!.type.dims }
  if (op === 'constant' || op === 'table' || op === 'input' || op === 'position') return given ?? bug(`${op} without a type`)
  return opOf(op).type(
    inputs.map((x) => x.type),
    attrs,
  )
}
