// A transformer written by hand in float64, loop by loop, as a judge of the one in the library.
import type { WeightSpec } from '../compiler/plan/jobs.ts'

export interface Sizes {
  readonly vocab: number
  readonly layers: number
  readonly width: number
  readonly heads: number
  readonly groups: number
  readonly hidden: number
  readonly causal: boolean
}

export type Weights = Readonly<Record<string, Float64Array>>

/** Logits [time][vocab] of one sequence. Weights by the names and layouts of the library. */
export function transformer(sizes: Sizes, w: Weights, tokens: readonly number[]): number[][] {
  const { width, layers, vocab } = sizes
  const E = at(w, 'E')
  let x = tokens.map((t) => range(width).map((i) => E[t * width + i]!))
  for (let l = 0; l < layers; l++) {
    const path = `layers.${l}.prenorm.`
    const a = attention(sizes, w, `${path}attention.`, x.map((row) => norm(row, at(w, `${path}rmsnorm.gain`)))) // prettier-ignore
    x = x.map((row, t) => row.map((v, i) => v + a[t]![i]!))
    const m = x.map((row) => perceptron(sizes, w, `${path}swiglu.`, norm(row, at(w, `${path}rmsnorm.2.gain`))))
    x = x.map((row, t) => row.map((v, i) => v + m[t]![i]!))
  }
  return x.map((row) => times(norm(row, at(w, 'rmsnorm.gain')), at(w, 'U'), vocab))
}

function attention({ width, heads, groups, causal }: Sizes, w: Weights, path: string, x: number[][]): number[][] {
  const head = width / heads
  const share = heads / groups
  const q = x.map((row) => times(row, at(w, `${path}Wq`), heads * head))
  const k = x.map((row) => times(row, at(w, `${path}Wk`), groups * head))
  const v = x.map((row) => times(row, at(w, `${path}Wv`), groups * head))
  const part = (row: number[], i: number): number[] => row.slice(i * head, (i + 1) * head)
  return x.map((_, t) => {
    const mixed = range(heads).flatMap((h) => {
      const g = Math.floor(h / share)
      const query = turn(part(q[t]!, h), t)
      const seen = range(causal ? t + 1 : x.length)
      const scores = seen.map((s) => dot(query, turn(part(k[s]!, g), s)) / Math.sqrt(head))
      const top = Math.max(...scores)
      const e = scores.map((s) => Math.exp(s - top))
      const total = e.reduce((a, b) => a + b)
      return range(head).map((i) => seen.reduce((sum, s, j) => sum + (e[j]! / total) * v[s]![g * head + i]!, 0))
    })
    return times(mixed, at(w, `${path}Wo`), width)
  })
}

/** Rotary positions with tables rounded to bfloat16. */
function turn(x: number[], position: number): number[] {
  const half = x.length / 2
  return x.map((v, i) => {
    const angle = position / 10000 ** ((i % half) / half)
    const other = i < half ? -x[i + half]! : x[i - half]!
    return v * bfloat16(Math.cos(angle)) + other * bfloat16(Math.sin(angle))
  })
}

function bfloat16(x: number): number {
  if (x === 0) return 0
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(x))) - 7)
  const n = Math.floor(Math.abs(x) / unit)
  const rest = Math.abs(x) / unit - n
  return Math.sign(x) * unit * (rest > 0.5 || (rest === 0.5 && n % 2 === 1) ? n + 1 : n)
}

function perceptron({ hidden, width }: Sizes, w: Weights, path: string, x: number[]): number[] {
  const gate = times(x, at(w, `${path}Wgate`), hidden)
  const value = times(x, at(w, `${path}Win`), hidden)
  return times(gate.map((g, i) => (g / (1 + Math.exp(-g))) * value[i]!), at(w, `${path}Wout`), width) // prettier-ignore
}

function norm(x: number[], gain: Float64Array): number[] {
  const size = Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / x.length + 1e-5)
  return x.map((v, i) => (v / size) * gain[i]!)
}

/** Row vector times matrix [x.length, columns]. */
function times(x: number[], matrix: Float64Array, columns: number): number[] {
  return range(columns).map((j) => x.reduce((sum, v, i) => sum + v * matrix[i * columns + j]!, 0))
}

const dot = (a: number[], b: number[]): number => a.reduce((sum, v, i) => sum + v * b[i]!, 0)
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

function at(w: Weights, name: string): Float64Array {
  const found = w[name]
  if (found === undefined) throw new Error(`no weight ${name}`)
  return found
}

/** Reproducible weights of about unit size. */
export function randomWeights(specs: readonly WeightSpec[], seed = 1): Record<string, Float64Array> {
  const random = generator(seed)
  return Object.fromEntries(
    specs.map(({ name, dims }) => {
      const count = dims.reduce((n, d) => n * d.size, 1)
      return [name, Float64Array.from({ length: count }, () => random() * 1.2 - 0.5)]
    }),
  )
}

export function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
