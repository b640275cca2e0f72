// The same numbers under other dims: renaming, merging, splitting, permuting, repeating, rotating.
// All but rotate are questions of layout, which the ONNX planner answers for the whole graph: their records have no ONNX form.
import { bug } from '../../bug.ts'
import { find, names, sameDims, shape, showDims, without } from '../dims.ts'
import type { Dim, Type } from '../graph.ts'
import { stride, walk, zeros } from '../tensor.ts'
import type { Op, Tensor } from './op.ts'

type Name = 'rename' | 'merge' | 'split' | 'broadcast' | 'rotate'

const replace = (x: Type, from: number, count: number, by: readonly Dim[]): Type => {
  const dims = [...x.dims.slice(0, from), ...by, ...x.dims.slice(from + count)]
  if (new Set(names(dims)).size !== dims.length) bug(`a dimension would stand twice in ${showDims(dims)}`)
  return { dtype: x.dtype, dims }
}

const place = (x: Type, name: string): number => {
  const at = x.dims.findIndex((d) => d.name === name)
  return at < 0 ? bug(`no dimension ${name} in ${showDims(x.dims)}`) : at
}

const size = (dims: readonly Dim[]) => dims.reduce((n, d) => n * d.size, 1)

/** A dim of a size, live where one of `from` is. */
const dimLike = (name: string, from: readonly Dim[]): Dim =>
  from.some((d) => d.live) ? { name, size: size(from), live: true } : { name, size: size(from) }

const reread = ([x]: readonly Tensor[], _attrs: unknown, { dims }: Type): Tensor => ({ dims, data: x!.data })

export const movement: { [K in Name]: Op<K> } = {
  rename: {
    name: 'rename',
    doc: 'The same tensor with a dim called otherwise.',
    type: ([x], { from, to }) => replace(x!, place(x!, from), 1, [{ ...find(x!.dims, from), name: to }]),
    grad: (b, { attrs }, _inputs, _y, dy) => [b.rename(dy, attrs.to, attrs.from)],
    evaluate: reread,
    examples: [{ inputs: [shape('f32', { time: 3, width: 4 })], attrs: { from: 'time', to: "time'" } }],
  },
  merge: {
    name: 'merge',
    doc: 'Neighbouring dims become one, the last of them running fastest.',
    type: ([x], { dims, into }) => {
      const at = place(x!, dims[0] ?? bug('a merge of nothing'))
      const merged = x!.dims.slice(at, at + dims.length)
      if (names(merged).join() !== dims.join()) bug(`[${dims.join(', ')}] are not neighbours in ${showDims(x!.dims)}`)
      return replace(x!, at, dims.length, [dimLike(into, merged)])
    },
    grad: (b, { attrs }, [x], _y, dy) => [
      b.split(
        dy,
        attrs.into,
        attrs.dims.map((name) => find(x!.type.dims, name)),
      ),
    ],
    evaluate: reread,
    examples: [{ inputs: [shape('f32', { batch: 2, time: 3, width: 4 })], attrs: { dims: ['batch', 'time'], into: 'token' } }],
  },
  split: {
    name: 'split',
    doc: 'One dim becomes several, the last of them running fastest.',
    type: ([x], { dim, into }) => {
      const whole = find(x!.dims, dim)
      if (size(into) !== whole.size) bug(`${dim} of ${whole.size} cannot be split into ${showDims(into)}`)
      return replace(x!, place(x!, dim), 1, into)
    },
    grad: (b, { attrs }, _inputs, _y, dy) => [b.merge(dy, names(attrs.into), attrs.dim)],
    evaluate: reread,
    examples: [
      {
        inputs: [shape('f32', { time: 3, width: 4 })],
        attrs: { dim: 'width', into: [{ name: 'heads', size: 2 }, { name: 'head', size: 2 }] }, // prettier-ignore
      },
    ],
  },
  broadcast: {
    name: 'broadcast',
    doc: 'Exactly these dims in this order: missing ones are added by repetition, the others permuted.',
    type: ([x], { dims }) => {
      for (const d of x!.dims) if (!sameDims([find(dims, d.name)], [d])) bug(`${showDims([d])} cannot become part of ${showDims(dims)}`)
      return { dtype: x!.dtype, dims }
    },
    grad: (b, { attrs }, [x], _y, dy) => {
      const added = names(without(attrs.dims, names(x!.type.dims)))
      return [added.length === 0 ? dy : b.reduce('reduce_sum', dy, added)]
    },
    evaluate: ([x], _attrs, { dims }) => {
      const y = zeros(dims)
      let n = 0
      walk(dims, [x!.dims], ([at]) => (y.data[n++] = x!.data[at!]!))
      return y
    },
    examples: [
      { inputs: [shape('f32', { time: 3, width: 4 })], attrs: { dims: shape('f32', { width: 4, batch: 2, time: 3 }).dims } },
      { inputs: [shape('f32')], attrs: { dims: shape('f32', { width: 4 }).dims } },
    ],
  },
  rotate: {
    name: 'rotate',
    doc: 'y[i] = x[(i + by) mod size] along a dim.',
    type: ([x], { dim }) => (find(x!.dims, dim), x!),
    grad: (b, { attrs }, _inputs, _y, dy) => [b.add('rotate', [dy], { dim: attrs.dim, by: -attrs.by })],
    evaluate: ([x], { dim, by }) => {
      const y = zeros(x!.dims)
      const length = find(x!.dims, dim).size
      const step = stride(x!.dims, dim)
      for (let i = 0; i < y.data.length; i++) {
        const at = Math.floor(i / step) % length
        const from = (((at + by) % length) + length) % length
        y.data[i] = x!.data[i + (from - at) * step]!
      }
      return y
    },
    onnx: (e, { attrs: { dim, by } }, [x]) => {
      const { dims } = e.typeOf(x!)
      const axis = dims.indexOf(find(dims, dim))
      const length = dims[axis]!.size
      const from = ((by % length) + length) % length
      const slice = (start: number, end: number) => e.emit('Slice', [x!, ...[start, end, axis].map((n) => e.constant([n], 'i64'))])
      return e.emit('Concat', [slice(from, length), slice(0, from)], { axis })
    },
    examples: [
      { inputs: [shape('f32', { time: 3, head: 4 })], attrs: { dim: 'head', by: 2 } },
      { inputs: [shape('f32', { time: 3, head: 4 })], attrs: { dim: 'time', by: -1 } },
    ],
  },
}
