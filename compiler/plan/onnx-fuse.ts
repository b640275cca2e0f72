// ONNX Runtime runs node by node and fuses nothing by itself, so each elementwise node is a walk through memory. Here neighbours
// become one node where ONNX has one: factors and sums around matrix products, sums of squares, and the logistic function with
// its gradient in silu, written as quotients by 1 + exp(-x).
import type { Graph, Node, NodeId } from '../graph/graph.ts'
import { sameNames } from './onnx-layout.ts'

export type Fusion =
  /** Nobody reads it: a later node computes it along. */
  | { readonly kind: 'absorbed' }
  /** alpha * contract(a, b) + plus. */
  | {
      readonly kind: 'product'
      readonly a: NodeId
      readonly b: NodeId
      readonly over: readonly string[]
      readonly alpha: number
      readonly plus?: NodeId
    }
  /** Sum of x * x over dims. */
  | { readonly kind: 'squares'; readonly x: NodeId; readonly over: readonly string[] }
  /** Minus the sum of x over dims. */
  | { readonly kind: 'negative'; readonly x: NodeId; readonly over: readonly string[] }
  /** numerator / (1 + exp(-x)); without numerator, of 1. */
  | { readonly kind: 'logistic'; readonly x: NodeId; readonly numerator?: NodeId }
  /** factor * (from - take): what factor * y * exp(-x) is where y is x / (1 + exp(-x)), namely factor * (x - y). */
  | { readonly kind: 'difference'; readonly factor: NodeId; readonly from: NodeId; readonly take: NodeId }

/** What becomes of the nodes that do not stay what they are. */
export function fusions(graph: Graph): ReadonlyMap<NodeId, Fusion> {
  const search = new Search(graph)
  graph.nodes.forEach((node, id) => search.quotient(id, node))
  graph.nodes.forEach((node, id) => search.sum(id, node))
  graph.nodes.forEach((node, id) => search.product(id, node))
  search.absorb()
  return search.found
}

class Search {
  readonly found = new Map<NodeId, Fusion>()
  readonly #graph: Graph
  readonly #readers: readonly (readonly NodeId[])[]

  constructor(graph: Graph) {
    this.#graph = graph
    const readers = graph.nodes.map((): NodeId[] => [])
    for (const [id, node] of graph.nodes.entries()) for (const input of node.inputs) readers[input]!.push(id)
    // An output is read by the world, which is no node.
    for (const { node } of graph.outputs) readers[node]!.push(-1)
    this.#readers = readers
  }

  /** x / (1 + exp(-n)) wherever it stands, and the product that its gradient has. */
  quotient(id: NodeId, node: Node): void {
    if (node.op === 'div') {
      const x = this.#logisticOf(node.inputs[1]!)
      const one = this.#number(node.inputs[0]!) === 1
      if (x !== undefined) this.found.set(id, { kind: 'logistic', x, numerator: one ? undefined : node.inputs[0]! })
    }
    if (node.op !== 'mul') return
    for (const [signed, e] of bothWays(node)) {
      const outer = this.#node(signed)
      const inner = outer.op === 'neg' ? this.#node(outer.inputs[0]!) : outer
      if (inner.op !== 'mul') continue
      for (const [factor, y] of bothWays(inner)) {
        const silu = this.found.get(y)
        if (silu?.kind !== 'logistic' || silu.numerator !== silu.x || this.#exponentOf(e) !== silu.x) continue
        const [from, take] = outer === inner ? [silu.x, y] : [y, silu.x]
        this.found.set(id, { kind: 'difference', factor, from, take })
        return
      }
    }
  }

  /** Sums that take the node before them along. */
  sum(id: NodeId, node: Node): void {
    if (node.op !== 'reduce_sum' || node.type.dtype !== 'f32') return
    const product = this.#node(node.inputs[0]!)
    if (product.op === 'neg') this.found.set(id, { kind: 'negative', x: product.inputs[0]!, over: node.attrs.over })
    if (product.op !== 'mul' || product.inputs[0] !== product.inputs[1]) return
    const [x] = product.inputs
    if (sameNames(this.#node(x!).type.dims, product.type.dims)) this.found.set(id, { kind: 'squares', x: x!, over: node.attrs.over })
  }

  /** A contraction takes factors of its operands in, and then the factor and the sum that its only reader is. */
  product(id: NodeId, node: Node): void {
    if (node.op !== 'contract' || node.type.dtype !== 'f32') return
    const { over } = node.attrs
    const [a, b] = node.inputs.map((x) => this.#unscaled(x, id))
    let at = id
    let alpha = a!.factor * b!.factor
    const outer = this.#onlyReader(at)
    const scale = outer === undefined ? undefined : this.#factorOf(outer)
    if (outer !== undefined && scale !== undefined && scale.x === at) {
      alpha *= scale.factor
      at = outer
    }
    const sum = batched(this.#graph, node, over) ? undefined : this.#sum(at)
    if (at === id && alpha === 1 && sum === undefined) return
    const whole = { kind: 'product', a: a!.x, b: b!.x, over } as const
    if (sum === undefined) this.found.set(at, { ...whole, alpha })
    else this.found.set(sum.at, { ...whole, alpha: alpha * sum.sign, plus: sum.plus })
  }

  /** Nodes that only absorbed nodes and fusions read, which read past them. */
  absorb(): void {
    const needed = new Set(this.#graph.outputs.map((o) => o.node))
    for (let id = this.#graph.nodes.length - 1; id >= 0; id--) {
      if (!needed.has(id)) this.found.set(id, { kind: 'absorbed' })
      else for (const input of inputsOf(this.#node(id), this.found.get(id))) needed.add(input)
    }
  }

  #node(id: NodeId): Node {
    return this.#graph.nodes[id]!
  }

  #onlyReader(id: NodeId): NodeId | undefined {
    const [reader, ...others] = this.#readers[id]!
    return others.length === 0 && reader !== -1 ? reader : undefined
  }

  #number(id: NodeId): number | undefined {
    const node = this.#node(id)
    if (node.op === 'broadcast') return this.#number(node.inputs[0]!)
    return node.op === 'constant' && node.type.dtype === 'f32' ? node.attrs.value : undefined
  }

  /** The node as a number times another of the same dims. */
  #factorOf(id: NodeId): { readonly x: NodeId; readonly factor: number } | undefined {
    const node = this.#node(id)
    const [x, y] = node.inputs
    if (node.type.dtype !== 'f32') return undefined
    if (node.op === 'neg') return { x: x!, factor: -1 }
    if (node.op === 'div') return this.#times(node, x!, 1 / (this.#number(y!) ?? NaN))
    return node.op === 'mul' ? (this.#times(node, x!, this.#number(y!)) ?? this.#times(node, y!, this.#number(x!))) : undefined
  }

  #times(node: Node, x: NodeId, factor: number | undefined): { readonly x: NodeId; readonly factor: number } | undefined {
    const whole = factor !== undefined && Number.isFinite(factor) && sameNames(this.#node(x).type.dims, node.type.dims)
    return whole ? { x, factor } : undefined
  }

  /** An operand without its factor, if all readers of it can do without. */
  #unscaled(id: NodeId, reader: NodeId): { readonly x: NodeId; readonly factor: number } {
    const scaled = this.found.has(id) ? undefined : this.#factorOf(id)
    const products = this.#readers[id]!.every((r) => r === reader || (r >= 0 && this.#node(r).op === 'contract'))
    return scaled !== undefined && products ? scaled : { x: id, factor: 1 }
  }

  /** The sum or difference that a product's only reader is, unless that has taken another product in already. */
  #sum(id: NodeId): { readonly at: NodeId; readonly plus: NodeId; readonly sign: number } | undefined {
    const at = this.#onlyReader(id)
    const node = at === undefined ? undefined : this.#node(at)
    if (at === undefined || node === undefined || this.found.has(at) || (node.op !== 'add' && node.op !== 'sub')) return undefined
    const [x, y] = node.inputs
    if (node.op === 'sub' && x === id) return undefined
    const plus = x === id ? y! : x!
    // An Add may write its sum over a state that it reads, a Gemm may not.
    if (this.#node(plus).op === 'input') return undefined
    const whole =
      plus !== id && sameNames(this.#node(plus).type.dims, node.type.dims) && sameNames(this.#node(id).type.dims, node.type.dims)
    return whole ? { at, plus, sign: node.op === 'sub' ? -1 : 1 } : undefined
  }

  /** x, where the node is 1 + exp(-x). */
  #logisticOf(id: NodeId): NodeId | undefined {
    const { op, inputs } = this.#node(id)
    if (op !== 'add') return undefined
    const [x, y] = inputs
    return this.#number(x!) === 1 ? this.#exponentOf(y!) : this.#number(y!) === 1 ? this.#exponentOf(x!) : undefined
  }

  /** x, where the node is exp(-x). */
  #exponentOf(id: NodeId): NodeId | undefined {
    const node = this.#node(id)
    const inner = node.op === 'exp' ? this.#node(node.inputs[0]!) : undefined
    return inner?.op === 'neg' && inner.type.dtype === 'f32' ? inner.inputs[0]! : undefined
  }
}

/** What a node reads once it is fused. */
function inputsOf(node: Node, fusion: Fusion | undefined): readonly NodeId[] {
  switch (fusion?.kind) {
    case undefined:
      return node.inputs
    case 'absorbed':
      return []
    case 'product':
      return fusion.plus === undefined ? [fusion.a, fusion.b] : [fusion.a, fusion.b, fusion.plus]
    case 'squares':
    case 'negative':
      return [fusion.x]
    case 'logistic':
      return fusion.numerator === undefined ? [fusion.x] : [fusion.numerator, fusion.x]
    case 'difference':
      return [fusion.factor, fusion.from, fusion.take]
    default:
      return fusion satisfies never
  }
}

function bothWays({ inputs: [x, y] }: Node): readonly (readonly [NodeId, NodeId])[] {
  return [
    [x!, y!],
    [y!, x!],
  ]
}

function batched(graph: Graph, node: Node, over: readonly string[]): boolean {
  const [a, b] = node.inputs.map((id) => graph.nodes[id]!.type.dims)
  return a!.some((d) => !over.includes(d.name) && b!.some((e) => e.name === d.name))
}
