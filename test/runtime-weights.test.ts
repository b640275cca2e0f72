// Initial weights: what their specification says, and nothing else, decides them.
import assert from 'node:assert/strict'
import test from 'node:test'
import { uniform } from '../compiler/graph/philox.ts'
import { drawing, permutation, streams, subset } from '../runtime/random.ts'
import { initialValues } from '../runtime/weights.ts'
import type { WeightSpec } from '../compiler/plan/jobs.ts'

const spec = (name: string, size: number, std: number): WeightSpec => ({ name, dims: [{ name: 'd', size }], init: { kind: 'normal', std } })

test('normal values have the mean, deviation and tails of their distribution', () => {
  const n = 200_003
  const values = initialValues(spec('a', n, 0.02), 1)
  const mean = values.reduce((a, b) => a + b, 0) / n
  const std = Math.sqrt(values.reduce((a, b) => a + b * b, 0) / n)
  assert.ok(Math.abs(mean) < (5 * 0.02) / Math.sqrt(n))
  assert.ok(Math.abs(std / 0.02 - 1) < 5 / Math.sqrt(2 * n))
  const within = (k: number): number => values.filter((x) => Math.abs(x) < k * 0.02).length / n
  for (const [k, share] of [[1, 0.682689], [2, 0.9545], [3, 0.9973]] as const) assert.ok(Math.abs(within(k) - share) < 0.005) // prettier-ignore
  // Neighbours come from one Philox block: they must not go together.
  let product = 0
  for (let i = 1; i < n; i++) product += values[i]! * values[i - 1]!
  assert.ok(Math.abs(product / n / 0.0004) < 5 / Math.sqrt(n))
})

test('a value depends on seed, name and index, not on the size of the rest', () => {
  const long = initialValues(spec('a', 1000, 1), 1)
  assert.deepEqual(initialValues(spec('a', 10, 1), 1), long.slice(0, 10))
  assert.notDeepEqual(initialValues(spec('b', 1000, 1), 1), long)
  assert.notDeepEqual(initialValues(spec('a', 1000, 1), 2), long)
  assert.deepEqual(
    initialValues({ name: 'g', dims: [{ name: 'd', size: 2 }], init: { kind: 'constant', value: 1 } }, 3),
    Float32Array.of(1, 1),
  )
})

test("the host's draws are those of the graph", () => {
  assert.equal(drawing(9, 'mask')(1, 2, 3, 4), uniform(9, streams.mask, 1, 2, 3, 4))
})

test('permutations and subsets', () => {
  const draw = drawing(1, 'subset')
  assert.deepEqual([...permutation(50, draw, 0)].sort((a, b) => a - b), Array.from({ length: 50 }, (_, i) => i)) // prettier-ignore
  const seen = new Map<string, number>()
  for (let i = 0; i < 600; i++) {
    const key = subset(4, 2, draw, 0, i).join()
    seen.set(key, (seen.get(key) ?? 0) + 1)
  }
  assert.deepEqual([...seen.keys()].sort(), ['0,1', '0,2', '0,3', '1,2', '1,3', '2,3'])
  for (const n of seen.values()) assert.ok(Math.abs(n - 100) < 40)
})
