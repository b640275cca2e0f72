// Recognises attention however it is written and puts the one op in its place:
//   sum over key of softmax over key of (q · k over head, scaled, maybe causal) times v   →   attention q k v
// v may have a name of its own for what q and k call head, and the softmax divide before the sum or behind it.
// Query and key are two dims of one size of which one is the other primed; names mean nothing else.
// Needs sums of products as `contract` (simplify) and softmax in primitives or as a call. Guarantees: equal values, and no scores where
// attention was found. Must come before gradients are taken: the op has its own.
import type { Builder, Value } from '../graph/builder.ts'
import { find, without } from '../graph/dims.ts'
import type { AttentionAttributes, Graph, Node, Type } from '../graph/graph.ts'
import { dimOf, has } from '../graph/graph.ts'
import { constantOf } from '../graph/fold.ts'
import { rebuild } from './rebuild.ts'
import { exponent, normalised } from './softmax.ts'

export function attend(graph: Graph): Graph {
  return rebuild(graph, (b, node, inputs) => {
    if (node.op === 'contract') return weighted(b, inputs, node.attrs.over) ?? weighted(b, inputs.toReversed(), node.attrs.over)
    return node.op === 'div' ? divided(b, inputs) : undefined
  })
}

/** Sum over key of softmax(score) v. */
function weighted(b: Builder, [p, v]: readonly Value[], over: readonly string[]): Value | undefined {
  const weights = normalised((id) => b.node(b.value(id)), p!.id)
  if (weights?.kind !== 'softmax' || weights.over.join() !== over.join()) return undefined
  return attentionOf(b, b.value(weights.x), v!, over)
}

/** Sum over key of e v, divided by that of e, an exponential: softmax's division comes last, where there is less to divide. */
function divided(b: Builder, [above, below]: readonly Value[]): Value | undefined {
  const [product, sum] = [b.node(above!), b.node(below!)]
  if (product.op !== 'contract' || sum.op !== 'reduce_sum' || product.attrs.over.join() !== sum.attrs.over.join()) return undefined
  const x = exponent((id) => b.node(b.value(id)), sum.inputs[0]!, sum.attrs.over)
  const other = product.inputs.findIndex((id) => id !== sum.inputs[0])
  if (x === undefined || product.inputs[1 - other] !== sum.inputs[0]) return undefined
  return attentionOf(b, b.value(x), b.value(product.inputs[other]!), sum.attrs.over)
}

/** The attention that weighs v by the softmax of a score over one dim, if the score is one of attention. */
function attentionOf(b: Builder, score: Value, v: Value, over: readonly string[]): Value | undefined {
  const [key, ...more] = over
  const found = key === undefined || more.length > 0 ? undefined : scoreOf(b, score, key)
  if (!found) return undefined
  const { q, k, attrs } = found
  const value = valueDim(v.type, k.type, attrs.head)
  if (value === undefined || (value !== attrs.head && has(q.type, value))) return undefined
  const operands = [q, k, b.rename(v, value, attrs.head)].map((x) => headLast(b, x, attrs.head))
  return b.rename(b.add('attention', operands, attrs), attrs.head, value)
}

/** What v calls the dim that k calls head: their others are the same. Undefined where there is none. */
function valueDim(v: Type, k: Type, head: string): string | undefined {
  const own = v.dims.filter((d) => d.name === head || !has(k, d.name))
  const alike = v.dims.length === k.dims.length && own.length === 1 && own[0]!.size === dimOf(k, head)!.size
  return alike ? own[0]!.name : undefined
}

/** Kernels read heads that lie together: with others they would be many times slower than to put them so. */
function headLast(b: Builder, x: Value, head: string): Value {
  return b.broadcast(x, [...without(x.type.dims, [head]), find(x.type.dims, head)])
}

interface Score {
  readonly q: Value
  readonly k: Value
  readonly attrs: AttentionAttributes
}

/** Peels scales and the causal test off a score, in any order, down to q · k. */
function scoreOf(b: Builder, score: Value, key: string): Score | undefined {
  let scale = 1
  let mask: Mask | undefined
  let x = score
  for (;;) {
    const node = b.node(x)
    const inputs = node.inputs.map((id) => b.value(id))
    const factor = scaleOf(b, node, inputs)
    if (factor) {
      scale *= factor.by
      x = factor.x
    } else if (node.op === 'select' && !mask) {
      mask = maskOf(b, inputs)
      if (!mask) return undefined
      x = mask.x
    } else if (node.op === 'contract') {
      return products(inputs, node.attrs.over, key, scale, mask)
    } else return undefined
  }
}

/** x times or divided by a positive number: a mask below it stays one. */
function scaleOf(b: Builder, { op }: Node, inputs: readonly Value[]): { readonly x: Value; readonly by: number } | undefined {
  if (op !== 'mul' && op !== 'div') return undefined
  const [left, right] = inputs.map((x) => constantOf(b, x))
  if (right !== undefined && right > 0) return { x: inputs[0]!, by: op === 'mul' ? right : 1 / right }
  return op === 'mul' && left !== undefined && left > 0 ? { x: inputs[1]!, by: left } : undefined
}

/** What a causal test lets through, and the dims whose positions it compares. */
interface Mask {
  readonly x: Value
  readonly later: string
  readonly earlier: string
}

/** select(pos[later] > pos[earlier], -inf, x), in any of the ways to say so. */
function maskOf(b: Builder, [test, then, otherwise]: readonly Value[]): Mask | undefined {
  const hides = constantOf(b, then!) === -Infinity
  if (!hides && constantOf(b, otherwise!) !== -Infinity) return undefined
  const { op, inputs } = b.node(test!)
  const [left, right] = inputs.map((id) => b.node(b.value(id)))
  if (left?.op !== 'position' || right?.op !== 'position') return undefined
  const [first, second] = [left.type.dims[0]!.name, right.type.dims[0]!.name]
  const x = hides ? otherwise! : then!
  if (op === (hides ? 'gt' : 'le')) return { x, later: first, earlier: second }
  return op === (hides ? 'lt' : 'ge') ? { x, later: second, earlier: first } : undefined
}

function products(inputs: readonly Value[], over: readonly string[], key: string, scale: number, mask?: Mask): Score | undefined {
  const [head, ...more] = over
  const k = inputs.find((x) => has(x.type, key))
  const q = inputs.find((x) => x !== k)
  if (!head || more.length > 0 || !k || !q || has(q.type, key)) return undefined
  const query = queryOf(q.type, k.type, key)
  const shared = k.type.dims.every((d) => d.name === key || has(q.type, d.name))
  if (!query || !shared || (mask && (mask.later !== key || mask.earlier !== query))) return undefined
  return { q, k, attrs: { causal: mask !== undefined, scale, query, key, head } }
}

/** The dim of q that walks the same way as the key. */
function queryOf(q: Type, k: Type, key: string): string | undefined {
  const plain = (name: string) => name.replaceAll("'", '')
  const walks = q.dims.filter((d) => !has(k, d.name) && plain(d.name) === plain(key) && d.size === dimOf(k, key)!.size)
  return walks.length === 1 ? walks[0]!.name : undefined
}
