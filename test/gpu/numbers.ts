// Arithmetic of WGSL's numbers in those of JavaScript.
import { floatsOf, halvesOf } from '../../runtime/half.ts'
import type { Scalar } from './types.ts'

const all = floatsOf(Uint16Array.from({ length: 0x10000 }, (_, i) => i))
const single = new Float32Array(1)

/** The bits of the nearest half. */
export function halfOf(value: number): number {
  single[0] = value
  return halvesOf(single)[0]!
}

export function numberOf(half: number): number {
  return all[half]!
}

/** A number as the nearest of its type; integers wrap, as their sums and products do. */
export const rounders: Readonly<Record<Scalar, (x: number) => number>> = {
  f32: Math.fround,
  f16: (x) => numberOf(halfOf(x)),
  u32: (x) => x >>> 0,
  i32: (x) => x | 0,
  int: (x) => x,
  float: (x) => x,
  bool: (x) => x,
}

type Binary = (a: number, b: number) => number

const remainder: Binary = (a, b) => a % b
const division: Binary = (a, b) => Math.trunc(a / b)

function divisible(operation: Binary): Binary {
  return (a, b) => {
    if (b === 0) throw new Error('an integer is divided by zero')
    return operation(a, b)
  }
}

function within(operation: Binary): Binary {
  return (a, b) => {
    if (b > 31) throw new Error(`a shift by ${b}`)
    return operation(a, b)
  }
}

const floats = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': remainder,
} as const satisfies Record<string, Binary>
const integers = {
  '+': floats['+'],
  '-': floats['-'],
  '*': Math.imul,
  '/': divisible(division),
  '%': divisible(remainder),
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
  '<<': within((a, b) => a << b),
  '>>': within((a, b) => a >> b),
} as const satisfies Record<string, Binary>

/** What an operator does to two numbers of a type, before the result is rounded to it. */
export function operation(operator: string, of: Scalar): Binary {
  const table: Readonly<Record<string, Binary>> = of === 'f32' || of === 'f16' || of === 'float' ? floats : integers
  const found = operator === '>>' && of === 'u32' ? within((a, b) => a >>> b) : table[operator]
  if (!found) throw new Error(`no operator ${operator} for ${of}`)
  return found
}

const words = new DataView(new ArrayBuffer(16))

/** The bits of numbers as numbers of another type, which may be of another size. */
export function bitcast(values: readonly number[], from: Scalar, to: Scalar): number[] {
  let bytes = 0
  for (const value of values) {
    if (from === 'f16') words.setUint16(bytes, halfOf(value), true)
    else if (from === 'f32') words.setFloat32(bytes, value, true)
    else words.setInt32(bytes, value, true)
    bytes += from === 'f16' ? 2 : 4
  }
  const found: number[] = []
  for (let at = 0; at < bytes; at += to === 'f16' ? 2 : 4) {
    if (to === 'f16') found.push(numberOf(words.getUint16(at, true)))
    else if (to === 'f32') found.push(words.getFloat32(at, true))
    else found.push(to === 'u32' ? words.getUint32(at, true) : words.getInt32(at, true))
  }
  return found
}

/** A conversion by value: towards zero and into the range where a float becomes whole; integers keep their bits. */
export function convert(x: number, from: Scalar, to: Scalar): number {
  if (from === to) return x
  if (to === 'bool' || (from !== 'f32' && from !== 'f16' && from !== 'float')) return rounders[to](Number(x))
  if (to === 'u32') return whole(x, 0, 0xffffffff)
  return to === 'i32' ? whole(x, -0x80000000, 0x7fffffff) : rounders[to](x)
}

function whole(x: number, low: number, high: number): number {
  return Number.isNaN(x) ? 0 : Math.min(Math.max(Math.trunc(x), low), high)
}
