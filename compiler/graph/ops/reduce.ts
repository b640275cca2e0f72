// Reductions: the dims in `over` disappear, the others keep their order.
import { bug } from '../../bug.ts'
import { find, shape, without } from '../dims.ts'
import type { Dim, Type } from '../graph.ts'
import { einsum, stride, walk, zeros } from '../tensor.ts'
import type { Build, NodeOf, OnnxEmitter, Op, Tensor, Value } from './op.ts'
import { castTo } from './rules.ts'

type Name = 'reduce_sum' | 'reduce_max' | 'reduce_min' | 'argmax'
interface Over {
  readonly over: readonly string[]
}

function reduced([x]: readonly Type[], { over }: Over): Type {
  if (over.length === 0 || new Set(over).size !== over.length) bug(`a reduction over [${over.join(', ')}]`)
  for (const name of over) find(x!.dims, name)
  return { dtype: x!.dtype, dims: without(x!.dims, over) }
}

const extreme =
  (start: number, pick: (x: number, y: number) => number) =>
  ([x]: readonly Tensor[], { over }: Over): Tensor => {
    const y = zeros(without(x!.dims, over))
    y.data.fill(start)
    walk(x!.dims, [x!.dims, y.dims], ([from, to]) => {
      y.data[to!] = pick(y.data[to!]!, x!.data[from!]!)
    })
    return y
  }

/** Equal extremes share the gradient. */
function share(b: Build, { over }: Over, x: Value, y: Value, dy: Value): readonly Value[] {
  const hit = b.binary('eq', x, y)
  const hits = b.reduce('reduce_sum', b.cast(hit, 'f32'), over)
  return [b.select(hit, b.binary('div', dy, hits), 0)]
}

function argmax([x]: readonly Tensor[], { over }: Over): Tensor {
  const dim: Dim = find(x!.dims, over[0]!)
  const step = stride(x!.dims, dim.name)
  const y = zeros(without(x!.dims, over))
  walk(y.dims, [x!.dims, y.dims], ([from, to]) => {
    let best = 0
    for (let i = 1; i < dim.size; i++) if (x!.data[from! + i * step]! > x!.data[from! + best * step]!) best = i
    y.data[to!] = best
  })
  return y
}

/** ONNX's reduction of this name; it has no u32 form. */
const onnxReduce =
  (op: string) =>
  (e: OnnxEmitter, { type, attrs }: NodeOf<'reduce_sum' | 'reduce_max' | 'reduce_min'>, [x]: readonly string[]): string => {
    const { dims } = e.typeOf(x!)
    const axes = e.constant(attrs.over.map((name) => dims.indexOf(find(dims, name))), 'i64') // prettier-ignore
    const result = e.emit(op, [type.dtype === 'u32' ? castTo(e, x!, 'i64') : x!, axes], { keepdims: 0 })
    return type.dtype === 'u32' ? castTo(e, result, 'u32') : result
  }

const cube = shape('f32', { batch: 2, time: 3, width: 4 })
const examples = [
  { inputs: [cube], attrs: { over: ['width'] } },
  { inputs: [cube], attrs: { over: ['batch', 'width'] } },
]

export const reduce: { [K in Name]: Op<K> } = {
  reduce_sum: {
    name: 'reduce_sum',
    doc: 'Sum over dims.',
    type: reduced,
    grad: (b, _node, [x], _y, dy) => [b.broadcast(dy, x!.type.dims)],
    evaluate: ([x], { over }) => einsum([x!], without(x!.dims, over)),
    onnx: onnxReduce('ReduceSum'),
    examples,
  },
  reduce_max: {
    name: 'reduce_max',
    doc: 'Greatest value over dims.',
    type: reduced,
    grad: (b, { attrs }, [x], y, dy) => share(b, attrs, x!, y, dy),
    evaluate: extreme(-Infinity, Math.max),
    onnx: onnxReduce('ReduceMax'),
    examples,
  },
  reduce_min: {
    name: 'reduce_min',
    doc: 'Least value over dims.',
    type: reduced,
    grad: (b, { attrs }, [x], y, dy) => share(b, attrs, x!, y, dy),
    evaluate: extreme(Infinity, Math.min),
    onnx: onnxReduce('ReduceMin'),
    examples,
  },
  argmax: {
    name: 'argmax',
    doc: 'Position of the greatest value along a dim; of equal ones, the lowest.',
    type: (inputs, attrs) => {
      if (attrs.over.length !== 1) bug(`argmax over [${attrs.over.join(', ')}]`)
      return { dtype: 'i32', dims: reduced(inputs, attrs).dims }
    },
    evaluate: argmax,
    onnx: (e, { attrs }, [x]) => {
      const { dims } = e.typeOf(x!)
      return castTo(e, e.emit('ArgMax', [x!], { axis: dims.indexOf(find(dims, attrs.over[0]!)), keepdims: 0 }), 'i32')
    },
    examples: [{ inputs: [cube], attrs: { over: ['time'] } }],
  },
}
