// What a device's halves are believed: judged from results that stand in for those of drivers, right and wrong, and here.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WebgpuPlan } from '../compiler/plan/plan.ts'
import type { Tensors } from '../runtime/backend.ts'
import { Failure } from '../runtime/events.ts'
import { conversionCase, matrixCase } from '../runtime/webgpu/half-kernels.ts'
import { proven, type Runner } from '../runtime/webgpu/half-test.ts'
import { frontEnd } from './helpers/front-end.ts'
import { described, matrixBackend } from './helpers/webgpu.ts'

const wide = { M: 16, N: 16, K: 16, type: 'f16', result: 'f32' }
const narrow = { M: 16, N: 8, K: 8, type: 'f16', result: 'f32' }
const others = [
  { M: 16, N: 16, K: 16, type: 'f16', result: 'f16' },
  { M: 16, N: 16, K: 16, type: 'i8', result: 'i32' },
]
const facts = { ...described('nvidia-h200'), subgroupMatrices: [...others, narrow, wide] }

/** A driver that is right but for what `change` does to the results of a kernel. */
function driver(change: (label: string, right: Readonly<Record<string, Float32Array>>) => Tensors = (_, right) => right): Runner {
  const cases = [conversionCase, matrixCase(wide, 32), matrixCase(narrow, 32)]
  const nameOf = (plan: WebgpuPlan) => plan.programs[0]!.name
  return (plan) => {
    const { expected } = cases.find((known) => nameOf(known.plan) === nameOf(plan))!
    return Promise.resolve(change(nameOf(plan), expected))
  }
}

/** Of a float that is no half, the half next to it towards zero. */
function truncated(x: number, nearest: number): number {
  if (Math.abs(nearest) <= Math.abs(x)) return nearest
  if (!Number.isFinite(nearest)) return Math.sign(x) * 65504
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(x))), -14)
  const step = 2 ** (exponent - 10)
  return Math.sign(x) * Math.floor(Math.abs(x) / step) * step
}

test('a right device keeps f16 and the matrices that kernels use', async () => {
  const { facts: kept, losses, passed } = await proven(facts, driver())
  assert.deepEqual(losses, [])
  assert.deepEqual(kept.features, facts.features)
  assert.deepEqual(kept.subgroupMatrices, [narrow, wide])
  assert.deepEqual(passed, [
    'f16 rounds to nearest and overflows to infinity; subnormals are kept',
    'matrices of 16x8x8, 16x16x16 multiply right',
  ])
})

test('a device without f16 is not asked', async () => {
  const shaderless = { ...facts, features: ['subgroups'] }
  const none: Runner = () => assert.fail('nothing is to be run')
  assert.deepEqual(await proven(shaderless, none), { facts: shaderless, losses: [], passed: [] })
})

test('flushed subnormals are right, too, and told', async () => {
  const flush = (values: Float32Array) => values.map((x) => (Math.abs(x) < 2 ** -14 ? 0 : x))
  const flushing = driver((_, right) => Object.fromEntries(Object.entries(right).map(([name, values]) => [name, flush(values)])))
  const { losses, passed } = await proven(facts, flushing)
  assert.deepEqual(losses, [])
  assert.match(passed[0]!, /flushed to zero/)
})

test('one that rounds towards zero loses f16 and its matrices', async () => {
  const { singles } = conversionCase.inputs
  const truncating = driver((label, right) => {
    if (label !== 'halves') return right
    return { ...right, stored: right['stored']!.map((nearest, i) => truncated(singles![i]!, nearest)) }
  })
  const { facts: left, losses, passed } = await proven(facts, truncating)
  assert.deepEqual(left.features, ['subgroups', 'subgroup-size-control', 'timestamp-query'])
  assert.equal(left.subgroupMatrices, undefined)
  assert.deepEqual(losses, ['f16 is not used: f16(2051) is 2050 there, not 2052'])
  assert.deepEqual(passed, [])
})

test('so does one that overflows to the largest number, or unpacks wrong', async () => {
  const spoil = (name: string, from: number, to: number) =>
    driver((label, right) => (label === 'halves' ? { ...right, [name]: right[name]!.map((x) => (x === from ? to : x)) } : right))
  assert.deepEqual((await proven(facts, spoil('packed', Infinity, 65504))).losses, [
    'f16 is not used: f16(65520) is 65504 there, not Infinity',
  ])
  assert.deepEqual((await proven(facts, spoil('unpacked', -Infinity, NaN))).losses, [
    'f16 is not used: f32(-Infinityh) is NaN there, not -Infinity',
  ])
})

test('a matrix unit that sums in f16 is left out alone', async () => {
  const overflowing = driver((label, right) =>
    label.startsWith('16x16x16') ? { c: right['c']!.map((x) => (x > 65504 ? Infinity : x)) } : right,
  )
  const { facts: left, losses } = await proven(facts, overflowing)
  assert.deepEqual(left.features, facts.features)
  assert.deepEqual(left.subgroupMatrices, [narrow])
  assert.deepEqual(losses, ['matrices of 16x16x16 are not used: the sum in row 0, column 0 is Infinity there, not 262144'])
})

test('a kernel that does not compile counts as wrong; a lost device is a failure', async () => {
  const refusing: Runner = () => Promise.reject(new Error('bug: kernel halves does not compile: no f16\n> 1 enable f16;'))
  assert.deepEqual((await proven(facts, refusing)).losses, ['f16 is not used: bug: kernel halves does not compile: no f16'])
  const lost = new Failure({ code: 'device-lost', message: 'gone', advice: [] })
  await assert.rejects(
    proven(facts, () => Promise.reject(lost)),
    lost,
  )
})

test('the kernels are right WGSL for matrices of every size', async () => {
  const check = await frontEnd()
  for (const { plan } of [conversionCase, ...[wide, narrow].map((config) => matrixCase(config, 32))]) {
    assert.deepEqual(await check(plan.kernels[0]!.wgsl), [])
  }
})

test('a device passes with every matrix that it has', async () => {
  const backend = await matrixBackend()
  const { losses, passed } = await proven(backend.facts, async (plan, inputs) => {
    await using executable = await backend.load(plan)
    return executable.run(plan.programs[0]!.name, inputs)
  })
  assert.deepEqual(losses, [])
  const sizes = backend.facts.subgroupMatrices!.filter(({ type, result }) => type === 'f16' && result === 'f32')
  for (const { M, N, K } of sizes) assert.ok(passed.join().includes(`${M}x${N}x${K}`), passed.join('; '))
})
