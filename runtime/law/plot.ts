// Points and curves → one panel of an SVG with axes, linear or logarithmic. No more than a scaling law needs.

export interface Axis {
  readonly label: string
  readonly log: boolean
}

export interface Series {
  readonly colour: string
  readonly points?: readonly (readonly [number, number])[]
  /** Larger marks, with a ring. */
  readonly marks?: readonly (readonly [number, number])[]
  readonly curve?: readonly (readonly [number, number])[]
  readonly name?: string
}

export interface Panel {
  readonly title: string
  readonly x: Axis
  readonly y: Axis
  readonly series: readonly Series[]
}

/** Of a panel, in pixels. */
const SIZE = { width: 460, height: 340, left: 64, right: 16, top: 36, bottom: 48 } as const

/** Panels side by side. */
export function svg(panels: readonly Panel[]): string {
  const drawn = panels.map((panel, i) => `<g transform="translate(${i * SIZE.width},0)">${drawPanel(panel)}</g>`)
  const size = `width="${panels.length * SIZE.width}" height="${SIZE.height}"`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="11">\n<rect ${size} fill="white"/>\n${drawn.join('\n')}\n</svg>\n`
}

function drawPanel({ title, x, y, series }: Panel): string {
  const all = series.flatMap((s) => [...(s.points ?? []), ...(s.marks ?? []), ...(s.curve ?? [])])
  const { width, height, left, right, top, bottom } = SIZE
  const across = scale(x, all.map(([a]) => a), left, width - right) // prettier-ignore
  const up = scale(y, all.map(([, b]) => b), height - bottom, top) // prettier-ignore
  const at = ([a, b]: readonly [number, number]): string => `${fixed(across.at(a))},${fixed(up.at(b))}`
  const ticks = [
    ...across.ticks.map((t) => `<path d="M${fixed(across.at(t))} ${top}V${height - bottom}" stroke="#eee"/>${text(across.at(t), height - bottom + 15, tick(t), 'middle')}`), // prettier-ignore
    ...up.ticks.map((t) => `<path d="M${left} ${fixed(up.at(t))}H${width - right}" stroke="#eee"/>${text(left - 6, up.at(t) + 4, tick(t), 'end')}`), // prettier-ignore
  ]
  const lines = series.flatMap(({ colour, curve, points = [], marks = [] }) => [
    ...(curve ? [`<polyline points="${curve.map(at).join(' ')}" fill="none" stroke="${colour}" stroke-width="1.5"/>`] : []),
    ...points.map((p) => dot(at(p), 3, `fill="${colour}"`)),
    ...marks.map((p) => dot(at(p), 5, `fill="white" stroke="${colour}" stroke-width="2"`)),
  ])
  const names = series.filter((s) => s.name !== undefined)
  const legend = names.map((s, i) => text(width - right - 4, top + 14 + 14 * i, s.name!, 'end', s.colour))
  const frame = `<rect x="${left}" y="${top}" width="${width - left - right}" height="${height - top - bottom}" fill="none" stroke="#888"/>`
  const labels = [
    text((left + width - right) / 2, height - 12, x.label, 'middle'),
    `<g transform="translate(14,${(top + height - bottom) / 2}) rotate(-90)">${text(0, 0, y.label, 'middle')}</g>`,
    text(left, top - 14, title, 'start'),
  ]
  return [...ticks, frame, ...lines, ...legend, ...labels].join('\n')
}

interface Scale {
  readonly at: (value: number) => number
  readonly ticks: readonly number[]
}

function scale({ log }: Axis, values: readonly number[], from: number, to: number): Scale {
  const f = log ? Math.log : (v: number) => v
  const [low, high] = [Math.min(...values.map(f)), Math.max(...values.map(f))]
  const margin = (high - low || 1) * 0.06
  const [a, b] = [low - margin, high + margin]
  const inside = (v: number): boolean => f(v) >= a && f(v) <= b
  const at = (v: number): number => from + ((f(v) - a) / (b - a)) * (to - from)
  return { at, ticks: (log ? logTicks(Math.exp(a), Math.exp(b)) : linearTicks(a, b)).filter(inside) }
}

/** Powers of ten with 2 and 5 between; where a scale is so short that few are left, even steps. */
function logTicks(low: number, high: number): readonly number[] {
  const ticks: number[] = []
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const digit of [1, 2, 5]) ticks.push(digit * 10 ** power)
  }
  const inside = ticks.filter((t) => t >= low && t <= high)
  return inside.length >= 3 ? inside : linearTicks(low, high)
}

function linearTicks(low: number, high: number): readonly number[] {
  const rough = (high - low) / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].find((digit) => digit * power >= rough)! * power
  return Array.from({ length: 8 }, (_, i) => (Math.ceil(low / step) + i) * step)
}

function tick(n: number): string {
  return n >= 1e4 || n < 1e-3 ? n.toExponential().replace(/(\.\d)\d*/, '$1').replace('e+', 'e') : String(Number(n.toPrecision(4))) // prettier-ignore
}

function dot(at: string, radius: number, look: string): string {
  const [x, y] = at.split(',')
  return `<circle cx="${x}" cy="${y}" r="${radius}" ${look}/>`
}

function text(x: number, y: number, words: string, anchor: string, colour = '#222'): string {
  const safe = words.replace(/&/g, '&amp;').replace(/</g, '&lt;')
  return `<text x="${fixed(x)}" y="${fixed(y)}" text-anchor="${anchor}" fill="${colour}">${safe}</text>`
}

const fixed = (n: number): string => String(Number(n.toFixed(1)))
