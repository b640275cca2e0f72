// WGSL's functions of numbers, a component at a time.
import type { Scalar } from './types.ts'

type Function = (...x: readonly number[]) => number

/** Their results are rounded to the type of the arguments. */
const all: Readonly<Record<string, Function>> = {
  abs: Math.abs,
  ceil: Math.ceil,
  clamp: (x, low, high) => Math.min(Math.max(x, low), high),
  cos: Math.cos,
  exp: Math.exp,
  exp2: (x) => 2 ** x,
  floor: Math.floor,
  fma: (a, b, c) => a * b + c,
  inverseSqrt: (x) => 1 / Math.sqrt(x),
  log: Math.log,
  log2: Math.log2,
  // As GPUs do: of a number and NaN, the number.
  max: (a, b) => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.max(a, b)),
  min: (a, b) => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.min(a, b)),
  pow: (a, b) => a ** b,
  round: (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)),
  sign: Math.sign,
  sin: Math.sin,
  sqrt: Math.sqrt,
  tanh: Math.tanh,
  trunc: Math.trunc,
  countOneBits: (x) => {
    let count = 0
    for (let rest = x >>> 0; rest !== 0; rest &= rest - 1) count++
    return count
  },
  firstTrailingBit: (x) => (x === 0 ? -1 : 31 - Math.clz32(x & -x)),
}

export function builtin(name: string): Function | undefined {
  return all[name]
}

/** What an atomic operation leaves of what was there and its argument. */
export const atomics: Readonly<Record<string, (old: number, value: number) => number>> = {
  atomicLoad: (old) => old,
  atomicOr: (old, value) => old | value,
  atomicStore: (_, value) => value,
}

/** What two operands' components become, of which one may be a literal. */
export function unified(a: Scalar, b: Scalar): Scalar {
  if (a === b) return a
  if (a === 'int') return b
  if (b === 'int') return a
  if (a === 'float') return b
  if (b === 'float') return a
  throw new Error(`${a} meets ${b}`)
}
