// The biography of an op in one record: what it means, its type rule, its gradient, and how each target says it.
// compiler/graph/ops/table.ts unites the records; completion, manual, tests and both targets read them from there.
import type { AttributesOf, Dim, Dtype, Node, NodeId, OpName, Type } from '../graph.ts'

/** A node of the graph being built. */
export interface Value {
  readonly id: NodeId
  readonly type: Type
}

/** What gradient rules see of the Builder, which implements it: graph/builder.ts documents each method. */
export interface Build {
  add<K extends OpName>(op: K, inputs: readonly Value[], attrs: AttributesOf<K>, type?: Type): Value
  constant(value: number, dtype?: Dtype): Value
  position(dim: Dim): Value
  unary(op: OpName, x: Value): Value
  binary(op: OpName, a: Value | number, b: Value | number): Value
  select(test: Value, then: Value | number, otherwise: Value | number): Value
  cast(x: Value, dtype: Dtype): Value
  reduce(op: 'reduce_sum' | 'reduce_max' | 'reduce_min' | 'argmax', x: Value, over: readonly string[]): Value
  sumProduct(a: Value, b: Value, over: readonly string[]): Value
  rename(x: Value, from: string, to: string): Value
  merge(x: Value, dims: readonly string[], into: string): Value
  split(x: Value, dim: string, into: readonly Dim[]): Value
  broadcast(x: Value, dims: readonly Dim[]): Value
  gather(x: Value, dim: string, index: Value, unique?: boolean): Value
  /** The node behind a value. */
  node(x: Value): Node
  value(id: NodeId): Value
}

/** A tensor of the reference interpreter: row-major over dims, every dtype as float64. */
export interface Tensor {
  readonly dims: readonly Dim[]
  readonly data: Float64Array
}

/** What an op's ONNX rule may say. Names are those of ONNX values; shapes follow the nodes' types. */
export interface OnnxEmitter {
  /** Appends an ONNX node and returns the name of its first output. `domain` defaults to the standard one. */
  emit(op: string, inputs: readonly string[], attrs?: OnnxAttrs, options?: { domain?: string; outputs?: number }): string
  /** Names of all outputs of the last emit. */
  readonly lastOutputs: readonly string[]
  /** A constant tensor. Without shape: a scalar for a number, one dimension for an array. */
  constant(data: number | readonly number[], dtype: 'f32' | 'i32' | 'i64' | 'u32' | 'u64' | 'bool', shape?: readonly number[]): string
  /** The type of an input of the node being lowered. */
  typeOf(name: string): Type
  /** Transposes and unsqueezes `name` of type `from` so that its dims stand as `dims` says (missing ones of size 1). */
  align(name: string, from: Type, dims: readonly Dim[]): string
  /** Shape constant for `dims`; live ones become -1 (at most one) or come from a run-time shape. */
  reshape(name: string, dims: readonly Dim[]): string
  /** The extents of `dims`, i64 [rank]: a constant, or computed where one is live. */
  shape(dims: readonly Dim[]): string
}
export type OnnxAttrs = Readonly<Record<string, number | string | readonly number[] | { readonly float: number }>>

export interface Example<K extends OpName> {
  readonly inputs: readonly Type[]
  readonly attrs: AttributesOf<K>
  /** Range of the random inputs, where the op has a domain; default [-2, 2]. Integers are rounded. */
  readonly range?: readonly [number, number]
}

export interface Op<K extends OpName> {
  readonly name: K
  readonly doc: string
  /** The result's type. Violations are bugs: check has ruled them out. */
  readonly type: (inputs: readonly Type[], attrs: AttributesOf<K>) => Type
  /** Gradient of each input given dy (undefined: none flows). Missing: not differentiable, no gradient flows. */
  readonly grad?: (b: Build, node: NodeOf<K>, inputs: readonly Value[], y: Value, dy: Value) => readonly (Value | undefined)[]
  /** Elementwise ops: the meaning on numbers. */
  readonly scalar?: (...args: number[]) => number
  /** Other ops: the meaning on tensors. */
  readonly evaluate?: (inputs: readonly Tensor[], attrs: AttributesOf<K>, type: Type) => Tensor
  /** Elementwise ops: a WGSL expression of argument expressions (already typed f32, i32, u32 or bool). */
  readonly wgsl?: (args: readonly string[], node: NodeOf<K>) => string
  /** The node as ONNX; returns the name of the value that holds the result in the order of node.type.dims. */
  readonly onnx?: (e: OnnxEmitter, node: NodeOf<K>, inputs: readonly string[]) => string
  readonly examples: readonly Example<K>[]
}

export type NodeOf<K extends OpName> = Extract<Node, { readonly op: K }>
