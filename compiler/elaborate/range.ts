// Intervals of whole numbers, by which an index is proved to stay inside its dimension.
import type { Range } from './term.ts'

type Interval = Range

/** Of 32 bits; both, so that a sign may be turned. */
const GREATEST = 2 ** 31 - 1
const LEAST = -GREATEST

/** The operators under which whole numbers stay whole. */
export type WholeOp = 'add' | 'sub' | 'mul' | 'mod' | 'min' | 'max'

/** Where a op b lies if a and b lie in these; undefined where whole numbers of 32 bits may not hold it. */
export function rangeAfter(op: WholeOp, a: Interval, b: Interval): Interval | undefined {
  switch (op) {
    case 'add':
      return held([a[0] + b[0], a[1] + b[1]])
    case 'sub':
      return held([a[0] - b[1], a[1] - b[0]])
    case 'mul': {
      const corners = [a[0] * b[0], a[0] * b[1], a[1] * b[0], a[1] * b[1]]
      return held([Math.min(...corners), Math.max(...corners)])
    }
    case 'mod':
      // The sign is that of the divisor; a dividend already inside stays as it is.
      if (b[0] === b[1] && a[0] >= 0 && a[1] < b[0]) return a
      return held([Math.min(b[0] + 1, 0), Math.max(b[1] - 1, 0)])
    case 'min':
      return [Math.min(a[0], b[0]), Math.min(a[1], b[1])]
    case 'max':
      return [Math.max(a[0], b[0]), Math.max(a[1], b[1])]
    default:
      return op satisfies never
  }
}

/** Where the sum of `count` whole numbers lies that lie in this; undefined where 32 bits may not hold it. */
export function rangeOfSum([least, greatest]: Interval, count: number): Interval | undefined {
  return held([Math.min(least * count, least), Math.max(greatest * count, greatest)])
}

export function inside([least, greatest]: Interval, size: number): boolean {
  return least >= 0 && greatest < size
}

function held(range: Interval): Interval | undefined {
  if (!range.every(Number.isFinite)) return [-Infinity, Infinity]
  return range[0] >= LEAST && range[1] <= GREATEST ? range : undefined
}
