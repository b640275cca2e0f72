// The worked examples of the language's description: two run now, the others say honestly what is not there yet.
import assert from 'node:assert/strict'
import test from 'node:test'
import { check } from '../compiler/check/check.ts'
import { programs } from './helpers/grammar.ts'
import { pipelineOf, shown, world } from './helpers/check.ts'

const examples = programs.filter((p) => p.name.startsWith('examples/'))
const used = Object.fromEntries(examples.map((p) => [p.name.replace('examples/', ''), p.text]))
const run = (name: string) =>
  check(
    examples.find((p) => p.name.includes(name))!,
    world({ used }),
  )

test('all eight are here', () => {
  assert.equal(examples.length, 8)
})

for (const { name } of examples) {
  test(`${name} is right, and says what is not available`, () => {
    const { diagnostics } = run(name)
    assert.deepEqual(
      [...new Set(diagnostics.map((d) => d.code))].filter((c) => c !== 'not-available'),
      [],
      shown(diagnostics),
    )
    assert.equal(diagnostics.length === 0, /[18]-/.test(name))
  })
}

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
    ['t', 's'],
  )
})
