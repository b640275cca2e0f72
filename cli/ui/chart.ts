// A curve as braille text, two by four dots a character.

const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const

/** Rows of text, `width` by `height` characters; y grows upwards between the curve's own bounds. Empty curve: blank rows. */
export function braille(values: readonly number[], width: number, height: number): readonly string[] {
  const [columns, rows] = [width * 2, height * 4]
  const cells = Array.from({ length: height }, () => new Uint8Array(width))
  const points = buckets(values, columns)
  const { low, high } = bounds(values)
  const y = (v: number): number => Math.round(((high - v) / (high - low || 1)) * (rows - 1))
  points.forEach((v, x) => {
    const before = points[x - 1] ?? v
    const [from, to] = [Math.min(y(before), y(v)), Math.max(y(before), y(v))]
    for (let row = from; row <= to; row++) cells[row >> 2]![x >> 1]! |= DOTS[row & 3]![x & 1]!
  })
  return cells.map((row) => Array.from(row, (c) => String.fromCharCode(0x2800 + c)).join(''))
}

/** The lowest and the highest value. */
export function bounds(values: readonly number[]): { readonly low: number; readonly high: number } {
  return { low: Math.min(...values), high: Math.max(...values) }
}

/** Averages neighbours so that at most `count` points are left; fewer are stretched. */
function buckets(values: readonly number[], count: number): readonly number[] {
  if (values.length === 0) return []
  return Array.from({ length: count }, (_, i) => {
    const from = Math.floor((i * values.length) / count)
    const to = Math.max(from + 1, Math.floor(((i + 1) * values.length) / count))
    const part = values.slice(from, to)
    return part.reduce((a, b) => a + b, 0) / part.length
  })
}
