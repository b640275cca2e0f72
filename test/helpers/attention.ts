// Attention's formulas in float64, and one kernel run as a plan of its own: what the tests of its kernels share.
import assert from 'node:assert/strict'
import type { DeviceFacts } from '../../compiler/facts.ts'
import type { Dim, Type } from '../../compiler/graph/graph.ts'
import { scoreDims } from '../../compiler/graph/ops/attention.ts'
import { bytesOf, rowsOf } from '../../compiler/kernels/rows.ts'
import type { AttentionRequest, WrittenKernel } from '../../compiler/kernels/written.ts'
import type { TensorSpec, WebgpuPlan } from '../../compiler/plan/plan.ts'
import type { Backend, Data, Tensors } from '../../runtime/backend.ts'
import { floatsOf, halvesOf } from '../../runtime/half.ts'

export type Sizes = Readonly<Record<string, number>>
export interface AttentionCase {
  readonly q: string
  readonly k: string
  /** As k if not given. */
  readonly v?: string
  /** Extents by dim; `live` of them are bounded by twice as much. */
  readonly sizes: Sizes
  readonly live?: readonly string[]
  readonly causal?: boolean
  readonly facts?: (facts: DeviceFacts) => DeviceFacts
}

/** The head last, queries without a prime and keys with one. */
export const plain = 'batch time heads head'
export const keys = "batch time' heads head"

/** What a case asks of the kernels, in one of the dtypes. `key` and `time'` are the dims along keys. */
export function requestOf(c: AttentionCase, dtype: 'f32' | 'f16', kind: AttentionRequest['kind'], facts: DeviceFacts): AttentionRequest {
  const [q, k, v] = [c.q, c.k, c.v ?? c.k].map((dims) => typeOf(dims, dtype, c)) as [Type, Type, Type]
  const query = q.dims.find(({ name }) => name === 'time' || name === 'query')!.name
  const key = k.dims.find(({ name }) => name === "time'" || name === 'key')!.name
  const attrs = { causal: c.causal ?? false, scale: 0.3, query, key, head: 'head' }
  return { kind, attrs, q, k, v, wantLse: true, live: [...(c.live ?? [])], facts: c.facts?.(facts) ?? facts }
}

/** The types of all tensors that a request's kernels read or write, by name. */
export function typesOf({ attrs, q, k, v }: AttentionRequest): Readonly<Record<string, Type>> {
  const lse: Type = { dtype: 'f32', dims: q.dims.filter(({ name }) => name !== attrs.head) }
  const ds: Type = { dtype: q.dtype, dims: scoreDims(attrs, q, k) }
  return { q, k, v, lse, delta: lse, dy: q, y: q, dq: q, dk: k, dv: v, ds }
}

const bindings = {
  forward: { inputs: ['q', 'k', 'v'], results: ['y', 'lse'] },
  dq: { inputs: ['q', 'k', 'v', 'lse', 'delta', 'dy'], results: ['dq'] },
  dkv: { inputs: ['q', 'k', 'v', 'lse', 'delta', 'dy'], results: ['dk', 'dv'] },
} as const

/** Random inputs of up to `size`, as the tensors can hold them. */
export function attentionInputs(
  request: AttentionRequest,
  { sizes }: AttentionCase,
  size = 2,
): Readonly<Record<'q' | 'k' | 'v' | 'dy', Float32Array>> {
  const random = randomOf(7)
  const fill = (type: Type) => {
    const data = new Float32Array(lengthOf(type, sizes)).map(() => size * random())
    return type.dtype === 'f16' ? floatsOf(halvesOf(data)) : data
  }
  return { q: fill(request.q), k: fill(request.k), v: fill(request.v), dy: fill(request.q) }
}

/** Runs a request's kernel as a plan of its own; live extents are the case's sizes. */
export async function runAttention(
  backend: Backend,
  kernel: WrittenKernel,
  request: AttentionRequest,
  data: Tensors,
  c: AttentionCase,
): Promise<Tensors> {
  const types = typesOf(request)
  const specs = (names: readonly string[]): TensorSpec[] => names.map((name) => ({ name, type: types[name]!, rows: rowsOf(types[name]!) }))
  const { inputs, results } = bindings[request.kind]
  const [ins, outs] = [specs(inputs), specs([...results, ...(request.wantDs ? ['ds'] : [])])]
  const buffers = [...ins, ...outs].map(({ name, type }) => ({
    label: name,
    bytes: bytesOf(type),
  }))
  const bound = kernel.bindings.map((binding, i) => (binding === 'extents' ? -1 : i))
  const plan: WebgpuPlan = {
    target: 'webgpu',
    states: [],
    memory: { states: 0, activations: 0, largest: { name: 'q', bytes: 0 } },
    buffers,
    kernels: [kernel],
    programs: [
      {
        name: 'attention',
        inputs: ins,
        results: outs,
        states: [],
        live: (c.live ?? []).map((name) => ({ name, size: 2 * c.sizes[name]!, live: true })),
        steps: [{ kernel: 0, buffers: bound, groups: kernel.groups }],
        inputBuffers: ins.map((_, i) => i),
        resultBuffers: outs.map((_, i) => ins.length + i),
      },
    ],
  }
  await using executable = await backend.load(plan)
  return executable.run('attention', data, c.sizes)
}

export interface AttentionReference {
  readonly y: Float64Array
  readonly lse: Float64Array
  readonly delta: Float64Array
  readonly dq: Float64Array
  readonly dk: Float64Array
  readonly dv: Float64Array
  readonly ds: Float64Array
}

/** The op's definition, one query at a time, in float64. */
export function attentionReference(
  { attrs, q, k, v }: AttentionRequest,
  { sizes }: AttentionCase,
  data: Readonly<Record<'q' | 'k' | 'v' | 'dy', Float32Array>>,
): AttentionReference {
  const size = (name: string) => sizeOf(name, sizes)
  const index = (type: Type, at: Sizes) => type.dims.reduce((n, { name }) => n * size(name) + (at[name] ?? 0), 0)
  const empty = (type: Type) => new Float64Array(lengthOf(type, sizes))
  const lseType: Type = { ...q, dims: q.dims.filter(({ name }) => name !== attrs.head) }
  const dsType: Type = { ...q, dims: scoreDims(attrs, q, k) }
  const out = { y: empty(q), lse: empty(lseType), delta: empty(lseType), dq: empty(q), dk: empty(k), dv: empty(v), ds: empty(dsType) }
  const head = size(attrs.head)
  const step = (type: Type, name: string) => index(type, { [name]: 1 })
  const [qd, kd, vd] = [q, k, v].map((type) => step(type, attrs.head)) as [number, number, number]
  const dot = (a: Float32Array, i: number, di: number, b: Float32Array | Float64Array, j: number, dj: number) => {
    let sum = 0
    for (let d = 0; d < head; d++) sum += a[i + d * di]! * b[j + d * dj]!
    return sum
  }
  const add = (to: Float64Array, i: number, di: number, factor: number, x: Float32Array, j: number, dj: number) => {
    for (let d = 0; d < head; d++) to[i + d * di]! += factor * x[j + d * dj]!
  }
  for (let row = 0; row < out.lse.length; row++) {
    const at: Record<string, number> = {}
    lseType.dims.reduceRight((rest, { name }) => ((at[name] = rest % size(name)), Math.floor(rest / size(name))), row)
    const seen = attrs.causal ? Math.min(size(attrs.key), at[attrs.query]! + 1) : size(attrs.key)
    const qi = index(q, at)
    const rows = Array.from({ length: seen }, (_, j) => ({
      ki: index(k, { ...at, [attrs.key]: j }),
      vi: index(v, { ...at, [attrs.key]: j }),
    }))
    const scores = rows.map(({ ki }) => attrs.scale * dot(data.q, qi, qd, data.k, ki, kd))
    const lse = Math.log(scores.reduce((sum, s) => sum + Math.exp(s), 0))
    rows.forEach(({ vi }, j) => add(out.y, qi, qd, Math.exp(scores[j]! - lse), data.v, vi, vd))
    const delta = dot(data.dy, qi, qd, out.y, qi, qd)
    out.lse[row] = lse
    out.delta[row] = delta
    rows.forEach(({ ki, vi }, j) => {
      const p = Math.exp(scores[j]! - lse)
      const change = p * (dot(data.dy, qi, qd, data.v, vi, vd) - delta)
      const ds = attrs.scale * change
      out.ds[index(dsType, { ...at, [attrs.key]: j })] = change
      add(out.dq, qi, qd, ds, data.k, ki, kd)
      add(out.dk, ki, kd, ds, data.q, qi, qd)
      add(out.dv, vi, vd, p, data.dy, qi, qd)
    })
  }
  return out
}

export interface Tolerance {
  /** Of the root mean square of the error, relative to that of the expected values. */
  readonly rms: number
  /** Of a single error: so much of the expected value, and so much of the root mean square of all. */
  readonly relative: number
  readonly absolute: number
}

/** What is summed in f32, whichever dtype it came from. */
export const sums: Tolerance = { rms: 1e-5, relative: 0, absolute: 1e-4 }
/** The same, then rounded to 11 bits: an error of half the last one. */
export const halves: Tolerance = { rms: 2 ** -11 + sums.rms, relative: 2 ** -11, absolute: sums.absolute }

/** Of all results named in `tolerances`. SHOW=1 prints the errors. */
export function assertAttention(
  actual: Readonly<Record<string, Data>>,
  expected: AttentionReference,
  tolerances: Partial<Record<keyof AttentionReference, Tolerance>>,
): void {
  for (const [name, { rms, relative, absolute }] of Object.entries(tolerances)) {
    const [a, e] = [actual[name]!, expected[name as keyof AttentionReference]]
    assert.equal(a.length, e.length)
    const meanSquare = (f: (i: number) => number) => Math.sqrt(e.reduce((sum, _, i) => sum + f(i) ** 2, 0) / e.length)
    const scale = meanSquare((i) => e[i]!)
    const error = meanSquare((i) => a[i]! - e[i]!) / scale
    if (process.env['SHOW']) console.log(name, error.toExponential(2))
    assert.ok(error < rms, `${name}: relative error ${error}`)
    const isFar = (x: number, i: number) => !(Math.abs(a[i]! - x) < relative * Math.abs(x) + absolute * scale)
    const far = e.findIndex(isFar)
    assert.equal(far, -1, `${name}[${far}] is ${a[far]} instead of ${e[far]}`)
  }
}

function sizeOf(name: string, sizes: Sizes): number {
  return sizes[name] ?? sizes[name.replace(/'+$/, '')]!
}

function lengthOf(type: Type, sizes: Sizes): number {
  return type.dims.reduce((n, { name }) => n * sizeOf(name, sizes), 1)
}

function typeOf(dims: string, dtype: 'f32' | 'f16', { sizes, live = [] }: AttentionCase): Type {
  const dimOf = (name: string): Dim => {
    const size = sizeOf(name, sizes)
    return live.includes(name.replace(/'+$/, '')) ? { name, size: 2 * size, live: true } : { name, size }
  }
  return { dtype, dims: dims.split(' ').map(dimOf) }
}

function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  }
}
