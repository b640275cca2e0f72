// Quantities: suffixes, arithmetic that keeps dimensions apart, and the conversions of training length.
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { averageLength, stepsIn, type Step } from '../compiler/check/convert.ts'
import type { Quantity } from '../compiler/check/value.ts'
import type { Dimension } from '../compiler/spec/units.ts'
import { codesOf, page, trainOf } from './helpers/check.ts'

const span = { source: { name: '', text: '' }, start: 0, end: 0 }
const q = (number: number, dimension: Dimension): Quantity => ({ kind: 'quantity', number, dimension, span })
const step = (more: Partial<Step> = {}): Step => ({ batch: 256, length: 2048, parameters: 169_897_728, ...more })

test('the paper’s budgets convert to the steps of its scripts', () => {
  const table: readonly (readonly [parameters: number, budget: number, steps: number])[] = [
    [169_897_728, 6e18, 11226],
    [169_897_728, 10e18, 18710],
    [169_897_728, 100e18, 187107],
    [113_265_408, 10e18, 28066],
    [1_027_677_952, 100e18, 30932],
    [1_027_677_952, 1600e18, 494927],
  ]
  for (const [parameters, budget, steps] of table) assert.equal(stepsIn(q(budget, 'flops'), step({ parameters }), 0), steps)
})

test('a hundredth of random lengths shortens the average', () => {
  assert.equal(averageLength(2048, 0), 2048)
  assert.equal(averageLength(2048, 0.01).toFixed(3), '2037.765')
})

test('warm-up: a share counts in whole steps, and lengths of two measures meet in the stage', () => {
  assert.equal(stepsIn(q(0.01, 'fraction'), step(), 18710), 187)
  assert.equal(stepsIn(q(0.29, 'fraction'), step(), 300), 87)
  const longer = { kind: 'extreme', of: 'max', items: [q(0.01, 'fraction'), q(100, 'steps')], span } as const
  assert.equal(stepsIn(longer, step(), 18710), 187)
  assert.equal(stepsIn(longer, step(), 2000), 100)
})

test('epochs need the length of the data', () => {
  assert.equal(stepsIn(q(3, 'epochs'), step({ sequences: 55612 }), 0), 651)
  assert.equal(stepsIn(q(3, 'epochs'), step(), 0), undefined)
})

test('steps in tokens and sequences agree, and never go beyond the budget', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.integer({ min: 1, max: 512 }),
      fc.integer({ min: 1, max: 2048 }),
      (n, batch, length) => {
        const here = step({ batch, length })
        assert.equal(stepsIn(q(n * batch, 'sequences'), here, 0), n)
        assert.equal(stepsIn(q(n * batch * length, 'tokens'), here, 0), n)
        assert.ok(stepsIn(q(n, 'sequences'), here, 0)! * batch <= n)
      },
    ),
  )
})

/** The seed and the steps that a page gets from these spellings. */
const steps = (budget: string): number => trainOf(page().replace('2000 steps', budget)).steps
const seed = (value: string): number => trainOf(page(`seed: ${value}`)).seed

test('one quantity, many spellings', () => {
  for (const budget of [
    '2k steps',
    '2_000 steps',
    '2e3 steps',
    '1000 steps * 2',
    '2 * (3000 steps - 2000 steps)',
    '50% * 4000 steps',
    'max(1 steps, 2k steps)',
  ])
    assert.equal(steps(budget), 2000, budget)
  assert.equal(steps('512k sequences'), 2000)
  assert.equal(steps('32.768M tokens'), 2000)
})

test('arithmetic', () => {
  for (const [text, value] of [
    ['7 mod 4', 3],
    ['2 ^ 3 ^ 2', 512],
    ['6 steps / 2 steps', 3],
    ['if 1 steps < 2 steps and not false then 5 else 6', 5],
    ['min(4, 3)', 3],
    ['linear(0.5) * 8', 4],
    ['-3 + 5', 2],
  ] as const)
    assert.equal(seed(text), value, text)
})

test('what must not mix does not', () => {
  for (const text of ['1 steps + 1 tokens', '2 steps * 2 steps', '2 / 1 steps', '1 steps < 1 tokens', '2 steps ^ 2', '7 steps mod 2'])
    assert.deepEqual(codesOf(page().replace('2000 steps', text)), ['mixed-units'], text)
})

test('batch in tokens', () => {
  assert.equal(trainOf(page('batch: 1280 tokens')).batch, 20)
})

test('a page reaches the paper’s 18 710 steps', () => {
  const text = page().replace('6M) { context: 64, layers: 2 }', '170M)').replace('2000 steps', '10e18 flops')
  const { steps: n, optimizer, batch, context } = trainOf(text)
  assert.deepEqual([n, optimizer.warmup, batch, context], [18710, 187, 256, 2048])
})
