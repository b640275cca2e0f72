// What plan and explain print, and both accountings of work against the table of the paper's presets.
import assert from 'node:assert/strict'
import test from 'node:test'
import { memoryOf } from '../compiler/check/memory.ts'
import { elaborateModel, type Model } from '../compiler/elaborate/model.ts'
import { forwardFlops } from '../compiler/report/flops.ts'
import { originsText } from '../compiler/report/origins-text.ts'
import { busyRounds, planText } from '../compiler/report/plan-text.ts'
import { Report } from '../grammar/diagnostic.ts'
import { folder, modelSpec, scopeOf } from './elaborate-fixture.ts'
import { page, pipelineOf, trainOf } from './helpers/check.ts'

const text = `param lr = 1e-3
${page(
  'optimizer { lr: lr }\n  seed: 5',
  'sample s { from: t, prompt: "Once", length: 32 tokens }\neval e { from: t, data: tales.validation, limit: 100 sequences }',
)}`

const PLAN = `train t  [key]
  model      2.10M parameters (2.23M with embeddings) in 21 tensors, context 64
  one step   256 sequences × 64 tokens = 16 384 tokens
  budget     2 000 steps = 32.77M tokens = 3.31 epochs of 9.90M tokens
  flops      4.13e14 as the paper counts (6 N D), 4.32e14 executed
  one token  12.59M flops as the paper counts, 13.17M executed
  warm-up    100 steps
  rate       0.001, cosine to 0.0001
  memory     34 MiB of state + 2 MiB a sequence, before a device is asked
sample s  [key]  after t
  text       1 text of 32 tokens, of which 4 are given
  forwards   27 for each: 64 rounds, 37 of them idle and skipped
  sampler    confidence, temperature 0
eval e  [key]  after t
  data       100 sequences of 64 tokens
  metric     likelihood by monte_carlo, 128 samples`

test('the plan of a page', () => {
  assert.equal(planText(pipelineOf(text)).replace(/\[\w{12}\]/g, '[key]'), PLAN)
})

/** Layers, heads, width; executed GFLOP a token of training with full logits at 2048 tokens of 32 000 words. */
const PRESETS: readonly (readonly [layers: number, heads: number, width: number, executed: number])[] = [
  [6, 4, 256, 0.125],
  [12, 12, 768, 1.053],
  [18, 12, 768, 1.506],
]

function model(layers: number, heads: number, width: number): Model {
  const spec = modelSpec(scopeOf(folder('std')), { layers, heads, width, context: 2048 })
  return elaborateModel(spec, { vocab: 32000, report: new Report() }) ?? assert.fail('the model is wrong')
}

for (const [layers, heads, width, executed] of PRESETS) {
  test(`executed work of ${layers} layers of ${width}`, () => {
    const { body, head } = forwardFlops(model(layers, heads, width))
    assert.equal(((3 * (body + head)) / 1e9).toFixed(3), executed.toFixed(3))
    assert.equal(head, 2 * 32000 * width)
  })
}

test('memory of the 170M: 3.3 GiB of state, 1.7 GiB a sequence', () => {
  const { state, sequence } = memoryOf(model(18, 12, 768))
  assert.deepEqual([(state / 2 ** 30).toFixed(1), (sequence / 2 ** 30).toFixed(1)], ['3.3', '1.7'])
})

test('rounds that reveal nothing are dropped', () => {
  assert.equal(busyRounds(206, 256), 256 - 51)
  assert.equal(busyRounds(76, 256), 256 - 181)
  assert.equal(busyRounds(256, 256), 255)
  assert.equal(busyRounds(184, 64), 64)
})

test('explain names the line of every value, its param, its preset, or the default', () => {
  const lines = Object.fromEntries(
    originsText(trainOf(text))!
      .split('\n')
      .map((line) => line.split(/ {2,}/) as [string, string, string])
      .map(([name, ...rest]) => [name, rest]),
  )
  assert.deepEqual(lines['optimizer.lr'], ['0.001', 'page.smdm:1'])
  assert.deepEqual(lines['optimizer.warmup'], ['max(1%, 100 steps)', 'smdm/pretrain.smdm:13'])
  assert.deepEqual(lines['optimizer.eps'], ['1e-8', 'default'])
  assert.deepEqual(lines['model.layers'], ['2', 'page.smdm:5'])
  assert.deepEqual(lines['model.heads'], ['4', 'smdm/sizes.smdm:7'])
  const set = originsText(trainOf(text, 't', { set: { lr: '2e-3' } }), 'optimizer.lr')
  assert.match(set ?? '', /^optimizer\.lr {2}0\.002 {2}--set lr$/)
  assert.equal(originsText(trainOf(text), 'optimiser'), undefined)
})
