// Attention kernels against the formulas in float64: every head size, odd lengths, dims in any order, grouped queries, live extents,
// devices with and without shuffles and with the least workgroup memory that WebGPU grants.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeviceFacts } from '../compiler/facts.ts'
import type { Dim, Type } from '../compiler/graph/graph.ts'
import { attentionKernel } from '../compiler/kernels/attention.ts'
import type { AttentionRequest, WrittenKernel } from '../compiler/kernels/written.ts'
import type { TensorSpec, WebgpuPlan } from '../compiler/plan/plan.ts'
import type { Data, Tensors } from '../runtime/backend.ts'
import { testBackend } from './helpers/webgpu.ts'

type Sizes = Readonly<Record<string, number>>
interface Case {
  readonly q: string
  readonly k: string
  readonly v?: string
  /** Extents by dim; `live` of them are bounded by twice as much. */
  readonly sizes: Sizes
  readonly live?: readonly string[]
  readonly causal?: boolean
  readonly facts?: (facts: DeviceFacts) => DeviceFacts
}

const plain = 'batch time heads head'
const keys = "batch time' heads head"
const cases: Readonly<Record<string, Case>> = {
  'bidirectional, head 64': { q: plain, k: keys, sizes: { batch: 2, time: 17, heads: 2, head: 64 } },
  'causal, head 64, several tiles': { q: plain, k: keys, sizes: { batch: 1, time: 97, heads: 1, head: 64 }, causal: true },
  'head 8, 17 queries on 33 keys': {
    q: 'batch query heads head',
    k: 'batch key heads head',
    sizes: { batch: 3, query: 17, key: 33, heads: 2, head: 8 },
  },
  'head 80, heads before time': {
    q: 'batch heads time head',
    k: "batch heads time' head",
    sizes: { batch: 1, time: 33, heads: 2, head: 80 },
    causal: true,
  },
  'head 128': { q: plain, k: keys, sizes: { batch: 1, time: 33, heads: 1, head: 128 } },
  'head 6, not last': {
    q: 'head batch time heads',
    k: "time' heads head batch",
    v: "batch head heads time'",
    sizes: { batch: 2, time: 17, heads: 2, head: 6 },
    causal: true,
  },
  'grouped queries': {
    q: 'batch time heads share head',
    k: "batch time' heads head",
    sizes: { batch: 2, time: 40, heads: 2, share: 3, head: 16 },
    causal: true,
  },
  'live batch and time': { q: plain, k: keys, sizes: { batch: 2, time: 19, heads: 2, head: 16 }, live: ['batch', 'time'] },
  'written out for hardware': {
    q: plain,
    k: keys,
    sizes: { batch: 1, time: 19, heads: 2, head: 4 },
    facts: (f) => ({ ...f, software: false }),
  },
  'no shuffles': { q: plain, k: keys, sizes: { batch: 1, time: 40, heads: 2, head: 80 }, facts: (f) => ({ ...f, features: [] }) },
  '16 KiB of workgroup memory': {
    q: plain, k: keys, sizes: { batch: 1, time: 40, heads: 1, head: 128 },
    facts: (f) => ({ ...f, features: [], limits: { ...f.limits, maxComputeWorkgroupStorageSize: 16384 } }),
  }, // prettier-ignore
}

for (const [name, c] of Object.entries(cases)) {
  test(`attention and its gradients: ${name}`, async () => {
    const backend = await testBackend()
    const facts = c.facts?.(backend.facts) ?? backend.facts
    const [q, k, v] = [c.q, c.k, c.v ?? c.k].map((dims) => typeOf(dims, c))
    const query = q!.dims.find(({ name }) => name === 'time' || name === 'query')!.name
    const key = k!.dims.find(({ name }) => name === "time'" || name === 'key')!.name
    const attrs = { causal: c.causal ?? false, scale: 0.3, query, key, head: 'head' }
    const lse = { ...q!, dims: q!.dims.filter(({ name }) => name !== 'head') }
    const request = (kind: AttentionRequest['kind']): AttentionRequest => {
      return { kind, attrs, q: q!, k: k!, v: v!, wantLse: true, live: [...(c.live ?? [])], facts }
    }
    const random = randomOf(7)
    const inputs = { q: fill(q!, c, random), k: fill(k!, c, random), v: fill(v!, c, random), dy: fill(q!, c, random) }
    const expected = reference(request('forward'), c, inputs)
    const specs = { q: q!, k: k!, v: v!, lse, delta: lse, dy: q! }

    const forward = await runKernel(attentionKernel(request('forward')), { q: q!, k: k!, v: v! }, { y: q!, lse }, inputs, c)
    assertClose(forward, expected, ['y', 'lse'])
    const all = { ...inputs, lse: Float32Array.from(expected.lse), delta: Float32Array.from(expected.delta) }
    assertClose(await runKernel(attentionKernel(request('dq')), specs, { dq: q! }, all, c), expected, ['dq'])
    assertClose(await runKernel(attentionKernel(request('dkv')), specs, { dk: k!, dv: v! }, all, c), expected, ['dk', 'dv'])
  })
}

test('without LSE the forward kernel does not bind it, and work is counted', async () => {
  const { facts } = await testBackend()
  const q = typeOf(plain, cases['bidirectional, head 64']!)
  const k = typeOf(keys, cases['bidirectional, head 64']!)
  const attrs = { causal: false, scale: 1, query: 'time', key: "time'", head: 'head' }
  const kernel = attentionKernel({ kind: 'forward', attrs, q, k, v: k, wantLse: false, live: [], facts })
  assert.deepEqual(kernel.bindings, ['read', 'read', 'read', 'write'])
  assert.equal(kernel.flops, 4 * 2 * 2 * 17 * 17 * 64)
  assert.deepEqual(kernel.groups, [1, 4, 1])
})

function sizeOf(name: string, sizes: Sizes): number {
  return sizes[name] ?? sizes[name.replace(/'+$/, '')]!
}

function typeOf(dims: string, { sizes, live = [] }: Case): Type {
  const dimOf = (name: string): Dim => {
    const size = sizeOf(name, sizes)
    return live.includes(name.replace(/'+$/, '')) ? { name, size: 2 * size, live: true } : { name, size }
  }
  return { dtype: 'f32', dims: dims.split(' ').map(dimOf) }
}

function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  }
}

function fill(type: Type, { sizes }: Case, random: () => number): Float32Array {
  return new Float32Array(type.dims.reduce((n, { name }) => n * sizeOf(name, sizes), 1)).map(() => 2 * random())
}

/** Runs one kernel as a plan of its own; live extents are the case's sizes. */
async function runKernel(
  kernel: WrittenKernel,
  inputs: Readonly<Record<string, Type>>,
  results: Readonly<Record<string, Type>>,
  data: Tensors,
  c: Case,
) {
  const specs = (types: Readonly<Record<string, Type>>): TensorSpec[] => Object.entries(types).map(([name, type]) => ({ name, type }))
  const [ins, outs] = [specs(inputs), specs(results)]
  const buffers = [...ins, ...outs].map(({ name, type }) => ({ label: name, bytes: 4 * type.dims.reduce((n, d) => n * d.size, 1) }))
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
  await using executable = await (await testBackend()).load(plan)
  return executable.run('attention', data, c.sizes)
}

interface Reference {
  readonly y: Float64Array
  readonly lse: Float64Array
  readonly delta: Float64Array
  readonly dq: Float64Array
  readonly dk: Float64Array
  readonly dv: Float64Array
}

/** The op's definition, one query at a time, in float64. */
function reference(
  { attrs, q, k, v }: AttentionRequest,
  { sizes }: Case,
  data: Readonly<Record<'q' | 'k' | 'v' | 'dy', Float32Array>>,
): Reference {
  const size = (name: string) => sizeOf(name, sizes)
  const index = (type: Type, at: Sizes) => type.dims.reduce((n, { name }) => n * size(name) + (at[name] ?? 0), 0)
  const empty = (type: Type) => new Float64Array(type.dims.reduce((n, { name }) => n * size(name), 1))
  const lseType: Type = { ...q, dims: q.dims.filter(({ name }) => name !== attrs.head) }
  const out = { y: empty(q), lse: empty(lseType), delta: empty(lseType), dq: empty(q), dk: empty(k), dv: empty(v) }
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
      const ds = attrs.scale * p * (dot(data.dy, qi, qd, data.v, vi, vd) - delta)
      add(out.dq, qi, qd, ds, data.k, ki, kd)
      add(out.dk, ki, kd, ds, data.q, qi, qd)
      add(out.dv, vi, vd, p, data.dy, qi, qd)
    })
  }
  return out
}

/** Root mean square of the error below 1e-5 of that of the expected values, and no single error beyond 1e-4 of it. */
function assertClose(actual: Readonly<Record<string, Data>>, expected: Reference, names: readonly (keyof Reference)[]): void {
  for (const name of names) {
    const [a, e] = [actual[name]!, expected[name]]
    assert.equal(a.length, e.length)
    const rms = (f: (i: number) => number) => Math.sqrt(e.reduce((sum, _, i) => sum + f(i) ** 2, 0) / e.length)
    const scale = rms((i) => e[i]!)
    const error = rms((i) => a[i]! - e[i]!) / scale
    if (process.env['SHOW']) console.log(name, error.toExponential(2))
    assert.ok(error < 1e-5, `${name}: relative error ${error}`)
    e.forEach((x, i) => assert.ok(Math.abs(a[i]! - x) < 1e-4 * scale, `${name}[${i}] is ${a[i]} instead of ${x}`))
  }
}
