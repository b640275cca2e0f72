// The tensor graph: plain data in topological order, node i at index i. A tensor has named dimensions;
// their order is the memory order (row-major) and means nothing else: operands meet by name.
// Inside a fused kernel the same nodes, without dimensions, are its scalar body.

/** f16 is for storage and for operands of products, whose results are f32: passes/half.ts brings it in. */
export type Dtype = 'f32' | 'f16' | 'i32' | 'u32' | 'bool'

/**
 * One named dimension. Names are unique within a tensor; `time'` is a second walk along `time`.
 * A `live` dimension has `size` as its upper bound, and its extent is given anew at every run.
 */
export interface Dim {
  readonly name: string
  readonly size: number
  readonly live?: boolean
}

export interface Type {
  readonly dtype: Dtype
  readonly dims: readonly Dim[]
}

export type NodeId = number

/** Attributes by op; ops that are not listed have none. */
export interface Attributes {
  /** A scalar known at compile time. */
  constant: { readonly value: number }
  /** A tensor known at compile time, such as the rotary table. Row-major over the node's dims. */
  table: { readonly data: Float32Array | Int32Array }
  /** Given at run time: `data` anew at each run, `state` kept on the device between runs and programs. */
  input: { readonly name: string; readonly role: 'data' | 'state' }
  /** Multi-dimensional reductions; the dims in `over` disappear. argmax: exactly one, ties go to the lowest index, result i32. */
  reduce_sum: { readonly over: readonly string[] }
  reduce_max: { readonly over: readonly string[] }
  reduce_min: { readonly over: readonly string[] }
  argmax: { readonly over: readonly string[] }
  /** Sum of a * b over dims that both have. Other common dims are batch dims. f16 operands give f32. */
  contract: { readonly over: readonly string[] }
  rename: { readonly from: string; readonly to: string }
  /** Neighbouring dims, in order, become one (row-major): no data moves. */
  merge: { readonly dims: readonly string[]; readonly into: string }
  split: { readonly dim: string; readonly into: readonly Dim[] }
  /** Gives exactly these dims in this order: adds missing ones, permutes the others. */
  broadcast: { readonly dims: readonly Dim[] }
  /** y[i] = x[(i + by) mod size] along dim. */
  rotate: { readonly dim: string; readonly by: number }
  /** (x, index) → x with `dim` replaced by those dims of index that x has not. `unique`: no index occurs twice. Always in range. */
  gather: { readonly dim: string; readonly unique: boolean }
  /** (updates, index) → sum of updates into a new dim at index; `over`: the dims of index that disappear. */
  scatter: { readonly dim: Dim; readonly over: readonly string[]; readonly unique: boolean }
  /**
   * softmax over `key` of scale * (q · k over `head`), times v. q: [.., query, .., head], k and v: [.., key, .., head]; dims that only
   * q has (grouped queries) share keys. causal: key positions after the query position are not seen. Result: type of q; sums are f32 whatever the dtype.
   */
  attention: AttentionAttributes
  /** (q, k) → log sum exp of the scaled scores, natural log: dims of q without head. */
  attention_lse: AttentionAttributes
  /** (q, k, v, lse, delta, dy) with delta = sum over head of dy * attention(q, k, v). */
  attention_dq: AttentionAttributes
  attention_dk: AttentionAttributes
  attention_dv: AttentionAttributes
  /** By the scaled scores, dims of k without head, then those that only q has, the query last. */
  attention_ds: AttentionAttributes
  /** Scalar WGSL function written by the user; `params` name its arguments. */
  native: { readonly name: string; readonly code: string; readonly params: readonly string[] }
  /** A composite: an op of the language with its body. `grads[i]` takes the inputs and then dy. */
  call: {
    readonly name: string
    readonly body: Graph
    readonly grads?: readonly (Graph | undefined)[]
    /** Numeric and dimension arguments, for claims: { base: 10000, turn: 1, d: "time'" }. */
    readonly args: Readonly<Record<string, number | string>>
  }
}

export interface AttentionAttributes {
  readonly causal: boolean
  readonly scale: number
  readonly query: string
  readonly key: string
  readonly head: string
}

/** Elementwise, over the union of the operands' dims. Comparisons and logic give bool. */
export type UnaryOp =
  | 'neg' | 'exp' | 'log' | 'sqrt' | 'sin' | 'cos' | 'tanh' | 'abs' | 'floor' | 'ceil' | 'round' | 'bf16' | 'not' | 'finite' // prettier-ignore
export type BinaryOp =
  | 'add' | 'sub' | 'mul' | 'div' | 'pow' | 'mod' | 'min' | 'max' // prettier-ignore
  | 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge' | 'and' | 'or' // prettier-ignore
/**
 * `cast`: to the node's dtype (float → integer truncates, bool → 0 or 1). `bf16`: rounds to the nearest bfloat16 value, ties to even.
 * `finite`: neither infinite nor NaN, told by the bits. `round`: ties to even. `mod`: result has the sign of the divisor (floored). `select`: (condition, then, else).
 * `uniform`: (seed, stream, step, sample, position, index), integers → f32 in (0, 1) by Philox4x32-10: graph/philox.ts.
 * `position`: i32 of one dim, 0 … size-1.
 */
export type ElementwiseOp = UnaryOp | BinaryOp | 'cast' | 'select' | 'uniform'
export type OpName = keyof Attributes | ElementwiseOp | 'position'

export type AttributesOf<K extends OpName> = K extends keyof Attributes ? Attributes[K] : undefined

/** `attrs` is undefined for ops without an entry in Attributes. */
export type Node = {
  readonly [K in OpName]: {
    readonly op: K
    readonly inputs: readonly NodeId[]
    readonly attrs: AttributesOf<K>
    readonly type: Type
  }
}[OpName]

/** `update`: the new value of the state of this name, written after every read of the old one. */
export interface Output {
  readonly kind: 'result' | 'update'
  readonly name: string
  readonly node: NodeId
}

export interface Graph {
  readonly nodes: readonly Node[]
  readonly outputs: readonly Output[]
}

/** Number of elements; live dims count with their bound. */
export function elements(type: Type): number {
  return type.dims.reduce((n, d) => n * d.size, 1)
}

export function dimOf(type: Type, name: string): Dim | undefined {
  return type.dims.find((d) => d.name === name)
}

export function has(type: Type, name: string): boolean {
  return dimOf(type, name) !== undefined
}

/** Nodes that only change where a value is read. */
export type View = Extract<Node, { readonly op: 'rename' | 'merge' | 'split' | 'broadcast' | 'rotate' }>

export function isView(node: Node): node is View {
  return node.op === 'rename' || node.op === 'merge' || node.op === 'split' || node.op === 'broadcast' || node.op === 'rotate'
}
