// Halves: every one of them there and back, and every rounding between neighbours.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { floatsOf, halvesOf } from '../runtime/half.ts'

const all = Uint16Array.from({ length: 65536 }, (_, i) => i)

/** By the definition of binary16. */
function meaning(half: number): number {
  const sign = half >= 0x8000 ? -1 : 1
  const exponent = (half >>> 10) & 31
  const mantissa = half & 1023
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : NaN
  return exponent === 0 ? sign * mantissa * 2 ** -24 : sign * (1 + mantissa / 1024) * 2 ** (exponent - 15)
}

/** The float after x > 0, or before it. */
function next(x: number, by = 1): number {
  const bits = new Int32Array(Float32Array.of(x).buffer)
  bits[0]! += by
  return new Float32Array(bits.buffer)[0]!
}

const half = (x: number): number => halvesOf(Float32Array.of(x))[0]!

test('all 65536 halves mean what the standard says, and come back as they were', () => {
  const floats = floatsOf(all)
  floats.forEach((x, i) => assert.ok(Object.is(x, meaning(i)), `${i.toString(16)} became ${x}`))
  halvesOf(floats).forEach((h, i) => {
    if (Number.isNaN(meaning(i))) assert.equal(h, (i & 0x8000) | 0x7e00)
    else assert.equal(h, i)
  })
})

test('what lies between two halves becomes the nearer one, in the middle the even one', () => {
  for (let low = 0; low < 0x7c00; low++) {
    const high = low + 1
    // Above the largest half the next step would be 65536, which is infinity.
    const middle = (meaning(low) + (high === 0x7c00 ? 65536 : meaning(high))) / 2
    assert.equal(half(next(middle, -1)), low)
    assert.equal(half(middle), low % 2 === 0 ? low : high)
    assert.equal(half(next(middle)), high)
    assert.equal(half(-middle), 0x8000 | (low % 2 === 0 ? low : high))
  }
})

test('the ends: what is too large is infinite, what is too small is a zero with its sign', () => {
  assert.deepEqual([65504, 65519.99, 65520, 1e30, Infinity].map(half), [0x7bff, 0x7bff, 0x7c00, 0x7c00, 0x7c00])
  assert.deepEqual([1e-45, 2 ** -25, next(2 ** -25), -1e-45, -0].map(half), [0, 0, 1, 0x8000, 0x8000])
})

test('a part of a larger array is converted alone', () => {
  const whole = Float32Array.of(1, 2, 3, 4)
  assert.deepEqual([...halvesOf(whole.subarray(1, 3))], [0x4000, 0x4200])
})
