// Ops outside of bodies: on numbers, their slopes, and applied in a graph; the library's formulas against plain arithmetic.
import assert from 'node:assert/strict'
import test from 'node:test'
import { Report } from '../grammar/diagnostic.ts'
import type { Scope } from '../compiler/elaborate/code.ts'
import { applyOp, derivativeOp, numericOp } from '../compiler/elaborate/op.ts'
import { Builder } from '../compiler/graph/builder.ts'
import { evaluate } from '../compiler/graph/evaluate.ts'
import type { Dim, Dtype } from '../compiler/graph/graph.ts'
import { op, page } from './elaborate-fixture.ts'

function onNumbers(scope: Scope, name: string): (...args: number[]) => number {
  const report = new Report()
  const f = numericOp(op(scope, name), report)
  assert.deepEqual(report.diagnostics, [])
  assert.ok(f)
  return f
}

function slope(scope: Scope, name: string): (...args: number[]) => number {
  const report = new Report()
  const f = derivativeOp(op(scope, name), report)
  assert.deepEqual(report.diagnostics, [])
  assert.ok(f)
  return f
}

interface Arg {
  readonly dims: readonly Dim[]
  readonly data: readonly number[]
  readonly dtype?: Dtype
}

function apply(
  scope: Scope,
  name: string,
  args: readonly (Arg | number)[],
  dims: Readonly<Record<string, string>> = {},
): readonly number[] {
  const b = new Builder()
  const report = new Report()
  const values = args.map((a, i) => (typeof a === 'number' ? a : b.input(`x${i}`, 'data', { dtype: a.dtype ?? 'f32', dims: a.dims })))
  b.result('y', applyOp(b, op(scope, name), values, report, dims))
  assert.deepEqual(report.diagnostics, [])
  const tensors = args.flatMap((a, i) =>
    typeof a === 'number' ? [] : [[`x${i}`, { dims: a.dims, data: Float64Array.from(a.data) }] as const],
  )
  return [...evaluate(b.finish(), Object.fromEntries(tensors))['y']!.data]
}

const close = (found: number, expected: number): void => assert.ok(Math.abs(found - expected) < 1e-12, `${found} is not ${expected}`)

test('the schedules run from 0 to 1, and their slopes are those of their formulas', () => {
  const scope = page('')
  for (const [name, p, dp] of [
    ['linear', (t: number) => t, () => 1],
    ['cosine', (t: number) => Math.cos((Math.PI / 2) * (1 - t)), (t: number) => (Math.PI / 2) * Math.sin((Math.PI / 2) * (1 - t))],
    ['root', Math.sqrt, (t: number) => 0.5 / Math.sqrt(t)],
    ['square', (t: number) => t * t, (t: number) => 2 * t],
  ] as const) {
    const f = onNumbers(scope, name)
    const df = slope(scope, name)
    close(f(0), 0)
    close(f(1), 1)
    for (const t of [0.1, 0.5, 0.93]) {
      close(f(t), p(t))
      close(df(t), dp(t))
    }
  }
})

test('an op on numbers may use names of its page, lets, branches and other ops', () => {
  const scope = page(`
    let bend = 3
    op kink(t) {
      let half = 1 / 2
      y = if t < half then twice(t) else t ^ bend
      return y
    }
    op twice(t) = 2 * t`)
  assert.deepEqual(
    [0.25, 0.5, 2].map((t) => onNumbers(scope, 'kink')(t)),
    [0.5, 0.125, 8],
  )
  assert.deepEqual(
    [0.25, 2].map((t) => slope(scope, 'kink')(t)),
    [2, 12],
  )
})

test('the slope is by the first argument, and a given gradient counts', () => {
  const scope = page('op f(p, dp) = p * p * dp\nop g(x) = round(x)\ngrad(dy) { x: 3 * dy }')
  close(slope(scope, 'f')(2, 5), 20)
  close(slope(scope, 'g')(0.3), 3)
})

test('a repeat unrolls on numbers as it does on tensors', () => {
  const scope = page('op power(x, n = 3) {\n  y = x\n  repeat (n - 1) {\n    y = y * x\n  }\n  return y\n}')
  close(onNumbers(scope, 'power')(2), 8)
  assert.deepEqual(apply(scope, 'power', [{ dims: [{ name: 'a', size: 2 }], data: [2, 3] }, 2]), [4, 9])
})

const VOCAB: Dim = { name: 'vocab', size: 4 }
const SLOT: Dim = { name: 'slot', size: 2 }
const P: Arg = { dims: [SLOT, VOCAB], data: [0.1, 0.6, 0.3, 0, 0.4, 0.1, 0.1, 0.4] }

test('orders of the sampler lift over positions', () => {
  const scope = page('')
  apply(scope, 'margin', [P]).forEach((x, i) => close(x, [0.3, 0][i]!))
  apply(scope, 'peak', [P]).forEach((x, i) => close(x, [0.6, 0.4][i]!))
  const entropy = (p: number[]) => p.reduce((sum, x) => sum + (x > 0 ? x * Math.log(x) : 0), 0)
  apply(scope, 'certainty', [P]).forEach((x, i) => close(x, entropy([...P.data.slice(4 * i, 4 * i + 4)])))
})

test('cross_entropy is logsumexp less the logit of the target, without overflow', () => {
  const logits: Arg = { dims: [SLOT, VOCAB], data: [1, 2, 3, 4, 1000, 0, 0, 1000] }
  const target: Arg = { dims: [SLOT], data: [3, 0], dtype: 'i32' }
  const [first, second] = apply(page(''), 'cross_entropy', [logits, target], { d: 'vocab' })
  close(first!, Math.log(Math.exp(1) + Math.exp(2) + Math.exp(3) + Math.exp(4)) - 4)
  close(second!, Math.log(2))
})

test('a sum of whole numbers is whole where 32 bits hold it', () => {
  for (const [factor, dtype] of [
    [2, 'i32'],
    [200_000_000, 'f32'],
  ] as const) {
    const b = new Builder()
    const x = b.input('x', 'data', { dtype: 'f32', dims: [{ name: 'n', size: 10 }] })
    const total = op(page(`op total(x: [n]) -> float = min[n](x) + sum[n](pos[n] * ${factor})`), 'total')
    const call = b.node(applyOp(b, total, [x], new Report()))
    assert.ok(call.op === 'call')
    assert.equal(call.attrs.body.nodes.find((node) => node.op === 'reduce_sum')?.type.dtype, dtype)
  }
})

test('softmax along a primed dimension leaves the unprimed one alone', () => {
  const dims = [
    { name: 'time', size: 2 },
    { name: "time'", size: 2 },
  ]
  const found = apply(page(''), 'softmax', [{ dims, data: [0, 0, 0, Math.log(3)] }], { d: "time'" })
  found.forEach((x, i) => close(x, [0.5, 0.5, 0.25, 0.75][i]!))
})

test('AdamW steps as its reference does', () => {
  const scope = page('')
  const dims = [{ name: 'width', size: 2 }]
  const [beta1, beta2, rate, eps, decay] = [0.9, 0.95, 0.01, 1e-8, 0.1]
  const gradients = [
    [0.5, -2],
    [0.1, 0.3],
    [-1, 0],
  ]
  let [w, m, v] = [
    [1, -2],
    [0, 0],
    [0, 0],
  ]
  const expected = { w: [...w], m: [0, 0], v: [0, 0] }
  gradients.forEach((g, i) => {
    const [c1, c2] = [1 - beta1 ** (i + 1), 1 - beta2 ** (i + 1)]
    const arg = (data: readonly number[]): Arg => ({ dims, data })
    m = [...apply(scope, 'first_moment', [arg(m), arg(g), beta1])]
    v = [...apply(scope, 'second_moment', [arg(v), arg(g), beta2])]
    w = [...apply(scope, 'adamw', [arg(w), arg(m), arg(v), rate, c1, c2, eps, decay])]
    for (const j of [0, 1]) {
      expected.w[j]! *= 1 - rate * decay
      expected.m[j] = expected.m[j]! + (1 - beta1) * (g[j]! - expected.m[j]!)
      expected.v[j] = beta2 * expected.v[j]! + (1 - beta2) * g[j]! ** 2
      expected.w[j]! -= ((rate / c1) * expected.m[j]) / (Math.sqrt(expected.v[j]) / Math.sqrt(c2) + eps)
      close(w[j]!, expected.w[j]!)
    }
  })
})

test('indices: lookups, constants, rotations and lookups along what they look into', () => {
  const scope = page(`
    op second(x: [a]) -> float = x[a: 1]
    op backwards(x: [a]) -> [a] = x[a: a - 1 - pos[a]]
    op turned(x: [a]) -> [a] = x[a: (pos[a] + 2) mod a]
    op back(x: [a]) -> [a] = x[a: (pos[a] - 1) mod a]`)
  const x: Arg = { dims: [{ name: 'a', size: 3 }], data: [10, 20, 30] }
  assert.deepEqual(apply(scope, 'second', [x]), [20])
  assert.deepEqual(apply(scope, 'backwards', [x]), [30, 20, 10])
  assert.deepEqual(apply(scope, 'turned', [x]), [30, 10, 20])
  assert.deepEqual(apply(scope, 'back', [x]), [30, 10, 20])
})
