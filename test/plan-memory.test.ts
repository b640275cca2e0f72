// The estimate of memory before a device is asked, against compiled plans; what it says of largest tensors; and what would fit.
import assert from 'node:assert/strict'
import test from 'node:test'
import { readFacts } from '../cli/device.ts'
import { preludeScope } from '../cli/library.ts'
import { Library } from '../compiler/build/library.ts'
import { keptBy } from '../compiler/check/kept.ts'
import { memoryOf } from '../compiler/check/memory.ts'
import { choose } from '../compiler/compile.ts'
import { elaborateModel, type Model } from '../compiler/elaborate/model.ts'
import { planText } from '../compiler/report/plan-text.ts'
import { Report } from '../grammar/diagnostic.ts'
import { folder, modelSpec, scopeOf } from './elaborate-fixture.ts'
import { checked, page, pipelineOf, trainOf } from './helpers/check.ts'

const facts = readFacts('test/devices/nvidia-h200.json')
const library = new Library(preludeScope())

function model(
  size: { readonly layers: number; readonly heads: number; readonly width: number; readonly context: number },
  vocab: number,
): Model {
  const spec = modelSpec(scopeOf(folder('std')), size)
  return elaborateModel(spec, { vocab, report: new Report() }) ?? assert.fail('the model is wrong')
}

/** How far an estimate may be from the plan that is run. */
const BOUND = 0.05

const SIZES = { '6M': { layers: 6, heads: 4, width: 256 }, '170M': { layers: 18, heads: 12, width: 768 } } as const

for (const [name, size] of Object.entries(SIZES)) {
  for (const [context, vocab] of [
    [2048, 32_000],
    [2048, 256],
    [256, 256],
    [4096, 128_256],
  ] as const) {
    test(`the estimate of the ${name} with ${vocab} words at ${context} tokens is within ${BOUND * 100}% of its plan for an H200`, () => {
      const built = model({ ...size, context }, vocab)
      const estimate = memoryOf(built)
      const { plan } = choose({ ...trainOf(page()), model: built, context, batch: 256 }, { facts, library, micro: 1 })
      assert.equal(estimate.state, plan.memory.states)
      const off = estimate.sequence / plan.memory.activations - 1
      assert.ok(Math.abs(off) < BOUND, `${(off * 100).toFixed(1)}%`)
    })
  }
}

test('state is 16 bytes a parameter; 20 floats of the stream a layer and token are kept', () => {
  const built = model({ ...SIZES['170M'], context: 2048 }, 32_000)
  const { weights, gradients, optimizer } = memoryOf(built)
  assert.deepEqual(
    [weights, gradients, optimizer],
    [4, 4, 8].map((n) => n * built.parameters),
  )
  const stream = keptBy(built).tensors.filter((t) => t.dims.some((d) => d.size === 2048))
  const floats = stream.reduce((n, t) => n + t.bytes / 4, 0) / 2048 / 768 / 18
  assert.ok(floats > 20 && floats < 20.5, String(floats))
})

test('the largest tensor: logits of a large vocabulary, else what the perceptron makes', () => {
  const big = memoryOf(model({ ...SIZES['6M'], context: 2048 }, 32_000)).largest
  assert.deepEqual([big.op, big.bytes], ['logits', 4 * 2048 * 32_000])
  const small = memoryOf(model({ ...SIZES['6M'], context: 2048 }, 256)).largest
  assert.deepEqual([small.dims.map((d) => d.size), small.bytes], [[2048, 1024], 4 * 2048 * 1024])
})

const SLIP = `block wide(x: [time, width]) -> [time, width] {
  param hidden
  weight A: [width, hidden]
  weight B: [hidden]
  y = sum[width](x * A)
  z = silu(x) * silu(y)
  return sum[hidden](z * B)
}
block slip(tokens: symbols[time]) -> [time, vocab] {
  param vocab
  param context = 512
  param width   = 64
  param hidden  = 64
  let symbols = vocab + 1
  weight E: [symbols, width]
  weight U: [width, vocab]
  x = wide(E[symbols: tokens])
  return sum[width](x * U)
}
data d = text("d.txt") {}
train t { model: slip {}, data: d, batch: 4 sequences, budget: 10 steps }`

test('a product whose factors share no dimension is pointed out', () => {
  const plan = planText(pipelineOf(SLIP))
  assert.match(plan, /careful {4}`mul` \[time 512, width 64, hidden 64\], 8 MiB: more than the largest weight, from factors that share/)
  assert.doesNotMatch(planText(pipelineOf(page())), /careful/)
})

test('--memory refuses by cause, and says which preset and which context would fit', () => {
  const text = 'use smdm\ndata d = text("d.txt") {}\ntrain t = smdm.pretrain { model: smdm.preset(170M), data: d, budget: 200 steps }'
  const notes = (memory: number) => checked(text, { memory }).diagnostics.flatMap((d) => d.notes)
  assert.deepEqual(checked(text, { memory: 6 * 2 ** 30 }).diagnostics, [])
  assert.deepEqual(notes(4 * 2 ** 30), [
    "weights 649.6 MiB, gradients 649.6 MiB, Adam's moments 1.3 GiB: 170.3M parameters",
    'one sequence of 2048 tokens: 2.1 GiB',
    'the largest preset that fits is 142M',
    'with `context: 1024` it fits',
  ])
  // Nothing of the family fits there, at any context.
  assert.equal(notes(2 ** 26).length, 2)
})
