// An ONNX model's bytes → text, for explain: its ports and constants, then one node a line in the order they run.
//   y = MatMul x w
// Reads what onnx-model.ts writes, and no more of onnx.proto than that.
import { dataTypeOf, type OnnxType } from './onnx-model.ts'

/** Equal models give equal text. */
export function printOnnx(model: Uint8Array): string {
  const graph = fieldsOf(part(fieldsOf(model), 7))
  const lines = [
    ...all(graph, 11).map((port) => `  input ${showPort(fieldsOf(port))}`),
    ...all(graph, 5).map((constant) => `  constant ${showConstant(fieldsOf(constant))}`),
    ...all(graph, 1).map((node) => `  ${showNode(fieldsOf(node))}`),
    ...all(graph, 12).map((port) => `  output ${showPort(fieldsOf(port))}`),
  ]
  return lines.join('\n') + '\n'
}

/** A field of a message: a whole number, a float, or bytes that are a text or a message. */
type Value = number | Float32Array | Uint8Array
interface Field {
  readonly number: number
  readonly value: Value
}

function showNode(node: readonly Field[]): string {
  const outputs = texts(node, 2).join(', ')
  // An operator's optional input that is left out has an empty name.
  const inputs = texts(node, 1).map((name) => (name === '' ? '-' : name))
  const attributes = all(node, 5).map((a) => showAttribute(fieldsOf(a)))
  return `${outputs} = ${[...texts(node, 4), ...inputs, ...attributes].join(' ')}`
}

function showAttribute(attribute: readonly Field[]): string {
  const values = attribute.filter((f) => f.number !== 1 && f.number !== 20).map(({ value }) => shown(value))
  return `${texts(attribute, 1).join('')}=${values.join(',')}`
}

function shown(value: Value): string {
  if (typeof value === 'number') return String(value)
  return value instanceof Float32Array ? String(value[0]) : utf8.decode(value)
}

function showPort(port: readonly Field[]): string {
  const tensor = fieldsOf(part(fieldsOf(part(port, 2)), 1))
  const dims = all(fieldsOf(part(tensor, 2)), 1).map((d) => fieldsOf(d).map((f) => shown(f.value)).join('')) // prettier-ignore
  return `${texts(port, 1).join('')} ${typeName(numbers(tensor, 1)[0])}[${dims.join(', ')}]`
}

function showConstant(constant: readonly Field[]): string {
  return `${texts(constant, 8).join('')} ${typeName(numbers(constant, 2)[0])}[${numbers(constant, 1).join(', ')}]`
}

function typeName(code: number | undefined): string {
  const types: readonly OnnxType[] = ['f32', 'i32', 'i64', 'u32', 'u64', 'bool']
  return types.find((t) => dataTypeOf(t) === code) ?? `type ${code}`
}

const utf8 = new TextDecoder()

function all(fields: readonly Field[], number: number): readonly Uint8Array[] {
  return fields.flatMap((f) => (f.number === number && f.value instanceof Uint8Array ? [f.value] : []))
}

/** The one message of this number; an empty one where it is left out. */
function part(fields: readonly Field[], number: number): Uint8Array {
  return all(fields, number)[0] ?? new Uint8Array()
}

function texts(fields: readonly Field[], number: number): readonly string[] {
  return all(fields, number).map((bytes) => utf8.decode(bytes))
}

function numbers(fields: readonly Field[], number: number): readonly number[] {
  return fields.flatMap((f) => (f.number === number && typeof f.value === 'number' ? [f.value] : []))
}

/** The fields of a message, in order (see protobuf.ts for the format). */
function fieldsOf(message: Uint8Array): readonly Field[] {
  const fields: Field[] = []
  let at = 0
  const varint = (): number => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++] ?? 0
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return Number(BigInt.asIntN(64, value))
    }
  }
  while (at < message.length) {
    const tag = varint()
    const number = tag >> 3
    if ((tag & 7) === 0) fields.push({ number, value: varint() })
    else if ((tag & 7) === 5) fields.push({ number, value: new Float32Array(message.slice(at, (at += 4)).buffer) })
    else {
      const length = varint()
      fields.push({ number, value: message.subarray(at, (at += length)) })
    }
  }
  return fields
}
