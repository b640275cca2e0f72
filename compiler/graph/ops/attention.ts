// Attention as one op with its gradient, for kernels that never hold the scores. Its formulas in primitives stand here once:
// passes/expand.ts opens the ops with them where no kernel claims them, and tests hold evaluate against them.
import { bug } from '../../bug.ts'
import { extend, find, names, shape, showType, without } from '../dims.ts'
import type { AttentionAttributes, Dim, Type } from '../graph.ts'
import { einsum, map, stride, walk, zeros } from '../tensor.ts'
import type { Build, Op, Tensor, Value } from './op.ts'

export type AttentionOp = 'attention' | 'attention_lse' | 'attention_dq' | 'attention_dk' | 'attention_dv' | 'attention_ds'

// Formulas.

function scores(b: Build, { causal, scale, query, key, head }: AttentionAttributes, q: Value, k: Value): Value {
  const score = b.binary('mul', b.sumProduct(q, k, [head]), scale)
  if (!causal) return score
  const later = b.binary('gt', b.position(find(k.type.dims, key)), b.position(find(q.type.dims, query)))
  return b.select(later, -Infinity, score)
}

function weights(b: Build, attrs: AttentionAttributes, q: Value, k: Value, lse: Value): Value {
  return b.unary('exp', b.binary('sub', scores(b, attrs, q, k), lse))
}

/** Dims that queries have and keys lack: the walk along the query, and the groups that share a key. */
function ofQueries(q: Value, k: Value): string[] {
  return names(without(q.type.dims, names(k.type.dims)))
}

function scoreGradient(b: Build, attrs: AttentionAttributes, inputs: readonly Value[]): Value {
  const [q, k, v, lse, delta, dy] = inputs as [Value, Value, Value, Value, Value, Value]
  const change = b.binary('sub', b.sumProduct(dy, v, [attrs.head]), delta)
  return b.binary('mul', weights(b, attrs, q, k, lse), change)
}

/** By the products of queries and keys, before they are scaled. */
function productGradient(b: Build, attrs: AttentionAttributes, inputs: readonly Value[]): Value {
  return b.binary('mul', scoreGradient(b, attrs, inputs), attrs.scale)
}

/** Each op of the family in primitives, given its inputs. */
export const attentionBody: Readonly<Record<AttentionOp, (b: Build, attrs: AttentionAttributes, inputs: readonly Value[]) => Value>> = {
  attention: (b, attrs, [q, k, v]) => {
    const score = scores(b, attrs, q!, k!)
    const e = b.unary('exp', b.binary('sub', score, b.reduce('reduce_max', score, [attrs.key])))
    return b.sumProduct(b.binary('div', e, b.reduce('reduce_sum', e, [attrs.key])), v!, [attrs.key])
  },
  attention_lse: (b, attrs, [q, k]) => {
    const score = scores(b, attrs, q!, k!)
    const top = b.reduce('reduce_max', score, [attrs.key])
    const e = b.unary('exp', b.binary('sub', score, top))
    return b.binary('add', top, b.unary('log', b.reduce('reduce_sum', e, [attrs.key])))
  },
  attention_dq: (b, attrs, inputs) => b.sumProduct(productGradient(b, attrs, inputs), inputs[1]!, [attrs.key]),
  attention_dk: (b, attrs, inputs) => b.sumProduct(productGradient(b, attrs, inputs), inputs[0]!, ofQueries(inputs[0]!, inputs[1]!)),
  attention_dv: (b, attrs, inputs) => {
    const [q, k, , lse, , dy] = inputs as [Value, Value, Value, Value, Value, Value]
    return b.sumProduct(weights(b, attrs, q, k, lse), dy, ofQueries(q, k))
  },
  attention_ds: (b, attrs, inputs) => b.broadcast(scoreGradient(b, attrs, inputs), scoreDims(attrs, inputs[0]!.type, inputs[1]!.type)),
}

// Types.

function check({ query, key, head }: AttentionAttributes, [q, k, v]: readonly Type[]): void {
  find(q!.dims, query)
  find(q!.dims, head)
  find(k!.dims, key)
  const fits =
    find(k!.dims, head).size === find(q!.dims, head).size && without(k!.dims, [key]).every((d) => q!.dims.some((e) => e.name === d.name))
  if (!fits || (v && names(v.dims).sort().join() !== names(k!.dims).sort().join()))
    bug(`no attention between ${[q!, k!, ...(v ? [v] : [])].map(showType).join(', ')}`)
}

/** Those of k without head, in its order, the key behind what q has too; then those that only q has, and the query. */
export function scoreDims({ query, key, head }: AttentionAttributes, q: Type, k: Type): readonly Dim[] {
  const inner = [query, key, head]
  const [shared, own] = [without(k.dims, inner), without(q.dims, [...inner, ...names(k.dims)])]
  return [...shared, find(k.dims, key), ...own, find(q.dims, query)]
}

const like =
  (which: 0 | 1 | 2) =>
  (inputs: readonly Type[], attrs: AttentionAttributes): Type => {
    check(attrs, inputs)
    return inputs[which]!
  }

// Meaning, written independently of the formulas above.

function scoreTensor({ causal, scale, query, key, head }: AttentionAttributes, q: Tensor, k: Tensor): Tensor {
  const dims = extend(without(q.dims, [head]), without(k.dims, [head]))
  const score = einsum([q, k], dims)
  walk(dims, [dims, dims.filter((d) => d.name === query), dims.filter((d) => d.name === key)], ([at, from, to]) => {
    score.data[at!] = causal && to! > from! ? -Infinity : score.data[at!]! * scale
  })
  return score
}

/** Rows along `key` → log of the sum of their exponentials. */
function logSumExp(score: Tensor, key: string): Tensor {
  const { size } = find(score.dims, key)
  const step = stride(score.dims, key)
  const y = zeros(without(score.dims, [key]))
  walk(y.dims, [y.dims, score.dims], ([to, from]) => {
    const row = Array.from({ length: size }, (_, i) => score.data[from! + i * step]!)
    const top = Math.max(...row)
    y.data[to!] = top + Math.log(row.reduce((sum, x) => sum + Math.exp(x - top), 0))
  })
  return y
}

const softmax = (score: Tensor, lse: Tensor): Tensor => map((s, l) => Math.exp(s - l), [score, lse], score.dims)

function scoreChange(attrs: AttentionAttributes, [q, k, v, lse, delta, dy]: readonly Tensor[], scale = attrs.scale): Tensor {
  const p = softmax(scoreTensor(attrs, q!, k!), lse!)
  const dp = einsum([dy!, v!], p.dims)
  return map((x, change, mean) => scale * x * (change - mean), [p, dp, delta!], p.dims)
}

const q = shape('f32', { batch: 2, time: 3, heads: 2, head: 2 })
const k = shape('f32', { batch: 2, "time'": 3, heads: 2, head: 2 })
const shared = shape('f32', { batch: 2, "time'": 3, head: 2 })
const row = shape('f32', { batch: 2, time: 3, heads: 2 })
const attrs = { causal: false, scale: 0.7, query: 'time', key: "time'", head: 'head' }
const examples = (more: readonly Type[], value = true) =>
  [
    { key: k, attrs },
    { key: k, attrs: { ...attrs, causal: true } },
    { key: shared, attrs: { ...attrs, causal: true } },
  ].map((e) => ({ inputs: [q, e.key, ...(value ? [e.key] : []), ...more], attrs: e.attrs }))

export const attention: { [K in AttentionOp]: Op<K> } = {
  attention: {
    name: 'attention',
    doc: 'Values mixed by the softmax over keys of scaled query-key products.',
    type: like(0),
    grad: (b, { attrs }, [q, k, v], y, dy) => {
      const like = b.broadcast(dy, q!.type.dims)
      const lse = b.add('attention_lse', [q!, k!], attrs)
      const delta = b.reduce('reduce_sum', b.binary('mul', like, y), [attrs.head])
      const inputs = [q!, k!, v!, lse, delta, like]
      return [b.add('attention_dq', inputs, attrs), b.add('attention_dk', inputs, attrs), b.add('attention_dv', inputs, attrs)]
    },
    evaluate: ([q, k, v], attrs) => {
      const score = scoreTensor(attrs, q!, k!)
      return einsum([softmax(score, logSumExp(score, attrs.key)), v!], q!.dims)
    },
    examples: examples([]),
  },
  attention_lse: {
    name: 'attention_lse',
    doc: 'Log of the sum of exponentials of the scaled query-key products of each query.',
    type: (inputs, attrs) => {
      check(attrs, inputs)
      return { dtype: 'f32', dims: without(inputs[0]!.dims, [attrs.head]) }
    },
    evaluate: ([q, k], attrs, { dims }) => einsum([logSumExp(scoreTensor(attrs, q!, k!), attrs.key)], dims),
    examples: examples([], false),
  },
  attention_dq: {
    name: 'attention_dq',
    doc: 'Gradient of attention by its queries.',
    type: like(0),
    evaluate: (inputs, attrs) => einsum([scoreChange(attrs, inputs), inputs[1]!], inputs[0]!.dims),
    examples: examples([row, row, q]),
  },
  attention_dk: {
    name: 'attention_dk',
    doc: 'Gradient of attention by its keys.',
    type: like(1),
    evaluate: (inputs, attrs) => einsum([scoreChange(attrs, inputs), inputs[0]!], inputs[1]!.dims),
    examples: examples([row, row, q]),
  },
  attention_dv: {
    name: 'attention_dv',
    doc: 'Gradient of attention by its values.',
    type: like(2),
    evaluate: ([q, k, v, lse, , dy], attrs) => einsum([softmax(scoreTensor(attrs, q!, k!), lse!), dy!], v!.dims),
    examples: examples([row, row, q]),
  },
  attention_ds: {
    name: 'attention_ds',
    doc: 'Gradient of attention by its scaled scores.',
    type: (inputs, attrs) => {
      check(attrs, inputs)
      return { dtype: inputs[0]!.dtype, dims: scoreDims(attrs, inputs[0]!, inputs[1]!) }
    },
    evaluate: (inputs, attrs, { dims }) => map((x) => x, [scoreChange(attrs, inputs, 1)], dims),
    examples: examples([row, row, q]),
  },
}
