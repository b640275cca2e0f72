// A scaling law → its figure: the parabolas of an isoflop fit and the line through their minima, or a power law's points and line.
import { factorOf, scientific, type Isoflop, type Point, type Power } from './law.ts'
import { parabolaAt, type Line } from './least-squares.ts'
import { svg, type Panel } from './plot.ts'

const COLOURS = ['#4477aa', '#ee6677', '#228833', '#ccbb44', '#66ccee', '#aa3377', '#888888'] as const
const LOSS = { label: 'loss, nats per token', log: false } as const
const NAMES = { compute: 'compute, 6 N D flops', parameters: 'parameters, without embeddings' } as const

/** `points`: all trainings, one list a budget. */
export function figure(law: Isoflop | Power, points: readonly (readonly Point[])[]): string {
  if (law.kind === 'power') return svg([linePanel(law.loss, law.over, law.points.map((p) => [p[law.over], p.loss]))]) // prettier-ignore
  const best = law.best.map((b) => [b.compute, b.loss] as const)
  return svg([isoflopPanel(law, points), linePanel(law.loss, 'compute', best)])
}

function isoflopPanel({ best }: Isoflop, budgets: readonly (readonly Point[])[]): Panel {
  const series = budgets.map((points, i) => {
    const colour = COLOURS[i % COLOURS.length]!
    const known = points.filter((p) => Number.isFinite(p.loss)).map((p) => [p.parameters, p.loss] as const)
    const found = best.find((b) => points.some((p) => Math.abs(Math.log(p.compute / b.compute)) < 0.1))
    const compute = found?.compute ?? points[0]?.compute ?? 0
    if (!found) return { colour, points: known, name: `${scientific(compute)} flops` }
    const sizes = [...points.map((p) => p.parameters), found.parameters]
    const curve = along(Math.min(...sizes), Math.max(...sizes)).map((n) => [n, parabolaAt(found.curve, Math.log(n))] as const)
    return { colour, points: known, curve, marks: [[found.parameters, found.loss] as const], name: `${scientific(compute)} flops` }
  })
  return { title: 'the best size at each budget', x: { label: NAMES.parameters, log: true }, y: LOSS, series }
}

function linePanel(line: Line, over: Power['over'], points: readonly (readonly [number, number])[]): Panel {
  const xs = points.map(([x]) => x)
  const curve = along(Math.min(...xs), Math.max(...xs)).map((x) => [x, factorOf(line) * x ** line.slope] as const)
  const letter = over === 'compute' ? 'C' : 'N'
  const title = `L = ${factorOf(line).toPrecision(3)} · ${letter}^${line.slope.toFixed(4)}`
  return { title, x: { label: NAMES[over], log: true }, y: { ...LOSS, log: true }, series: [{ colour: COLOURS[0], points, curve }] }
}

/** Fifty values, evenly spaced in their logarithm. */
function along(from: number, to: number): readonly number[] {
  return Array.from({ length: 50 }, (_, i) => from * (to / from) ** (i / 49))
}
