// What the library's transformer computes, against one written by hand; and how a model sits in a larger graph.
import assert from 'node:assert/strict'
import test from 'node:test'
import { Report } from '../grammar/diagnostic.ts'
import { elaborateModel, type Model } from '../compiler/elaborate/model.ts'
import { Builder } from '../compiler/graph/builder.ts'
import { evaluate } from '../compiler/graph/evaluate.ts'
import type { Dim } from '../compiler/graph/graph.ts'
import type { Tensor } from '../compiler/graph/ops/op.ts'
import { modelSpec, page } from './elaborate-fixture.ts'
import { randomWeights, transformer, type Sizes, type Weights } from './elaborate-transformer.ts'

const SIZES: Sizes = { vocab: 7, layers: 2, width: 24, heads: 6, groups: 6, hidden: 20, causal: false }

function model({ vocab, ...settings }: Sizes): Model {
  const report = new Report()
  const made = elaborateModel(modelSpec(page(''), { ...settings, context: 16 }), { vocab, report })
  assert.deepEqual(report.diagnostics, [])
  assert.ok(made)
  return made
}

function logits(m: Model, weights: Weights, dims: readonly Dim[], tokens: readonly number[]): Tensor {
  const b = new Builder()
  const input = b.input('tokens', 'data', { dtype: 'i32', dims })
  b.result(
    'logits',
    m.apply(b, input, (w) => b.input(w.name, 'state', { dtype: 'f32', dims: w.dims })),
  )
  const states = Object.fromEntries(m.weights.map((w): [string, Tensor] => [w.name, { dims: w.dims, data: weights[w.name]! }]))
  const result = evaluate(b.finish(), { ...states, tokens: { dims, data: Float64Array.from(tokens) } })
  return result['logits']!
}

function assertClose(found: Float64Array, expected: readonly number[], tolerance = 1e-12): void {
  assert.equal(found.length, expected.length)
  const worst = Math.max(...expected.map((x, i) => Math.abs(x - found[i]!)))
  assert.ok(worst < tolerance, `differs by ${worst}`)
}

const time = (size: number): Dim => ({ name: 'time', size })
const TOKENS = [3, 0, 6, 1, 5]

for (const [title, more] of Object.entries({
  'seeing both ways': {},
  causal: { causal: true },
  'with groups of heads that share keys': { groups: 2 },
  'causal, one group for all heads': { causal: true, groups: 1 },
})) {
  test(`a transformer ${title} equals the one written by hand`, () => {
    const sizes = { ...SIZES, ...more }
    const m = model(sizes)
    const weights = randomWeights(m.weights)
    assertClose(logits(m, weights, [time(5)], TOKENS).data, transformer(sizes, weights, TOKENS).flat())
  })
}

test('sequences of a batch, and of any further dimension, do not see each other', () => {
  const m = model(SIZES)
  const weights = randomWeights(m.weights)
  const rows = [TOKENS, [1, 2, 3, 4, 5], [7, 7, 7, 7, 7], [0, 7, 0, 7, 0]]
  const dims = [{ name: 'draw', size: 2 }, { name: 'batch', size: 2 }, time(5)]
  const found = logits(m, weights, dims, rows.flat())
  assert.deepEqual(found.dims, [...dims, { name: 'vocab', size: 7 }])
  assertClose(found.data, rows.flatMap((r) => transformer(SIZES, weights, r).flat())) // prettier-ignore
})

test('the mask is a symbol of models that see both ways only', () => {
  const table = (m: Model) => m.weights.find((w) => w.name === 'E')?.dims
  assert.deepEqual(table(model(SIZES)), [
    { name: 'symbols', size: 8 },
    { name: 'width', size: 24 },
  ])
  assert.deepEqual(table(model({ ...SIZES, causal: true })), [
    { name: 'symbols', size: 7 },
    { name: 'width', size: 24 },
  ])
})

test('composites stay closed, with the arguments that kernels are chosen by', () => {
  const m = model(SIZES)
  const b = new Builder()
  const tokens = b.input('tokens', 'data', { dtype: 'i32', dims: [time(5)] })
  b.result(
    'y',
    m.apply(b, tokens, (w) => b.input(w.name, 'state', { dtype: 'f32', dims: w.dims })),
  )
  const calls = b.finish().nodes.flatMap((n) => (n.op === 'call' ? [n.attrs] : []))
  const find = (name: string) => calls.filter((c) => c.name === name)
  assert.deepEqual(find('rope').map((c) => c.args), Array(4).fill({ base: 10000, turn: 1 })) // prettier-ignore
  assert.deepEqual(find('softmax').map((c) => c.args), Array(2).fill({ d: "time'" })) // prettier-ignore
  assert.equal(find('rope')[0]?.grads?.length, 1)
  assert.equal(find('rope')[0]?.body, find('rope')[2]?.body, 'equal calls share their body')
})
