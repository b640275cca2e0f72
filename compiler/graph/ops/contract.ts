// Matrix products by name: the sum of a * b over dims that both have. What both keep is batched.
import { bug } from '../../bug.ts'
import { extend, find, names, shape, showType, without } from '../dims.ts'
import type { Type } from '../graph.ts'
import { has } from '../graph.ts'
import { einsum } from '../tensor.ts'
import type { Build, Op, Value } from './op.ts'

/** Common batch dims in a's order, then a's own dims, then b's. Products of f16 are summed, and given, in f32. */
function product([a, b]: readonly Type[], { over }: { readonly over: readonly string[] }): Type {
  if (a!.dtype !== b!.dtype) bug(`cannot contract ${showType(a!)} with ${showType(b!)}`)
  for (const name of over) extend([find(a!.dims, name)], [find(b!.dims, name)])
  const left = without(a!.dims, over)
  const right = without(b!.dims, over)
  const batch = left.filter((d) => right.some((e) => e.name === d.name))
  return { dtype: a!.dtype === 'f16' ? 'f32' : a!.dtype, dims: extend(extend(batch, left), right) }
}

/** The gradient of `x` from dy and the other operand, in that order which gives the dims of x as they stand. */
function against(b: Build, dy: Value, other: Value, x: Value): Value {
  const over = names(without(other.type.dims, names(x.type.dims)))
  const outer = x.type.dims.find((d) => !has(dy.type, d.name) || !has(other.type, d.name))
  return outer && has(other.type, outer.name) ? b.sumProduct(other, dy, over) : b.sumProduct(dy, other, over)
}

export const contract: { contract: Op<'contract'> } = {
  contract: {
    name: 'contract',
    doc: 'Sum of a * b over dims that both have: a matrix product, batched over the other common dims.',
    type: product,
    grad: (b, _node, [x, w], _y, dy) => [against(b, dy, w!, x!), against(b, dy, x!, w!)],
    evaluate: (inputs, _attrs, { dims }) => einsum(inputs, dims),
    examples: [
      { inputs: [shape('f32', { time: 3, width: 4 }), shape('f32', { width: 4, hidden: 5 })], attrs: { over: ['width'] } },
      {
        inputs: [shape('f32', { batch: 2, time: 3, heads: 2, head: 4 }), shape('f32', { batch: 2, "time'": 3, heads: 2, head: 4 })],
        attrs: { over: ['head'] },
      },
      {
        inputs: [shape('f32', { time: 3, heads: 2, head: 2 }), shape('f32', { heads: 2, head: 2, width: 5 })],
        attrs: { over: ['heads', 'head'] },
      },
      { inputs: [shape('f32', { width: 4 }), shape('f32', { width: 4, time: 2 })], attrs: { over: ['width'] } },
    ],
  },
}
