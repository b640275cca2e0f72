// Tensor graph → ONNX nodes: each node's value with its dims in whatever order costs least. Reading under other names, merging,
// splitting and repeating cost nothing here; elementwise ops take the order of their largest operand; matrix products choose theirs
// in onnx-contract.ts; all other ops say their ONNX themselves, in their records.
import { bug } from '../bug.ts'
import { find, names, without } from '../graph/dims.ts'
import type { Dim, Graph, Node, NodeId } from '../graph/graph.ts'
import { Claims } from './onnx-claims.ts'
import { contract } from './onnx-contract.ts'
import { lowerByRule } from './onnx-emitter.ts'
import { fusions, type Fusion } from './onnx-fuse.ts'
import { elementwise, wantedOrders } from './onnx-layout.ts'
import type { OnnxValue, OnnxWriter } from './onnx-writer.ts'

/** The values of all nodes, but those that a fusion has taken in. `given` names the inputs of the model. */
export function lower(w: OnnxWriter, graph: Graph, given: (node: Node & { op: 'input' }) => string): readonly (OnnxValue | undefined)[] {
  const fused = fusions(graph)
  const wanted = wantedOrders(graph)
  const values: (OnnxValue | undefined)[] = []
  const lowering = new Lowering(w, graph, values, wanted)
  for (const [id, node] of graph.nodes.entries()) {
    const fusion = fused.get(id)
    if (node.op === 'input') values.push({ name: given(node), dims: node.type.dims })
    else if (fusion?.kind === 'absorbed') values.push(undefined)
    else values.push(lowering.node(id, node, fusion))
  }
  return values
}

type Absorbed = { readonly kind: 'absorbed' }

class Lowering {
  readonly #w: OnnxWriter
  readonly #graph: Graph
  readonly #values: readonly (OnnxValue | undefined)[]
  readonly #wanted: readonly (readonly string[])[]
  readonly #claims: Claims

  constructor(w: OnnxWriter, graph: Graph, values: readonly (OnnxValue | undefined)[], wanted: readonly (readonly string[])[]) {
    this.#w = w
    this.#graph = graph
    this.#values = values
    this.#wanted = wanted
    this.#claims = new Claims(w)
  }

  node(id: NodeId, node: Node, fusion: Exclude<Fusion, Absorbed> | undefined): OnnxValue {
    if (fusion) return this.#fused(id, node, fusion)
    const [x] = node.inputs
    if (node.op === 'contract') return this.#contract(id, node.inputs, node.attrs.over)
    if (node.op === 'rename') return this.#rename(this.#value(x!), node.attrs.from, find(node.type.dims, node.attrs.to))
    if (node.op === 'merge') return this.#merge(x!, node.attrs.dims, find(node.type.dims, node.attrs.into))
    if (node.op === 'split') return this.#split(this.#value(x!), node.attrs.dim, node.attrs.into)
    if (node.op === 'broadcast') return this.#value(x!)
    if (node.op === 'call') return this.#claims.lower(node, this.#value(x!))
    return elementwise(node) ? this.#elementwise(id, node) : this.#byRule(node)
  }

  #value(id: NodeId): OnnxValue {
    return this.#values[id] ?? bug(`node ${id} was taken in by a fusion but is read elsewhere`)
  }

  /** With all of these dims in memory. */
  #with(id: NodeId, needed: readonly string[]): OnnxValue {
    const value = this.#value(id)
    const missing = needed.filter((d) => !names(value.dims).includes(d)).map((d) => find(this.#graph.nodes[id]!.type.dims, d))
    return this.#w.expand(value, [...value.dims, ...missing])
  }

  #contract(id: NodeId, [a, b]: readonly NodeId[], over: readonly string[], more: { alpha?: number; plus?: OnnxValue } = {}): OnnxValue {
    const whole = this.#graph.nodes[id]!.type.dtype !== 'f32'
    return contract(this.#w, this.#with(a!, over), this.#with(b!, over), { over, whole, wanted: this.#wanted[id]!, ...more })
  }

  #rename({ name, dims }: OnnxValue, from: string, to: Dim): OnnxValue {
    return { name, dims: dims.map((d) => (d.name === from ? to : d)) }
  }

  #merge(id: NodeId, parts: readonly string[], into: Dim): OnnxValue {
    const present = this.#value(id).dims.filter((d) => parts.includes(d.name))
    if (present.length === 0) return this.#value(id)
    const value = this.#with(id, parts)
    const first = value.dims.findIndex((d) => parts.includes(d.name))
    const before = value.dims.slice(0, first)
    const after = without(value.dims.slice(first), parts)
    const moved = this.#w.transpose(value, [...names(before), ...parts, ...names(after)])
    const merged = parts.map((d) => find(value.dims, d))
    this.#w.product(into, merged)
    const axes = [...before.map((d) => [d]), merged, ...after.map((d) => [d])]
    return { name: this.#w.view(moved, axes), dims: [...before, into, ...after] }
  }

  #split(value: OnnxValue, dim: string, into: readonly Dim[]): OnnxValue {
    const dims = value.dims.flatMap((d) => (d.name === dim ? into : [d]))
    return { name: this.#w.view(value, dims.map((d) => [d])), dims } // prettier-ignore
  }

  #elementwise(id: NodeId, node: Node): OnnxValue {
    const inputs = node.inputs.map((input) => this.#value(input))
    const dims = this.#common(inputs, this.#wanted[id]!)
    return this.#rule(node, inputs, dims)
  }

  /** The dims of all operands, in the order of the largest: of equally large ones, that which is as wanted. */
  #common(inputs: readonly OnnxValue[], wanted: readonly string[]): readonly Dim[] {
    const most = Math.max(...inputs.map(elements))
    const largest = inputs.filter((x) => elements(x) === most)
    const base = largest.find((x) => names(x.dims).join() === wanted.join()) ?? largest[0]!
    const all = new Map(inputs.flatMap((x) => x.dims.map((d) => [d.name, d])))
    const missing = [...all.values()].filter((d) => !names(base.dims).includes(d.name))
    if (missing.length > 0 && wanted.length === all.size) return wanted.filter((d) => all.has(d)).map((d) => all.get(d)!)
    return [...base.dims, ...missing]
  }

  /** Ops with an ONNX rule of their own; here is only chosen in which order the result's dims come out cheapest. */
  #byRule(node: Node): OnnxValue {
    if (node.op === 'reduce_sum' || node.op === 'reduce_max' || node.op === 'reduce_min' || node.op === 'argmax') {
      const x = this.#with(node.inputs[0]!, node.attrs.over)
      return this.#rule(node, [x], without(x.dims, node.attrs.over))
    }
    if (node.op === 'rotate') {
      const x = this.#with(node.inputs[0]!, [node.attrs.dim])
      return this.#rule(node, [x], x.dims)
    }
    if (node.op === 'gather') {
      const x = this.#with(node.inputs[0]!, [node.attrs.dim])
      const index = this.#value(node.inputs[1]!)
      return this.#rule(node, [x, index], gathered(x, index, node.attrs.dim))
    }
    if (node.op === 'scatter') {
      const into = names(this.#graph.nodes[node.inputs[1]!]!.type.dims)
      const [updates, index] = node.inputs.map((input) => this.#with(input, into))
      const rest = without(updates!.dims, into)
      return this.#rule(node, [updates!, index!], [...without(index!.dims, node.attrs.over), node.attrs.dim, ...rest])
    }
    return this.#rule(node, [], node.type.dims)
  }

  #rule(node: Node, inputs: readonly OnnxValue[], dims: readonly Dim[]): OnnxValue {
    const types = node.inputs.map((input) => this.#graph.nodes[input]!.type)
    const placed: Node = { ...node, type: { dtype: node.type.dtype, dims } }
    return { name: lowerByRule(this.#w, placed, inputs, types), dims: node.op === 'constant' ? [] : dims }
  }

  #fused(id: NodeId, node: Node, fusion: Exclude<Fusion, Absorbed>): OnnxValue {
    switch (fusion.kind) {
      case 'product': {
        const { a, b, over, alpha } = fusion
        const plus = fusion.plus === undefined ? undefined : this.#with(fusion.plus, names(node.type.dims))
        return this.#contract(id, [a, b], over, { alpha, plus })
      }
      case 'squares': {
        const x = this.#with(fusion.x, fusion.over)
        const axes = fusion.over.map((name) => names(x.dims).indexOf(name))
        const name = this.#w.one('ReduceSumSquare', [x.name, this.#w.constant(axes, 'i64')], { keepdims: 0 })
        return { name, dims: without(x.dims, fusion.over) }
      }
      case 'negative': {
        const x = this.#with(fusion.x, fusion.over)
        const axes = fusion.over.map((name) => names(x.dims).indexOf(name))
        const sum = this.#w.one('ReduceSum', [x.name, this.#w.constant(axes, 'i64')], { keepdims: 0 })
        return { name: this.#w.one('Neg', [sum]), dims: without(x.dims, fusion.over) }
      }
      case 'logistic': {
        const x = this.#value(fusion.x)
        const logistic = { name: this.#w.shared('Sigmoid', [x.name]), dims: x.dims }
        return fusion.numerator === undefined ? logistic : this.#pointwise('Mul', this.#value(fusion.numerator), logistic)
      }
      case 'difference': {
        const difference = this.#pointwise('Sub', this.#value(fusion.from), this.#value(fusion.take))
        return this.#pointwise('Mul', this.#value(fusion.factor), difference)
      }
      default:
        return fusion satisfies never
    }
  }

  #pointwise(op: string, x: OnnxValue, y: OnnxValue): OnnxValue {
    const dims = this.#common([x, y], [])
    return { name: this.#w.one(op, [this.#w.align(x, dims), this.#w.align(y, dims)]), dims }
  }
}

/** Where x and the index share no dim, the index's dims stand for `dim`; else the shared ones come first, then the index's. */
function gathered(x: OnnxValue, index: OnnxValue, dim: string): readonly Dim[] {
  const shared = x.dims.filter((d) => names(index.dims).includes(d.name))
  if (shared.length === 0) return x.dims.flatMap((d) => (d.name === dim ? index.dims : [d]))
  return [...shared, ...without(index.dims, names(shared)), ...without(x.dims, [...names(shared), dim])]
}

function elements(x: OnnxValue): number {
  return x.dims.reduce((n, d) => n * d.size, 1)
}
