// Nodes without inputs: constants, tables, inputs of the program, positions. Their types are given, not derived,
// but for `position`, whose one dim is the type it is given.
import { bug } from '../../bug.ts'
import type { Dim, Dtype } from '../graph.ts'
import { count } from '../tensor.ts'
import type { Op } from './op.ts'
import { castTo, ONNX_TYPE } from './rules.ts'

type Name = 'constant' | 'table' | 'input' | 'position'

/** WGSL has no infinities; its largest number stands for them. */
function literal(value: number, dtype: Dtype): string {
  if (dtype === 'bool') return value ? 'true' : 'false'
  if (dtype === 'i32') return value === -(2 ** 31) ? '(-2147483647i - 1i)' : `(${value}i)`
  if (dtype === 'u32') return `${value}u`
  const limit = dtype === 'f16' ? 65504 : 3.4028234663852886e38
  const digits = String(Math.max(-limit, Math.min(limit, Math.abs(value) < 1e-38 && dtype === 'f32' ? 0 : value)))
  return `(${digits}${dtype === 'f16' ? 'h' : 'f'})`
}

const sizes = (dims: readonly Dim[]) => dims.map((d) => d.size)

const given = () => bug('a leaf needs its type from who makes it')

export const leaves: { [K in Name]: Op<K> } = {
  constant: {
    name: 'constant',
    doc: 'A number known at compile time.',
    type: given,
    evaluate: (_inputs, { value }) => ({ dims: [], data: Float64Array.of(value) }),
    wgsl: (_args, { attrs, type }) => literal(attrs.value, type.dtype),
    onnx: (e, { attrs, type }) => {
      // f16 has no constants of its own: a cast of f32 does.
      if (type.dtype === 'f16') return e.emit('Cast', [e.constant(attrs.value, 'f32')], { to: ONNX_TYPE.f16 })
      return e.constant(attrs.value, type.dtype)
    },
    examples: [],
  },
  table: {
    name: 'table',
    doc: 'A tensor known at compile time.',
    type: given,
    evaluate: (_inputs, { data }, { dims }) => ({ dims, data: Float64Array.from(data) }),
    onnx: (e, { attrs, type }) => e.constant(Array.from(attrs.data), type.dtype === 'i32' ? 'i32' : 'f32', sizes(type.dims)),
    examples: [],
  },
  input: {
    name: 'input',
    doc: 'A tensor given at run time, or a state that stays on the device.',
    type: given,
    examples: [],
  },
  position: {
    name: 'position',
    doc: 'The index along a dimension, counted from 0.',
    type: given,
    evaluate: (_inputs, _attrs, { dims }) => ({ dims, data: Float64Array.from({ length: count(dims) }, (_, i) => i) }),
    onnx: (e, { type: { dims } }) => {
      const zero = e.constant(0, 'i32')
      if (!dims[0]!.live) return e.constant(Array.from({ length: count(dims) }, (_, i) => i), 'i32') // prettier-ignore
      return e.emit('Range', [zero, castTo(e, e.reshape(e.shape(dims), []), 'i32'), e.constant(1, 'i32')])
    },
    examples: [],
  },
}
