// Half-precision numbers on their way to and from a device: Float32Array ↔ the bits of IEEE binary16. Node 20 has no Float16Array.

import type { Rows } from '../compiler/plan/plan.ts'

const scratch = new Float32Array(1)
const scratchBits = new Uint32Array(scratch.buffer)

/** The nearest halves, ties to the even one; from 65520 on infinity, as IEEE says. NaNs stay NaNs, without their payload. */
export function halvesOf(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const halves = new Uint16Array(bits.length)
  for (let i = 0; i < bits.length; i++) halves[i] = toHalf(bits[i]!)
  return halves
}

/** Rows that lie together, so far apart as they are in memory, with NaNs between: nobody reads them. */
export function apart(halves: Uint16Array, { length, step }: Rows): Uint16Array {
  const spread = new Uint16Array((halves.length / length) * step).fill(0x7e00)
  for (let row = 0; row * length < halves.length; row++) spread.set(halves.subarray(row * length, (row + 1) * length), row * step)
  return spread
}

/** Rows that lie apart in memory, without what is between them. */
export function together(halves: Uint16Array, { length, step }: Rows): Uint16Array {
  const joined = new Uint16Array((halves.length / step) * length)
  for (let row = 0; row * step < halves.length; row++) joined.set(halves.subarray(row * step, row * step + length), row * length)
  return joined
}

/** Exactly the same numbers. */
export function floatsOf(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length)
  for (let i = 0; i < bits.length; i++) bits[i] = fromHalf(halves[i]!)
  return new Float32Array(bits.buffer)
}

/** Both as bits. Exponents have biases of 127 and 15, mantissas 23 and 10 bits. */
function toHalf(single: number): number {
  const sign = (single >>> 16) & 0x8000
  const size = single & 0x7fffffff
  if (size > 0x7f800000) return sign | 0x7e00
  if (size >= 0x47800000) return sign | 0x7c00
  if (size >= 0x38800000) return sign | ((size - 0x38000000 + 0xfff + ((size >>> 13) & 1)) >>> 13)
  // A subnormal half: beside 0.5 a float's last bit is worth 2^-24, as a subnormal's is, so the addition rounds.
  scratchBits[0] = size
  scratch[0] = scratch[0]! + 0.5
  return sign | (scratchBits[0] - 0x3f000000)
}

function fromHalf(half: number): number {
  const sign = (half & 0x8000) << 16
  const size = half & 0x7fff
  if (size >= 0x7c00) return sign | 0x7f800000 | ((size & 0x3ff) << 13)
  if (size >= 0x400) return sign | ((size << 13) + 0x38000000)
  scratch[0] = size * 2 ** -24
  return sign | scratchBits[0]!
}
