// Lines and parabolas through points by least squares, with the standard error of a slope.

export interface XY {
  readonly x: number
  readonly y: number
}

/** y = intercept + slope · x. */
export interface Line {
  readonly slope: number
  readonly intercept: number
  /** Standard error of the slope from what the line leaves over; NaN for two points, which leave nothing. */
  readonly error: number
}

/** y = at + bend · (x - middle)². Opens upwards where `bend` is above zero, and `at` is its minimum then. */
export interface Parabola {
  readonly middle: number
  readonly at: number
  readonly bend: number
}

/** Needs two different x at least. */
export function lineThrough(points: readonly XY[]): Line {
  const n = points.length
  const [mx, my] = [mean(points.map((p) => p.x)), mean(points.map((p) => p.y))]
  const sxx = sum(points.map((p) => (p.x - mx) ** 2))
  const slope = sum(points.map((p) => (p.x - mx) * (p.y - my))) / sxx
  const intercept = my - slope * mx
  const rest = sum(points.map((p) => (p.y - intercept - slope * p.x) ** 2))
  return { slope, intercept, error: n > 2 ? Math.sqrt(rest / (n - 2) / sxx) : NaN }
}

/** Needs three different x at least. */
export function parabolaThrough(points: readonly XY[]): Parabola {
  // Around the mean of x, in units of its spread, the three equations are well conditioned.
  const mx = mean(points.map((p) => p.x))
  const spread = Math.sqrt(mean(points.map((p) => (p.x - mx) ** 2)))
  const xs = points.map((p) => (p.x - mx) / spread)
  const moment = (k: number): number => sum(xs.map((x) => x ** k))
  const with_y = (k: number): number => sum(xs.map((x, i) => x ** k * points[i]!.y))
  const [s0, s1, s2, s3, s4] = [0, 1, 2, 3, 4].map(moment) as [number, number, number, number, number]
  const [a, b, c] = solve3([[s0, s1, s2], [s1, s2, s3], [s2, s3, s4]], [with_y(0), with_y(1), with_y(2)]) // prettier-ignore
  const middle = -b / (2 * c)
  return { middle: mx + spread * middle, at: a - (b * b) / (4 * c), bend: c / spread ** 2 }
}

export function parabolaAt({ middle, at, bend }: Parabola, x: number): number {
  return at + bend * (x - middle) ** 2
}

type Row = readonly [number, number, number]

/** Cramer's rule. */
function solve3(m: readonly [Row, Row, Row], y: Row): Row {
  const det = ([a, b, c]: readonly [Row, Row, Row]): number =>
    a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0])
  const replaced = (column: number): readonly [Row, Row, Row] =>
    m.map((row, i) => row.map((v, j) => (j === column ? y[i]! : v))) as unknown as [Row, Row, Row]
  const whole = det(m)
  return [det(replaced(0)) / whole, det(replaced(1)) / whole, det(replaced(2)) / whole]
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)
const mean = (values: readonly number[]): number => sum(values) / values.length
