// What the records of elementwise ops have in common: type rules, ways of saying them in WGSL and ONNX, examples.
import { bug } from '../../bug.ts'
import { shape, showType, union } from '../dims.ts'
import type { Dtype, Node, Type } from '../graph.ts'
import type { OnnxEmitter } from './op.ts'

const FLOATS: readonly Dtype[] = ['f32', 'f16']
const NUMBERS: readonly Dtype[] = ['f32', 'f16', 'i32', 'u32']

function agree(inputs: readonly Type[], allowed: readonly Dtype[]): Dtype {
  const dtype = inputs[0]!.dtype
  if (!allowed.includes(dtype) || inputs.some((t) => t.dtype !== dtype))
    bug(`these operands do not go together: ${inputs.map(showType).join(', ')}`)
  return dtype
}

export const floats = (inputs: readonly Type[]): Type => ({ dtype: agree(inputs, FLOATS), dims: union(inputs) })
export const numbers = (inputs: readonly Type[]): Type => ({ dtype: agree(inputs, NUMBERS), dims: union(inputs) })
export const comparison = (inputs: readonly Type[]): Type => {
  agree(inputs, [...NUMBERS, 'bool'])
  return { dtype: 'bool', dims: union(inputs) }
}
export const logic = (inputs: readonly Type[]): Type => ({ dtype: agree(inputs, ['bool']), dims: union(inputs) })

/** WGSL: `(a + b)`, `exp(a)`. */
export const infix = (sign: string) => (args: readonly string[]) => `(${args.join(` ${sign} `)})`
export const named = (name: string) => (args: readonly string[]) => `${name}(${args.join(', ')})`

/** Numbers of ONNX's element types. */
export const ONNX_TYPE = { f32: 1, i32: 6, i64: 7, bool: 9, f16: 10, u32: 12, u64: 13, bf16: 16 } as const

/** The inputs with their dims standing as the node's do. */
export function aligned(e: OnnxEmitter, node: Node, inputs: readonly string[]): string[] {
  return inputs.map((name) => e.align(name, e.typeOf(name), node.type.dims))
}

export function castTo(e: OnnxEmitter, name: string, to: keyof typeof ONNX_TYPE): string {
  return e.emit('Cast', [name], { to: ONNX_TYPE[to] })
}

/** One standard ONNX operator. It gets u32 as i64, for most have no u32 kernels. */
export const standard =
  (op: string, attrs = {}) =>
  (e: OnnxEmitter, node: Node, inputs: readonly string[]): string => {
    const unsigned = e.typeOf(inputs[0]!).dtype === 'u32'
    const args = aligned(e, node, inputs).map((name) => (unsigned ? castTo(e, name, 'i64') : name))
    const result = e.emit(op, args, attrs)
    return unsigned && node.type.dtype === 'u32' ? castTo(e, result, 'u32') : result
  }

interface PlainExample {
  readonly inputs: readonly Type[]
  readonly attrs: undefined
  readonly range?: readonly [number, number]
}

export const one = (range?: readonly [number, number], dtype: Dtype = 'f32'): readonly PlainExample[] => [
  { inputs: [shape(dtype, { batch: 2, time: 3 })], attrs: undefined, range },
]

/** Equal dims, dims that only one operand has, and a scalar. */
export const two = (range?: readonly [number, number], dtype: Dtype = 'f32'): readonly PlainExample[] => [
  { inputs: [shape(dtype, { time: 3, width: 4 }), shape(dtype, { width: 4, time: 3 })], attrs: undefined, range },
  { inputs: [shape(dtype, { width: 4 }), shape(dtype, { time: 3, heads: 2 })], attrs: undefined, range },
  { inputs: [shape(dtype), shape(dtype, { time: 3 })], attrs: undefined, range },
]
