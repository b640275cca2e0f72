// A curve as braille text, two by four dots a character.

const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const

/** Points in order of x; y grows upwards. */
export interface Point {
  readonly x: number
  readonly y: number
}

export interface Curve {
  /** `height` texts of `width` characters. */
  readonly rows: readonly string[]
  /** Values at the lower and upper edge. */
  readonly low: number
  readonly high: number
}

/** Fills `width` by `height` characters with the curve through `points`; those that share a column of dots become their mean. */
export function braille(points: readonly Point[], width: number, height: number): Curve {
  const [columns, rows] = [width * 2, height * 4]
  const cells = Array.from({ length: height }, () => new Uint8Array(width))
  const means = columnMeans(points, columns)
  const [low, high] = [Math.min(...means.map((p) => p.y)), Math.max(...means.map((p) => p.y))]
  const row = (y: number): number => (high > low ? Math.round(((high - y) / (high - low)) * (rows - 1)) : rows >> 1)
  means.forEach((point, i) => {
    const before = means[i - 1] ?? { x: point.x, y: point.y }
    // From the column after the last point up to this one, each column reaches from the height before it to its own.
    for (let x = Math.min(before.x + 1, point.x); x <= point.x; x++) {
      const at = (x: number): number =>
        row(before.x === point.x ? point.y : before.y + ((point.y - before.y) * (x - before.x)) / (point.x - before.x))
      const [a, b] = [at(Math.max(before.x, x - 1)), at(x)]
      for (let y = Math.min(a, b); y <= Math.max(a, b); y++) cells[y >> 2]![x >> 1]! |= DOTS[y & 3]![x & 1]!
    }
  })
  return { rows: cells.map((r) => Array.from(r, (c) => String.fromCharCode(0x2800 + c)).join('')), low, high }
}

/** Points with whole x in [0, columns), one a column at most. */
function columnMeans(points: readonly Point[], columns: number): readonly Point[] {
  const [first, last] = [points[0]?.x ?? 0, points.at(-1)?.x ?? 0]
  const sums = new Map<number, { sum: number; count: number }>()
  for (const { x, y } of points) {
    const column = last > first ? Math.round(((x - first) / (last - first)) * (columns - 1)) : 0
    const entry = sums.get(column) ?? { sum: 0, count: 0 }
    sums.set(column, { sum: entry.sum + y, count: entry.count + 1 })
  }
  return [...sums].map(([x, { sum, count }]) => ({ x, y: sum / count }))
}
