// Appends nodes to a graph; equal nodes are one. The only way graphs are made.
// (Implementation: see below; the signatures are what elaborate, build and passes use.)
import type { AttributesOf, Dim, Dtype, Graph, NodeId, OpName, Output, Type } from './graph.ts'

/** A node of the graph being built. */
export interface Value {
  readonly id: NodeId
  readonly type: Type
}

export declare class Builder {
  /** Appends a node (or returns the equal one); the type follows from the op's rule, but for leaves and cast. */
  add<K extends OpName>(op: K, inputs: readonly Value[], attrs: AttributesOf<K>, type?: Type): Value
  constant(value: number, dtype?: Dtype): Value
  input(name: string, role: 'data' | 'state', type: Type): Value
  position(dim: Dim): Value
  unary(op: OpName, x: Value): Value
  /** Numbers become constants of the other operand's dtype. */
  binary(op: OpName, a: Value | number, b: Value | number): Value
  select(test: Value, then: Value | number, otherwise: Value | number): Value
  cast(x: Value, dtype: Dtype): Value
  reduce(op: 'reduce_sum' | 'reduce_max' | 'reduce_min' | 'argmax', x: Value, over: readonly string[]): Value
  /** Sum of a * b over `over`, as contract where both have all of `over` and one has dims of its own, else as reduce_sum of mul. */
  sumProduct(a: Value, b: Value, over: readonly string[]): Value
  rename(x: Value, from: string, to: string): Value
  merge(x: Value, dims: readonly string[], into: string): Value
  split(x: Value, dim: string, into: readonly Dim[]): Value
  broadcast(x: Value, dims: readonly Dim[]): Value
  gather(x: Value, dim: string, index: Value, unique?: boolean): Value
  result(name: string, value: Value): void
  update(name: string, value: Value): void
  /** Copies a graph's nodes in, with its inputs (by position in order of `input` nodes' names) replaced; returns its outputs. */
  inline(graph: Graph, inputs: Readonly<Record<string, Value>>): readonly Value[]
  readonly outputs: readonly Output[]
  finish(): Graph
}
