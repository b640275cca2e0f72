// Collects the nodes and constants of one ONNX model, and knows the two ways of changing a shape: a view (Reshape, free) and a
// Transpose. A value has named dims in the order of its memory; it may lack dims of its tensor, which are then broadcast.
// Equal views, transposes and constants are made once; views of views are views of the first. `close` drops what no output needs.
import { bug } from '../bug.ts'
import { names, showDims } from '../graph/dims.ts'
import type { Dim } from '../graph/graph.ts'
import type { OnnxAttrs } from '../graph/ops/op.ts'
import type { OnnxConstant, OnnxNode, OnnxType } from './onnx-model.ts'

/** A tensor of the model. */
export interface OnnxValue {
  readonly name: string
  readonly dims: readonly Dim[]
}

/** An axis made of dims that lie next to each other; empty: of extent 1. */
export type Axis = readonly Dim[]

const arrays = {
  f32: (data: readonly number[]) => Float32Array.from(data),
  i32: (data: readonly number[]) => Int32Array.from(data),
  u32: (data: readonly number[]) => Uint32Array.from(data),
  i64: (data: readonly number[]) => BigInt64Array.from(data, BigInt),
  u64: (data: readonly number[]) => BigUint64Array.from(data, BigInt),
  bool: (data: readonly number[]) => Uint8Array.from(data),
} satisfies Record<OnnxType, unknown>

export class OnnxWriter {
  readonly #nodes: OnnxNode[] = []
  readonly #constants: OnnxConstant[] = []
  readonly #known = new Map<string, string>()
  readonly #views = new Map<string, { readonly of: string; readonly shape: string }>()
  /** Extents of live dims that a merge has made, as products of others. */
  readonly #products = new Map<string, readonly Dim[]>()
  readonly #extents: (dim: string) => string
  #count = 0

  /** `extents`: the model input that holds a live dim's extent, i64 [1]. */
  constructor(extents: (dim: string) => string) {
    this.#extents = extents
  }

  get nodes(): readonly OnnxNode[] {
    return this.#nodes
  }

  /** Appends a node; returns the names of its outputs. */
  emit(op: string, inputs: readonly string[], attrs: OnnxAttrs = {}, domain = '', outputs = 1): readonly string[] {
    const made = Array.from({ length: outputs }, () => this.#fresh())
    this.#nodes.push({ op, domain, inputs, outputs: made, attrs })
    return made
  }

  /** As emit, for one output. */
  one(op: string, inputs: readonly string[], attrs: OnnxAttrs = {}, domain = ''): string {
    return this.emit(op, inputs, attrs, domain)[0]!
  }

  /** As one, but equal nodes are one. For nodes that are fit for it: large results stay in memory longer. */
  shared(op: string, inputs: readonly string[]): string {
    return this.#once(`${op} ${inputs.join()}`, () => this.one(op, inputs))
  }

  constant(data: number | readonly number[], type: OnnxType, shape?: readonly number[]): string {
    const list = typeof data === 'number' ? [data] : data
    const extents = shape ?? (typeof data === 'number' ? [] : [data.length])
    if (list.length > 64) return this.#constant(arrays[type](list), type, extents)
    const key = `constant ${type} ${extents.join()} ${list.map((x) => (Object.is(x, -0) ? '-0' : x)).join()}`
    return this.#once(key, () => this.#constant(arrays[type](list), type, extents))
  }

  #constant(data: ArrayBufferView, type: OnnxType, shape: readonly number[]): string {
    const name = this.#fresh()
    this.#constants.push({ name, type, shape, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) })
    return name
  }

  /** Says that a live dim's extent is the product of others'. */
  product(dim: Dim, of: readonly Dim[]): void {
    if (dim.live) this.#products.set(dim.name, of)
  }

  /** The extent of an axis as i64 [1]. */
  extent(axis: Axis): string {
    const live = axis.flatMap((d) => this.#factors(d))
    const fixed = live.reduce((n, d) => (d.live ? n : n * d.size), 1)
    const parts = live.filter((d) => d.live).map((d) => this.#extents(unprimed(d.name)))
    if (fixed !== 1 || parts.length === 0) parts.push(this.constant([fixed], 'i64'))
    return parts.reduce((a, b) => this.#once(`product ${a} ${b}`, () => this.one('Mul', [a, b])))
  }

  #factors(dim: Dim): readonly Dim[] {
    const parts = dim.live ? this.#products.get(dim.name) : undefined
    return parts ? parts.flatMap((d) => this.#factors(d)) : [dim]
  }

  /** The extents of axes as i64 [rank]. */
  shape(axes: readonly Axis[]): string {
    if (axes.every((axis) => axis.every((d) => !d.live))) return this.constant(axes.map(size), 'i64')
    const parts = axes.map((axis) => this.extent(axis))
    return this.#once(`concat ${parts.join()}`, () => (parts.length === 1 ? parts[0]! : this.one('Concat', parts, { axis: 0 })))
  }

  /** The same elements under other axes. */
  view(value: OnnxValue, axes: readonly Axis[]): string {
    const base = this.#views.get(value.name) ?? { of: value.name, shape: shapeKey(value.dims.map((d) => [d])) }
    const shape = shapeKey(axes)
    if (shape === base.shape) return base.of
    return this.#once(`view ${base.of} ${shape}`, () => {
      const live = axes.filter((axis) => axis.some((d) => d.live)).length
      const target = live > 1 ? this.shape(axes) : this.constant(axes.map((axis) => (axis.some((d) => d.live) ? -1 : size(axis))), 'i64') // prettier-ignore
      const name = this.one('Reshape', [base.of, target])
      this.#views.set(name, base)
      return name
    })
  }

  /** A node's output of these axes, under the dims they are made of. */
  unfold(name: string, axes: readonly Axis[], dims: readonly Dim[] = axes.flat()): OnnxValue {
    this.#views.set(name, { of: name, shape: shapeKey(axes) })
    const unfolded = this.view({ name, dims: [] }, dims.map((d) => [d])) // prettier-ignore
    return { name: unfolded, dims }
  }

  /** The value with its dims in the order of `order`. Dims of size 1 move for free. */
  transpose(value: OnnxValue, order: readonly string[]): OnnxValue {
    const dims = order.map((name) => value.dims.find((d) => d.name === name) ?? bug(`no ${name} in ${showDims(value.dims)}`))
    if (dims.length !== value.dims.length) bug(`${order.join()} is not an order of ${showDims(value.dims)}`)
    const blocks = blocksOf(names(value.dims.filter(wide)), names(dims.filter(wide)))
    if (blocks.length <= 1) return { name: this.view(value, dims.map((d) => [d])), dims } // prettier-ignore
    const axis = (block: readonly string[]): Axis => block.map((name) => dims.find((d) => d.name === name)!)
    const before = [...blocks].sort((a, b) => place(value.dims, a[0]!) - place(value.dims, b[0]!))
    const folded = this.view(value, before.map(axis))
    const perm = blocks.map((block) => before.indexOf(block))
    const name = this.#once(`transpose ${folded} ${perm.join()}`, () => this.one('Transpose', [folded], { perm }))
    return this.unfold(name, blocks.map(axis), dims)
  }

  /** Broadcastable against `dims`: in their order, missing ones of size 1 but for those at the front. */
  align(value: OnnxValue, dims: readonly Dim[]): string {
    const ordered = this.transpose(value, names(dims).filter((name) => value.dims.some((d) => d.name === name))) // prettier-ignore
    const axes = dims.map((d): Axis => ordered.dims.filter((e) => e.name === d.name))
    const first = axes.findIndex((axis) => axis.length > 0)
    return first < 0 ? ordered.name : this.view(ordered, axes.slice(first))
  }

  /** With all of `dims`, in memory. */
  expand(value: OnnxValue, dims: readonly Dim[]): OnnxValue {
    if (dims.length === value.dims.length) return value
    const added = dims.filter((d) => !value.dims.some((e) => e.name === d.name))
    const order = [...added, ...value.dims]
    const shape = this.shape(order.map((d) => [d]))
    const name = this.#once(`expand ${value.name} ${shape}`, () => this.one('Expand', [value.name, shape]))
    return { name, dims: order }
  }

  /** What the outputs need: nodes in order, and constants. */
  close(outputs: readonly string[]): { readonly nodes: readonly OnnxNode[]; readonly constants: readonly OnnxConstant[] } {
    const needed = new Set(outputs)
    const nodes = this.#nodes.toReversed().filter((node) => {
      if (!node.outputs.some((name) => needed.has(name))) return false
      node.inputs.forEach((name) => needed.add(name))
      return true
    })
    return { nodes: nodes.toReversed(), constants: this.#constants.filter((c) => needed.has(c.name)) }
  }

  #fresh(): string {
    return `v${this.#count++}`
  }

  #once(key: string, make: () => string): string {
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const made = make()
    this.#known.set(key, made)
    return made
  }
}

const wide = (d: Dim): boolean => d.size !== 1 || d.live === true

const place = (dims: readonly Dim[], name: string): number => dims.findIndex((d) => d.name === name)

function size(axis: Axis): number {
  return axis.reduce((n, d) => n * d.size, 1)
}

/** Equal for axes of equal extents; a primed dim has the extent of the unprimed. */
function shapeKey(axes: readonly Axis[]): string {
  const key = (axis: Axis): string => {
    const fixed = axis.reduce((n, d) => (d.live ? n : n * d.size), 1)
    return [fixed, ...axis.filter((d) => d.live).map((d) => unprimed(d.name))].join('*')
  }
  return axes.map(key).join()
}

function unprimed(name: string): string {
  return name.replace(/'+$/, '')
}

/** Runs of names that follow each other in both orders, in the order of `to`. */
function blocksOf(from: readonly string[], to: readonly string[]): readonly string[][] {
  const blocks: string[][] = []
  for (const name of to) {
    const last = blocks.at(-1)
    if (last && from.indexOf(name) === from.indexOf(last.at(-1)!) + 1) last.push(name)
    else blocks.push([name])
  }
  return blocks
}
