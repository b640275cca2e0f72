// Recognises attention however it is written and puts the one op in its place:
//   sum over key of softmax over key of (q · k over head, scaled, maybe causal) times v   →   attention q k v
// Query and key are two dims of one size of which one is the other primed; names mean nothing else.
// Needs sums of products as `contract` (simplify) and softmax in primitives or as a call. Guarantees: equal values, and no scores where
// attention was found. Must come before gradients are taken: the op has its own.
import type { Builder, Value } from '../graph/builder.ts'
import { find, names, without } from '../graph/dims.ts'
import type { AttentionAttributes, Graph, Node, Type } from '../graph/graph.ts'
import { dimOf, has } from '../graph/graph.ts'
import { constantOf } from '../graph/fold.ts'
import { rebuild } from './rebuild.ts'
import { normalised } from './softmax.ts'

export function attend(graph: Graph): Graph {
  return rebuild(graph, (b, node, inputs) => {
    if (node.op !== 'contract') return undefined
    const [p, v] = inputs as [Value, Value]
    return attentionOf(b, p, v, node.attrs.over) ?? attentionOf(b, v, p, node.attrs.over)
  })
}

function attentionOf(b: Builder, p: Value, v: Value, over: readonly string[]): Value | undefined {
  const [key, ...more] = over
  const weights = normalised((id) => b.node(b.value(id)), p.id)
  if (!key || more.length > 0 || weights?.kind !== 'softmax' || weights.over.join() !== key) return undefined
  const score = scoreOf(b, b.value(weights.x), key)
  if (!score) return undefined
  const { q, k, attrs } = score
  const fits = names(v.type.dims).sort().join() === names(k.type.dims).sort().join()
  return fits
    ? b.add(
        'attention',
        [q, k, v].map((x) => headLast(b, x, attrs.head)),
        attrs,
      )
    : undefined
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
