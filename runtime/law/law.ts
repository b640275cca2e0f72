// Losses of trainings → a scaling law, as in the paper: at each compute C a parabola of the loss over log N gives the best size N*
// and its loss L*; through the budgets, lines of log L* and of log N* over log C (least squares). C is 6 N D.
import { lineThrough, parabolaThrough, type Line, type Parabola } from './least-squares.ts'

/** A training. */
export interface Point {
  readonly stage: string
  /** Without embeddings: the N of the paper. */
  readonly parameters: number
  /** 6 N D of the whole training. */
  readonly compute: number
  /** Nats per token; not finite where the training diverged. */
  readonly loss: number
}

/** The best size at one compute. */
export interface Best {
  readonly compute: number
  readonly parameters: number
  readonly loss: number
  /** Over the logarithm of the parameters. */
  readonly curve: Parabola
}

export interface Isoflop {
  readonly kind: 'isoflop'
  readonly best: readonly Best[]
  /** log L* over log C. */
  readonly loss: Line
  /** log N* over log C. */
  readonly size: Line
  readonly notes: readonly string[]
}

export interface Power {
  readonly kind: 'power'
  readonly over: 'compute' | 'parameters'
  /** The lowest loss at each x. */
  readonly points: readonly Point[]
  /** log L over log x. */
  readonly loss: Line
  readonly notes: readonly string[]
}

/** Why there is no law. */
export interface NoLaw {
  readonly kind: 'none'
  readonly reason: string
  readonly advice: string
}

/** `budgets`: trainings of one compute each. */
export function isoflop(budgets: readonly (readonly Point[])[]): Isoflop | NoLaw {
  const notes = [...unfinished(budgets.flat())]
  const best: Best[] = []
  for (const budget of budgets.map((points) => lowest(points.filter(usable), (p) => p.parameters))) {
    const compute = middleOf(budget)
    const at = `at ${scientific(compute)} flops`
    if (budget.length < 3) {
      notes.push(`${at}: left out, as ${budget.length} sizes are too few for a parabola`)
      continue
    }
    const curve = parabolaThrough(budget.map((p) => ({ x: Math.log(p.parameters), y: p.loss })))
    const [least, most] = [budget[0]!.parameters, budget.at(-1)!.parameters]
    if (!(curve.bend > 0 && curve.at > 0)) {
      notes.push(`${at}: left out, as the losses have no minimum between ${short(least)} and ${short(most)} parameters`)
      continue
    }
    const parameters = Math.exp(curve.middle)
    // A parabola says little of what lies beyond its points.
    if (parameters < least || parameters > most)
      notes.push(`${at}: left out, as the best size is ${parameters < least ? `less than ${short(least)}` : `more than ${short(most)}`} parameters, the ${parameters < least ? 'least' : 'most'} that were trained`) // prettier-ignore
    else best.push({ compute, parameters, loss: curve.at, curve })
  }
  if (best.length < 2) {
    return { kind: 'none', reason: [`${best.length} budgets have a best size, and a line needs two`, ...notes].join('; '), advice: 'sweep over smaller and larger sizes, until the loss rises on both sides' } // prettier-ignore
  }
  const over = (y: (b: Best) => number): Line => lineThrough(best.map((b) => ({ x: Math.log(b.compute), y: Math.log(y(b)) })))
  return { kind: 'isoflop', best, loss: over((b) => b.loss), size: over((b) => b.parameters), notes }
}

/** The lowest loss at each compute, or where there are fewer than three, at each size. */
export function power(budgets: readonly (readonly Point[])[]): Power | NoLaw {
  const all = budgets.flat()
  const good = budgets.map((points) => points.filter(usable)).filter((points) => points.length > 0)
  const over = good.length >= 3 ? 'compute' : 'parameters'
  const points = over === 'compute' ? good.map((points) => lowestOf(points)) : lowest(good.flat(), (p) => p.parameters)
  if (points.length < 3) {
    const reason = [`${points.length} points are left, and a law needs three`, ...unfinished(all)].join('; ')
    return { kind: 'none', reason, advice: 'sweep over more sizes or budgets' }
  }
  const loss = lineThrough(points.map((p) => ({ x: Math.log(p[over]), y: Math.log(p.loss) })))
  return { kind: 'power', over, points, loss, notes: unfinished(all) }
}

/** The factor in front: L = factor · x^slope. */
export function factorOf({ intercept }: Line): number {
  return Math.exp(intercept)
}

const usable = ({ loss }: Point): boolean => Number.isFinite(loss) && loss > 0

function unfinished(points: readonly Point[]): readonly string[] {
  const lost = points.filter((p) => !usable(p)).map((p) => p.stage)
  return lost.length === 0 ? [] : [`left out, as they diverged: ${lost.join(', ')}`]
}

/** One point for each x, the one of the lowest loss, in the order of x. */
function lowest(points: readonly Point[], x: (point: Point) => number): readonly Point[] {
  const groups = new Map<number, Point[]>()
  for (const point of points) groups.set(x(point), [...(groups.get(x(point)) ?? []), point])
  return [...groups].sort(([a], [b]) => a - b).map(([, group]) => lowestOf(group))
}

function lowestOf(points: readonly Point[]): Point {
  return points.reduce((best, point) => (point.loss < best.loss ? point : best))
}

/** Budgets are spent in whole steps, so computes of one budget differ a little: their geometric mean. */
export function middleOf(points: readonly Point[]): number {
  return Math.exp(points.reduce((sum, p) => sum + Math.log(p.compute), 0) / Math.max(1, points.length))
}

/** `1.20e18`. */
export function scientific(n: number): string {
  return n.toExponential(2).replace('e+', 'e')
}

/** `19.1M`, `6.30k`. */
export function short(n: number): string {
  const [size, letter] = ([[1e9, 'B'], [1e6, 'M'], [1e3, 'k']] as const).find(([from]) => n >= from) ?? [1, ''] // prettier-ignore
  return `${(n / size).toPrecision(3)}${letter}`
}
