// What plan prints without a device, and both accountings of work against the table of the paper's presets.
import assert from 'node:assert/strict'
import test from 'node:test'
import { elaborateModel, type Model } from '../compiler/elaborate/model.ts'
import { costOf } from '../compiler/report/cost.ts'
import { forwardFlops } from '../compiler/report/flops.ts'
import { planText } from '../compiler/report/plan-text.ts'
import { masksBeforeRounds } from '../compiler/report/sample-cost.ts'
import { Report } from '../grammar/diagnostic.ts'
import { folder, modelSpec, scopeOf } from './elaborate-fixture.ts'
import { page, pipelineOf, stageOf, trainOf } from './helpers/check.ts'

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
  logits     8 200 of 16 384 rows a step (50.05%): where tokens are masked, E[p] of the schedule
  warm-up    100 steps
  rate       0.001, cosine to 0.0001  (page.smdm:1)
  memory     weights 9 MiB, gradients 9 MiB, optimizer 17 MiB
             and activations 3 MiB a sequence of 64 tokens, before a device is asked
  largest    layers.0.prenorm.swiglu.Win [width 256, hidden 1024], 1 MiB
  data       text of 9.90M tokens, bytes
  seams      one long text: no BOS, no EOS, sequences begin anywhere in it
sample s  [key]  after t
  text       1 text of 32 tokens, of which 4 are given
  forwards   27 for each: 64 rounds for 28 masks, 37 of them idle and skipped
  logits     405 of 864 rows for each (46.88%)
  sampler    confidence, temperature 0
  flops      3.73e9 executed
eval e  [key]  after t
  measures   100 sequences of 64 tokens
  metric     likelihood by monte_carlo, 128 samples, 128 forwards
  flops      3.60e10 executed
  data       text of 100.0k tokens, bytes
  seams      one long text: no BOS, no EOS, sequences begin anywhere in it`

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

test('rounds that reveal nothing are dropped', () => {
  const busy = (masks: number, rounds: number): number => masksBeforeRounds(masks, rounds).length
  assert.equal(busy(206, 256), 256 - 51)
  assert.equal(busy(76, 256), 256 - 181)
  assert.equal(busy(256, 256), 255)
  assert.equal(busy(184, 64), 64)
  // 40 masks in 32 rounds: the last reveals 3.
  assert.equal(masksBeforeRounds(40, 32).at(-1), 3)
})

test('guidance runs the model twice a round; 206 masks in 256 rounds have 51 idle ones', () => {
  const given = 'x'.repeat(50)
  const fields = `from: t, prompt: "${given}", length: 256 tokens, sampler: confidence { steps: 256, guidance: 0.1 }`
  const cost = costOf(stageOf(page('', `sample s { ${fields} }`).replace('context: 64', 'context: 256'), 's'))
  assert.ok(cost.kind === 'sample')
  const { masks, busy, passes, forwards, rows } = cost.sampler!
  assert.deepEqual([masks, busy, passes, forwards], [206, 205, 2, 410])
  // One mask is revealed a round, and two in the last.
  assert.equal(rows.computed, 2 * (206 * 207 * 0.5 - 1))
  assert.equal(rows.of, 410 * 256)
})

test('the ancestral sampler computes a row for each mask, in about as many rounds as are hit', () => {
  const cost = costOf(stageOf(page('', 'sample s { from: t, length: 64 tokens, sampler: ancestral { steps: 64 } }'), 's'))
  assert.ok(cost.kind === 'sample' && cost.sampler)
  assert.equal(cost.sampler.rows.computed, 64)
  assert.equal(cost.sampler.busy, Math.round(64 * (1 - (63 / 64) ** 64)))
})

test('the 170M at 10e18 flops: 18 710 steps, 9.81B tokens', () => {
  const at = (size: string) =>
    costOf(trainOf(`use smdm\ndata d = text("d.txt") {}\ntrain t = smdm.pretrain { model: smdm.preset(${size}), data: d, budget: 10e18 flops }`)) // prettier-ignore
  const cost = at('170M')
  assert.ok(cost.kind === 'train')
  assert.equal(cost.steps, 18_710)
  assert.equal((cost.tokens / 1e9).toFixed(2), '9.81')
  assert.ok(cost.flops.paper <= 10e18 && cost.flops.paper > 0.9999 * 10e18)
  assert.equal(cost.parameters.nonEmbedding, 169_897_728)
})

test('the plan says whose learning rate it is', () => {
  const line = (from: string) => /rate .*/.exec(planText(pipelineOf(page().replace('smdm.pretrain', from))))?.[0]
  assert.match(line('smdm.pretrain') ?? '', /^rate +0\.0004, cosine to 0\.00004 +\(smdm\.pretrain, the rate of the paper/)
  assert.match(line('smdm.scripts') ?? '', /^rate +0\.0002, cosine to 0\.00002 +\(smdm\.scripts, the rate of the published scripts/)
})

test('stages of used files are called as the page calls them, and their keys are those they have by themselves', () => {
  const one = page()
  const used = { 'a.smdm': one, 'b.smdm': one.replace('2000 steps', '3000 steps') }
  const text = `use "a.smdm" as a
use "b.smdm" as b
sample x { from: a.t }
sample y { from: b.t }
`
  const { stages } = pipelineOf(text, { used })
  assert.deepEqual(
    stages.map(({ name }) => name),
    ['a.t', 'x', 'b.t', 'y'],
  )
  assert.equal(stages[0]!.key, trainOf(one).key)
})
