// Reading and adding at places that an index tensor names. Indices are always in range.
import { bug } from '../../bug.ts'
import { extend, find, names, shape, showType, without } from '../dims.ts'
import type { Dim, Type } from '../graph.ts'
import { stride, walk, zeros } from '../tensor.ts'
import type { OnnxEmitter, Op } from './op.ts'
import { castTo } from './rules.ts'

type Name = 'gather' | 'scatter'

/** Dims of the index that are not in x: they stand where `dim` stood. */
function fresh(x: Type, index: Type, dim: string) {
  if (index.dtype !== 'i32' && index.dtype !== 'u32') bug(`an index of ${showType(index)}`)
  if (names(index.dims).includes(dim)) bug(`an index into ${dim} that has ${dim} itself`)
  extend(x.dims, index.dims)
  return without(index.dims, names(x.dims))
}

/** Dims as one, of size 1 for none: ONNX counts its axes. */
const flat = (dims: readonly Dim[]): Dim => ({ name: 'flat', size: dims.reduce((n, d) => n * d.size, 1), live: dims.some((d) => d.live) })

const signed = (e: OnnxEmitter, index: string) => (e.typeOf(index).dtype === 'u32' ? castTo(e, index, 'i64') : index)

export const indexing: { [K in Name]: Op<K> } = {
  gather: {
    name: 'gather',
    doc: 'The elements of x at an index along a dim. Dims that both have go together; the other dims of the index replace `dim`.',
    type: ([x, index], { dim }) => {
      const at = x!.dims.indexOf(find(x!.dims, dim))
      return { dtype: x!.dtype, dims: [...x!.dims.slice(0, at), ...fresh(x!, index!, dim), ...x!.dims.slice(at + 1)] }
    },
    grad: (b, { attrs }, [x, index], _y, dy) => {
      const dim = find(x!.type.dims, attrs.dim)
      const over = names(fresh(x!.type, index!.type, attrs.dim))
      if (over.length > 0) return [b.add('scatter', [dy, index!], { dim, over, unique: attrs.unique })]
      // Each row holds one element: comparing positions is cheaper than adding at an index, and fuses.
      return [b.select(b.binary('eq', index!, b.cast(b.position(dim), index!.type.dtype)), dy, 0)]
    },
    evaluate: ([x, index], { dim }, { dims }) => {
      const y = zeros(dims)
      const step = stride(x!.dims, dim)
      let n = 0
      walk(dims, [without(x!.dims, [dim]), index!.dims, x!.dims], ([, where, at]) => {
        y.data[n++] = x!.data[at! + step * index!.data[where!]!]!
      })
      return y
    },
    onnx: (e, node, [x, index]) => {
      const from = e.typeOf(x!).dims
      const into = e.typeOf(index!).dims
      const dim = find(from, node.attrs.dim)
      const shared = from.filter((d) => names(into).includes(d.name))
      const added = without(into, names(shared))
      const rest = without(from, names([...shared, dim]))
      const result = (name: string, dims: readonly Dim[]) => e.align(name, { dtype: node.type.dtype, dims }, node.type.dims)
      if (shared.length === 0) {
        const axis = from.indexOf(dim)
        return result(e.emit('Gather', [x!, signed(e, index!)], { axis }), [...from.slice(0, axis), ...into, ...from.slice(axis + 1)])
      }
      const at = e.align(signed(e, index!), e.typeOf(index!), [...shared, ...added])
      const source = e.align(x!, e.typeOf(x!), [...shared, dim, ...rest])
      const found = [...shared, ...added, ...rest]
      if (rest.length === 0) {
        const picked = e.emit('GatherElements', [source, e.reshape(at, [...shared, flat(added)])], { axis: shared.length })
        return result(e.reshape(picked, found), found)
      }
      const where = e.reshape(castTo(e, at, 'i64'), [...shared, ...added, flat([])])
      return result(e.emit('GatherND', [source, where], { batch_dims: shared.length }), found)
    },
    examples: [
      {
        inputs: [shape('f32', { symbols: 5, width: 2 }), shape('i32', { batch: 2, time: 3 })],
        attrs: { dim: 'symbols', unique: false },
        range: [0, 4],
      },
      { inputs: [shape('f32', { time: 3, vocab: 5 }), shape('i32', { time: 3 })], attrs: { dim: 'vocab', unique: false }, range: [0, 4] },
      {
        inputs: [shape('f32', { batch: 2, time: 4, width: 2 }), shape('i32', { batch: 2, slot: 3 })],
        attrs: { dim: 'time', unique: false },
        range: [0, 3],
      },
      { inputs: [shape('f32', { symbols: 5, width: 2 }), shape('i32')], attrs: { dim: 'symbols', unique: true }, range: [0, 4] },
    ],
  },
  scatter: {
    name: 'scatter',
    doc: 'Zeros, and the updates added at an index along a new dim, which stands where the first of `over` stood.',
    type: ([updates, index], { dim, over }) => {
      for (const d of index!.dims) extend([find(updates!.dims, d.name)], [d])
      for (const name of over) find(index!.dims, name)
      const at = updates!.dims.findIndex((d) => over.includes(d.name))
      if (at < 0) bug(`a scatter of ${showType(updates!)} over nothing`)
      const kept = (dims: Type['dims']) => without(dims, over)
      return { dtype: updates!.dtype, dims: [...kept(updates!.dims.slice(0, at)), dim, ...kept(updates!.dims.slice(at))] }
    },
    grad: (b, { attrs }, [, index], _y, dy) => [b.gather(dy, attrs.dim.name, index!, attrs.unique)],
    evaluate: ([updates, index], { dim }, { dims }) => {
      const y = zeros(dims)
      const step = stride(dims, dim.name)
      walk(updates!.dims, [dims, index!.dims, updates!.dims], ([to, where, from]) => {
        y.data[to! + step * index!.data[where!]!]! += updates!.data[from!]!
      })
      return y
    },
    // Never ScatterND where indices repeat: ONNX Runtime adds from several threads at once there, and loses some.
    onnx: (e, node, [updates, index]) => {
      const { dim, over, unique } = node.attrs
      const into = e.typeOf(index!).dims
      const kept = without(into, over)
      const gone = into.filter((d) => over.includes(d.name))
      const rest = without(e.typeOf(updates!).dims, names(into))
      const found = [...kept, dim, ...rest]
      const zeros = e.emit('Expand', [e.constant(0, node.type.dtype === 'f16' ? 'f32' : node.type.dtype), e.shape(found)])
      const source = e.reshape(e.align(updates!, e.typeOf(updates!), [...kept, ...gone, ...rest]), [...kept, flat(gone), ...rest])
      const at = e.align(signed(e, index!), e.typeOf(index!), [...kept, ...gone])
      const result = (name: string) => e.align(name, { dtype: node.type.dtype, dims: found }, node.type.dims)
      if (unique && kept.length === 0) {
        return result(e.emit('ScatterND', [zeros, e.reshape(castTo(e, at, 'i64'), [flat(gone), flat([])]), source]))
      }
      const ones = rest.map(() => flat([]))
      const column = e.reshape(at, [...kept, flat(gone), ...ones])
      const indices = rest.length === 0 ? column : e.emit('Expand', [column, e.emit('Shape', [source])])
      return result(e.emit('ScatterElements', [zeros, indices, source], { axis: kept.length, ...(unique ? {} : { reduction: 'add' }) }))
    },
    examples: [
      {
        inputs: [shape('f32', { batch: 2, time: 3, width: 2 }), shape('i32', { batch: 2, time: 3 })],
        attrs: { dim: { name: 'symbols', size: 5 }, over: ['batch', 'time'], unique: false },
        range: [0, 4],
      },
      {
        inputs: [shape('f32', { batch: 2, slot: 3, width: 2 }), shape('i32', { batch: 2, slot: 3 })],
        attrs: { dim: { name: 'time', size: 5 }, over: ['slot'], unique: false },
        range: [0, 4],
      },
    ],
  },
}
