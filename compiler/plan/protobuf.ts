// Protocol Buffers' wire format, the few parts that ONNX needs: fields with a number and a value, written one after the other.
// A message is the concatenation of its fields; a message inside a message is a field of bytes.

/** Part of a message: bytes to be joined. */
export type Field = readonly Uint8Array[]

const VARINT = 0
const BYTES = 2
const FIXED32 = 5

const utf8 = new TextEncoder()

/** A whole number (int32, int64, enum): negative ones as 64-bit two's complement. */
export function int(field: number, value: number): Field {
  return [varint(field * 8 + VARINT), varint(value)]
}

/** A 32-bit float. */
export function float(field: number, value: number): Field {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setFloat32(0, value, true)
  return [varint(field * 8 + FIXED32), bytes]
}

export function text(field: number, value: string): Field {
  return bytes(field, utf8.encode(value))
}

export function bytes(field: number, value: Uint8Array): Field {
  return [varint(field * 8 + BYTES), varint(value.length), value]
}

/** A message as a field of another. */
export function message(field: number, parts: readonly Field[]): Field {
  const length = parts.reduce((sum, part) => part.reduce((n, b) => n + b.length, sum), 0)
  return [varint(field * 8 + BYTES), varint(length), ...parts.flat()]
}

/** The bytes of an outermost message. */
export function encode(parts: readonly Field[]): Uint8Array {
  const pieces = parts.flat()
  const all = new Uint8Array(pieces.reduce((n, b) => n + b.length, 0))
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}

/** Seven bits a byte, lowest first; the high bit says that more follow. */
function varint(value: number): Uint8Array {
  const out: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  while (rest > 127n) {
    out.push(Number(rest & 127n) | 128)
    rest >>= 7n
  }
  out.push(Number(rest))
  return Uint8Array.from(out)
}
