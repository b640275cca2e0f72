// Gradients through what elaboration makes, against central differences: the library's network, a user's block and op.
import assert from 'node:assert/strict'
import test from 'node:test'
import { Report } from '../grammar/diagnostic.ts'
import { elaborateModel, type Model } from '../compiler/elaborate/model.ts'
import { applyOp } from '../compiler/elaborate/op.ts'
import type { Code, Scope } from '../compiler/elaborate/code.ts'
import { Builder, type Value } from '../compiler/graph/builder.ts'
import { evaluate } from '../compiler/graph/evaluate.ts'
import type { Dim, Graph } from '../compiler/graph/graph.ts'
import type { Tensor } from '../compiler/graph/ops/op.ts'
import { differentiate } from '../compiler/passes/differentiate.ts'
import { modelSpec, op, page } from './elaborate-fixture.ts'
import { generator, randomWeights } from './elaborate-transformer.ts'

const TIME: Dim = { name: 'time', size: 4 }
const TOKENS = [1, 4, 0, 3]

function model(scope: Scope, settings: Readonly<Record<string, number | boolean | Code>>): Model {
  const report = new Report()
  const made = elaborateModel(modelSpec(scope, { layers: 2, width: 8, heads: 4, hidden: 6, context: 4, ...settings }), { vocab: 5, report })
  assert.deepEqual(report.diagnostics, [])
  assert.ok(made)
  return made
}

/** Loss and, with `gradients`, its gradient of every weight. The loss is the cross-entropy of the tokens moved by one. */
function lossGraph(scope: Scope, m: Model, gradients: boolean): Graph {
  const b = new Builder()
  const report = new Report()
  const tokens = b.input('tokens', 'data', { dtype: 'i32', dims: [TIME] })
  const target = b.input('target', 'data', { dtype: 'i32', dims: [TIME] })
  const weights: Value[] = []
  const logits = m.apply(b, tokens, (w) => {
    const value = b.input(w.name, 'state', { dtype: 'f32', dims: w.dims })
    weights.push(value)
    return value
  })
  const loss = b.reduce('reduce_sum', applyOp(b, op(scope, 'cross_entropy'), [logits, target], report, { d: 'vocab' }), ['time'])
  assert.deepEqual(report.diagnostics, [])
  b.result('loss', loss)
  if (gradients) differentiate(b, loss, weights).forEach((g, i) => b.result(m.weights[i]!.name, g))
  return b.finish()
}

function checkGradients(scope: Scope, m: Model): void {
  const weights = randomWeights(m.weights, 3)
  const inputs = (): Record<string, Tensor> => ({
    ...Object.fromEntries(m.weights.map((w): [string, Tensor] => [w.name, { dims: w.dims, data: weights[w.name]! }])),
    tokens: { dims: [TIME], data: Float64Array.from(TOKENS) },
    target: { dims: [TIME], data: Float64Array.from([2, 0, 3, 4]) },
  })
  const forward = lossGraph(scope, m, false)
  const loss = (): number => evaluate(forward, inputs())['loss']!.data[0]!
  const found = evaluate(lossGraph(scope, m, true), inputs())
  const random = generator(7)
  for (const { name } of m.weights) {
    const w = weights[name]!
    for (let n = 0; n < 3; n++) {
      const i = Math.floor(random() * w.length)
      const [old, h] = [w[i]!, 1e-5]
      w[i] = old + h
      const above = loss()
      w[i] = old - h
      const below = loss()
      w[i] = old
      const [slope, gradient] = [(above - below) / (2 * h), found[name]!.data[i]!]
      assert.ok(Math.abs(slope - gradient) < 1e-7 * Math.max(1, Math.abs(slope)), `${name}[${i}]: ${gradient}, but the slope is ${slope}`)
    }
  }
}

const KINDS: Readonly<Record<string, Readonly<Record<string, number | boolean>>>> = {
  'seeing both ways': { groups: 2 },
  causal: { causal: true },
}
for (const [title, settings] of Object.entries(KINDS)) {
  test(`the gradient of the library's transformer, ${title}`, () => {
    const scope = page('')
    checkGradients(scope, model(scope, settings))
  })
}

test('the gradient through a block and an op of the user', () => {
  const scope = page(`
    op relu2(x) = max(x, 0) ^ 2
    grad(dy) { x: dy * 2 * max(x, 0) }
    block parallel(x: [time, width]) -> [time, width] {
      param hidden
      weight Win: [width, hidden]
      weight Wout: [hidden, width]
      n = rmsnorm[width](x)
      h = relu2(sum[width](n * Win))
      return x + attention(n) + sum[hidden](h * Wout)
    }`)
  const m = model(scope, { layer: scope.code(['parallel'])! })
  assert.deepEqual(
    m.weights.map((w) => w.name).slice(2, 9),
    ['Win', 'Wout', 'rmsnorm.gain', 'attention.Wq', 'attention.Wk', 'attention.Wv', 'attention.Wo'].map((n) => `layers.0.parallel.${n}`),
  )
  checkGradients(scope, m)
})

/** dy is 1, 2, 3, … along the result. */
function gradientsOf(scope: Scope, name: string, args: readonly Tensor[]): readonly Tensor[] {
  const b = new Builder()
  const report = new Report()
  const inputs = args.map((a, i) => b.input(`x${i}`, 'data', { dtype: 'f32', dims: a.dims }))
  const y = applyOp(b, op(scope, name), inputs, report)
  assert.deepEqual(report.diagnostics, [])
  const rising = b.binary('add', b.cast(b.position(y.type.dims[0]!), 'f32'), 1)
  const loss = b.reduce('reduce_sum', b.binary('mul', y, rising), y.type.dims.map((d) => d.name)) // prettier-ignore
  differentiate(b, loss, inputs).forEach((g, i) => b.result(`dx${i}`, g))
  const results = evaluate(b.finish(), Object.fromEntries(args.map((a, i) => [`x${i}`, a])))
  return args.map((_, i) => results[`dx${i}`]!)
}

const row = (name: string, ...data: number[]): Tensor => ({ dims: [{ name, size: data.length }], data: Float64Array.from(data) })

test('a gradient that is given takes the place of the derived one', () => {
  const scope = page('op quantise(x) = round(x * 127) / 127\ngrad(dy) { x: dy }')
  assert.deepEqual([...gradientsOf(scope, 'quantise', [row('width', 0.1, 0.2, 0.3)])[0]!.data], [1, 2, 3])
})

test('a given gradient is summed over what its argument was spread along', () => {
  const scope = page('op scale(x, gain) = x * gain\ngrad(dy) { x: dy * gain, gain: dy * x }')
  const [dx, dgain] = gradientsOf(scope, 'scale', [row('width', 4, 5, 6), { dims: [], data: Float64Array.of(2) }])
  assert.deepEqual([...dx!.data], [2, 4, 6])
  assert.deepEqual([...dgain!.data], [4 + 10 + 18])
})

test('an op in WGSL has the gradient that it gives', () => {
  const scope = page('op relu2(x) = wgsl "let r = max(x, 0.0); return r * r;"\ngrad(dy) { x: dy * 2 * max(x, 0) }')
  const b = new Builder()
  const x = b.input('x', 'data', { dtype: 'f32', dims: [{ name: 'width', size: 3 }] })
  const y = applyOp(b, op(scope, 'relu2'), [x], new Report())
  const call = b.node(y)
  assert.ok(call.op === 'call')
  const native = call.attrs.body.nodes.find((n) => n.op === 'native')
  assert.deepEqual(native?.attrs, { name: 'relu2', code: 'let r = max(x, 0.0); return r * r;', params: ['x'] })
  const [dx] = differentiate(b, y, [x])
  b.result('dx', dx!)
  assert.deepEqual([...evaluate(b.finish(), { x: row('width', -1, 0.5, 3) })['dx']!.data], [0, 1, 6])
})
