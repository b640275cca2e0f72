// Differences of normal forms by path, and where values come from.
import assert from 'node:assert/strict'
import test from 'node:test'
import { diffText, whereText } from '../compiler/report/diff-text.ts'
import { differences } from '../compiler/report/diff.ts'
import { originsText, valuesOf } from '../compiler/report/origins-text.ts'
import { checked, page, stageOf, trainOf } from './helpers/check.ts'
import { Folder, pageText } from './helpers/cli.ts'

const compared = (before: string, after: string, set: Readonly<Record<string, string>> = {}) => {
  const stage = trainOf(after, 't', { set })
  return diffText(differences(trainOf(before).normal, stage.normal), (path) => whereText(stage, path))
}

test('equal forms have no differences', () => {
  assert.deepEqual(differences(trainOf(page()).normal, trainOf(page('# a comment')).normal), [])
})

test('values, content of files, code, and what was not there', () => {
  const text = compared(
    page(),
    page('seed: 5\n  objective { schedule: steep }', 'op steep(t) = t ^ 2')
      .replace('tales.txt', 'other.txt')
      .replace('layers: 2', 'layers: 3'),
  )
  assert.deepEqual(
    text.split('\n').map((line) => line.trim().split(/ {2,}/)),
    [
      ['data.path', 'content changed', 'page.smdm:2'],
      ['model.layers', '2 → 3', 'page.smdm:4'],
      ['objective.schedule', 'op linear → op steep', 'page.smdm:8'],
      ['seed', '3407 → 5', 'page.smdm:7'],
    ],
  )
})

test('what only one of two kinds of stages has is no other way to compute it', () => {
  const more = 'eval e { from: t, data: tales.validation, metric: likelihood }'
  const found = differences(trainOf(page('', more)).normal, stageOf(page('', more), 'e').normal)
  assert.deepEqual(
    found.filter(({ path }) => path.startsWith('numerics')),
    [],
  )
  assert.ok(found.some(({ path }) => path === 'stage'))
})

test('a budget in flops, from the page’s param or from --set', () => {
  const budget = (flops: string) => `param budget = ${flops}\n${page().replace('2000 steps', 'budget')}`
  assert.match(
    compared(budget('1e18 flops'), budget('2e18 flops')),
    /^ {2}budget {2}1e18 flops → 2e18 flops {2}page\.smdm:1, or --set budget$/,
  )
  assert.match(compared(budget('1e18 flops'), budget('1e18 flops'), { budget: '3e18 flops' }), /1e18 flops → 3e18 flops {2}--set budget$/)
})

test('changed code is named', () => {
  const odd = (power: number) => page('objective { schedule: odd }', `op odd(t) = t * inner(t)\nop inner(t) = t ^ ${power}`)
  assert.match(compared(odd(1), odd(2)), /objective\.schedule {2}code changed: op inner {2}page\.smdm:7$/)
})

test('explain names the line of every value, its param, its preset, its block, its caller, or the default', () => {
  const text = `param lr = 1e-3\n${page('optimizer { lr: lr }')}`
  const lines = new Map(valuesOf(trainOf(text)).map(({ name, value, from }) => [name, [value, from]]))
  assert.deepEqual(lines.get('optimizer.lr'), ['0.001', 'page.smdm:1'])
  assert.deepEqual(lines.get('optimizer.warmup'), ['max(1%, 100 steps)', 'smdm/pretrain.smdm:13'])
  assert.deepEqual(lines.get('optimizer.eps'), ['1e-8', 'default'])
  assert.deepEqual(lines.get('model.layers'), ['2', 'page.smdm:5'])
  assert.deepEqual(lines.get('model.heads'), ['4', 'smdm/sizes.smdm:7'])
  assert.deepEqual(lines.get('model.hidden'), ['1024', 'default, std/transformer.smdm:29'])
  assert.deepEqual(lines.get('model.vocab'), ['256', 'the tokenizer'])
  assert.deepEqual(lines.get('model.attention.heads'), ['4', 'inherited, std/attention.smdm:20'])
  const set = originsText(trainOf(text, 't', { set: { lr: '2e-3' } }), 'optimizer.lr')
  assert.match(set ?? '', /^optimizer\.lr {2}0\.002 {2}--set lr$/)
  assert.equal(originsText(trainOf(text), 'optimiser'), undefined)
})

test('explain names the row of a sweep', () => {
  const text = page('', 'sweep grid {\n  over { rate: [1e-3, 2e-3] }\n  run: t { optimizer { lr: rate } }\n}')
  const row = checked(text).pipeline?.stages.find((s) => s.name.startsWith('grid-') && s.name.includes('2e-3'))
  assert.match(originsText(row!, 'optimizer.lr') ?? '', /^optimizer\.lr {2}0\.002 {2}page\.smdm:10, a row of grid$/)
  assert.equal(stageOf(text, 'grid').kind, 'sweep')
})

test('smdmc diff: two stages of a page, or of two pages', async () => {
  using folder = new Folder(pageText({ end: 'train other = tiny { seed: 7 }' }))
  folder.write('long.smdm', pageText({ steps: '20 steps' }))
  const one = await folder.run('diff', 'page.smdm', 'tiny', 'other')
  assert.match(one.stdout, /^tiny \[\w{12}\] → other \[\w{12}\]\n {2}seed {2}0 → 7 {2}default → page\.smdm:\d+\n$/)
  const two = await folder.run('diff', 'page.smdm:tiny', 'long.smdm:tiny', '--json')
  const [{ differences: found }] = two.lines as unknown as [{ differences: { path: string; before: string; after: string }[] }]
  assert.deepEqual(
    found.map(({ path, before, after }) => [path, before, after]),
    [['budget', '12 steps', '20 steps']],
  )
  assert.match((await folder.run('diff', 'page.smdm', 'tiny', 'tiny')).stdout, /the same stage under two names/)
  assert.deepEqual([(await folder.run('diff', 'page.smdm')).code, (await folder.run('diff', 'page.smdm', 'tiny', 'no')).code], [2, 2])
})
