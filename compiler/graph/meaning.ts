// Elementwise ops on plain numbers, with the dtype's arithmetic: floats stay float64, integers wrap, truth is 0 or 1.
import { bug } from '../bug.ts'
import type { Dtype, OpName } from './graph.ts'
import { opOf } from './ops/table.ts'

/** The function an elementwise op computes when its result has `dtype`. */
export function meaning(op: OpName, dtype: Dtype): (...args: number[]) => number {
  const scalar = opOf(op).scalar ?? bug(`${op} has no meaning on single numbers`)
  switch (dtype) {
    case 'f32':
    case 'f16':
      return scalar
    case 'bool':
      return (...args) => Number(scalar(...args) !== 0)
    // Exact products of 32-bit integers need more than the 53 bits of a float64.
    case 'i32':
      return op === 'mul' ? Math.imul : (...args) => Math.trunc(scalar(...args)) | 0
    case 'u32':
      return op === 'mul' ? (x, y) => Math.imul(x, y) >>> 0 : (...args) => Math.trunc(scalar(...args)) >>> 0
    default:
      dtype satisfies never
      return bug(`a number of dtype ${String(dtype)}`)
  }
}
