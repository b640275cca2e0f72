// An ONNX model as plain data, and its bytes: onnx.proto's ModelProto, opset 21 with com.microsoft beside it.
// Node order is execution order; every value is written once.
import type { OnnxAttrs } from '../graph/ops/op.ts'
import { bytes, encode, float, int, message, text, type Field } from './protobuf.ts'

export type OnnxType = 'f32' | 'i32' | 'i64' | 'u32' | 'u64' | 'bool'

export interface OnnxNode {
  readonly op: string
  readonly domain: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attrs: OnnxAttrs
}

/** A tensor known at compile time: little-endian elements, row-major. */
export interface OnnxConstant {
  readonly name: string
  readonly type: OnnxType
  readonly shape: readonly number[]
  readonly data: Uint8Array
}

/** An input or output of the model. Extents that differ from run to run are names. */
export interface OnnxPort {
  readonly name: string
  readonly type: OnnxType
  readonly shape: readonly (number | string)[]
}

export interface OnnxModel {
  readonly name: string
  readonly inputs: readonly OnnxPort[]
  readonly outputs: readonly OnnxPort[]
  readonly constants: readonly OnnxConstant[]
  readonly nodes: readonly OnnxNode[]
}

const IR_VERSION = 10
const OPSET = 21

/** TensorProto.DataType. */
const typeCode: Readonly<Record<OnnxType, number>> = { f32: 1, i32: 6, i64: 7, bool: 9, u32: 12, u64: 13 }

export function dataTypeOf(type: OnnxType): number {
  return typeCode[type]
}

/** The model as bytes, ready for an inference session. */
export function encodeModel(model: OnnxModel): Uint8Array {
  const graph = [
    ...model.nodes.map((n) => message(1, nodeFields(n))),
    text(2, model.name),
    ...model.constants.map((c) => message(5, constantFields(c))),
    ...model.inputs.map((p) => message(11, portFields(p))),
    ...model.outputs.map((p) => message(12, portFields(p))),
  ]
  return encode([
    int(1, IR_VERSION),
    text(2, 'smdmc'),
    message(7, graph),
    message(8, [text(1, ''), int(2, OPSET)]),
    message(8, [text(1, 'com.microsoft'), int(2, 1)]),
  ])
}

function nodeFields({ op, domain, inputs, outputs, attrs }: OnnxNode): readonly Field[] {
  return [
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, op),
    ...Object.entries(attrs).map(([name, value]) => message(5, [text(1, name), ...attributeFields(value)])),
    ...(domain === '' ? [] : [text(7, domain)]),
  ]
}

/** AttributeProto: the value under its field, and 20, the kind of value. */
function attributeFields(value: OnnxAttrs[string]): readonly Field[] {
  if (typeof value === 'number') return [int(3, value), int(20, 2)]
  if (typeof value === 'string') return [text(4, value), int(20, 3)]
  if ('float' in value) return [float(2, value.float), int(20, 1)]
  return [...value.map((n) => int(8, n)), int(20, 7)]
}

function constantFields({ name, type, shape, data }: OnnxConstant): readonly Field[] {
  return [...shape.map((n) => int(1, n)), int(2, typeCode[type]), text(8, name), bytes(9, data)]
}

function portFields({ name, type, shape }: OnnxPort): readonly Field[] {
  const dims = shape.map((extent) => message(1, [typeof extent === 'number' ? int(1, extent) : text(2, extent)]))
  const tensor = [int(1, typeCode[type]), message(2, dims)]
  return [text(1, name), message(2, [message(1, tensor)])]
}
