// The worked examples of the language's description, with small stand-ins for their files: all check and plan; two run now, and
// the others say what cannot run yet.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { load } from '../cli/load.ts'
import { check } from '../compiler/check/check.ts'
import type { Stage } from '../compiler/check/pipeline.ts'
import { planText } from '../compiler/report/plan-text.ts'
import { programs } from './helpers/grammar.ts'
import { pipelineOf, shown, world } from './helpers/check.ts'
import { StandIns } from './helpers/stand-ins.ts'

const examples = programs.filter((p) => p.name.startsWith('examples/'))
const used = Object.fromEntries(examples.map((p) => [p.name.replace('examples/', ''), p.text]))
const run = (name: string) =>
  check(
    examples.find((p) => p.name.includes(name))!,
    world({ used }),
  )

const standIns = new StandIns()
after(() => standIns[Symbol.dispose]())
const loaded = (name: string) =>
  load(
    join(
      standIns.path,
      standIns.pages.find((page) => page.includes(name))!,
    ),
    { set: {} },
  )

async function stageIn<K extends Stage['kind']>(page: string, name: string, kind: K): Promise<Extract<Stage, { readonly kind: K }>> {
  const { pipeline, diagnostics } = await loaded(page)
  const stage = pipeline?.stages.find((s) => s.name === name)
  assert.ok(stage?.kind === kind, shown(diagnostics))
  return stage as Extract<Stage, { readonly kind: K }>
}

test('all eight are here', () => {
  assert.equal(standIns.pages.length, 8)
})

for (const page of standIns.pages) {
  test(`${page} checks and plans, and warns of nothing but what cannot run yet`, async () => {
    const { pipeline, diagnostics } = await loaded(page)
    assert.ok(pipeline, shown(diagnostics))
    assert.deepEqual(
      diagnostics.filter((d) => d.code !== 'not-available'),
      [],
      shown(diagnostics),
    )
    assert.equal(diagnostics.length === 0, /^[18]-/.test(page))
    const plan = planText(pipeline)
    for (const { name } of pipeline.stages) assert.ok(name.startsWith('grid-') || plan.includes(name), name)
  })
}

test('the 170M at 10e18 flops, on packed tokens', async () => {
  const { steps, optimizer, data, model } = await stageIn('2-smdm', 'mdm', 'train')
  assert.deepEqual([steps, optimizer.warmup, model.nonEmbedding, data.tokens], [18_710, 187, 169_897_728, 60_000])
  assert.deepEqual(data.tokenizer.vocab, 32_000)
  assert.deepEqual((await stageIn('2-smdm', 'bound', 'eval')).data.tokens, 10_000)
})

test('random lengths make steps longer to come by', async () => {
  const { randomLength, steps, later } = await stageIn('3-varlen', 'varlen', 'train')
  // 60e18 / (6 N 256 (2048 · 0.99 + 1024.5 · 0.01)), as train_mdm_rl.py counts.
  assert.deepEqual([randomLength, steps], [0.01, Math.floor(60e18 / (6 * 169_897_728 * 256 * (2048 * 0.99 + 1024.5 * 0.01)))])
  assert.ok(later.length > 0)
})

test('two turns of each line are two examples', async () => {
  const { data, steps, objective } = await stageIn('5-gsm8k', 'math', 'train')
  assert.deepEqual([data.sequences, steps, data.fill], [600, Math.floor((600 * 40) / 256), 'eos'])
  assert.ok(objective.kind === 'masked' && objective.learn === 'answers')
  assert.deepEqual(data.turns[1], {
    given: [
      { kind: 'text', text: 'Question: ' },
      { kind: 'column', name: 'question' },
      { kind: 'text', text: 'Answer: ' },
      { kind: 'column', name: 'thought' },
    ],
    write: [
      { kind: 'text', text: '####' },
      { kind: 'column', name: 'answer' },
    ],
  })
  const { metrics, length, sampler, data: asked } = await stageIn('5-gsm8k', 'gsm8k', 'eval')
  assert.deepEqual([metrics, length, sampler?.guidance], [[{ kind: 'same_number', after: '####' }], 256, 0.1])
  assert.deepEqual([asked.tokenizer.kind, asked.expect, asked.turns[1]!.given], ['sentencepiece', [{ kind: 'column', name: 'target' }], [{ kind: 'so_far' }]]) // prettier-ignore
})

test('ten epochs of the reversal curse are 562 steps, as in the paper’s scripts', async () => {
  assert.equal((await stageIn('6-reverse', 'recall', 'train')).steps, 562)
})

test('amended data has its own path, and a table its rows', async () => {
  const reversed = await stageIn('6-reverse', 'name_reversed', 'eval')
  assert.match(reversed.data.path, /p2d_reverse_prompts_test/)
  const { metrics } = await stageIn('6-reverse', 'description_reversed', 'eval')
  assert.deepEqual(
    metrics.map((m) => m.kind),
    ['contains', 'bleu'],
  )
  const { rows } = await stageIn('6-reverse', 'curse', 'table')
  assert.deepEqual(
    rows.map((r) => r.name),
    ['name', 'name_reversed', 'description', 'description_reversed'],
  )
})

test('a grid of 45 trainings, each an ordinary stage', async () => {
  const { runs } = await stageIn('7-isoflop', 'grid', 'sweep')
  assert.equal(runs.length, 45)
  assert.equal(new Set(runs.map((r) => r.stage.key)).size, 45)
  const { values, stage } = runs.find((r) => r.values['size'] === '170M' && r.values['budget'] === '10e18 flops')!
  assert.deepEqual([values, stage.name], [{ size: '170M', budget: '10e18 flops' }, 'grid-170M-10e18flops'])
  assert.equal(stage.key, (await stageIn('2-smdm', 'mdm', 'train')).key, 'the same stage by hand is found again')
  const { law, sweep } = await stageIn('7-isoflop', 'law', 'fit')
  assert.deepEqual([law, sweep.name], ['isoflop', 'grid'])
})

test('the quickstart', () => {
  const { pipeline } = run('1-quickstart')
  assert.ok(pipeline)
  const [train, sample] = pipeline.stages
  assert.ok(train?.kind === 'train' && sample?.kind === 'sample')
  assert.deepEqual([train.batch, train.context, train.steps, train.optimizer.warmup, train.seed], [32, 256, 2000, 100, 3407])
  assert.deepEqual([train.model.nonEmbedding, train.model.vocab], [6294784, 256])
  assert.equal(train.data.part, 'train')
  assert.equal(train.data.tokens, 9_900_000)
  assert.deepEqual(train.every, { log: 10, validate: 400, keep: 500 })
  assert.deepEqual([sample.prompt, sample.length, sample.count], ['Once upon a time', 200, 1])
  assert.deepEqual(sample.needs, [train])
  assert.deepEqual(sample.sampler, { kind: 'confidence', steps: 64, guidance: 0, temperature: 0, order: undefined, pooled: false })
})

test('everything a researcher invents arrives', () => {
  const { pipeline } = run('8-custom')
  assert.ok(pipeline)
  const [train, sample] = pipeline.stages
  assert.ok(train?.kind === 'train' && sample?.kind === 'sample' && train.objective.kind === 'masked')
  assert.equal(train.name, 'odd')
  assert.equal(train.objective.schedule.decl.name.name, 'cosine')
  assert.equal(train.objective.weight, undefined)
  assert.equal(sample.sampler.order?.decl.name.name, 'margin')
  assert.ok(train.model.weights.every((w) => !w.name.includes('Wgate')))
})

test('a stage of a used file comes along when it is mentioned, and only then', () => {
  const used = {
    'a.smdm':
      'use smdm\ndata d = text("d")\ntrain t = smdm.pretrain { model: smdm.preset(6M), data: d, budget: 9 steps }\ntrain u = t { seed: 1 }',
  }
  const { stages } = pipelineOf('use "a.smdm" as a\nsample s { from: a.t }', { used })
  assert.deepEqual(
    stages.map((s) => s.name),
    ['a.t', 's'],
  )
})
