// Kernels for devices that are not here: the programs of small stages, compiled for every device in test/devices, pass Dawn's
// front end with that device's features, and keep to what the facts say of limits and matrices.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readFacts } from '../cli/device.ts'
import { preludeScope } from '../cli/library.ts'
import { Library } from '../compiler/build/library.ts'
import { compile, type RunnableStage } from '../compiler/compile.ts'
import type { DeviceFacts } from '../compiler/facts.ts'
import type { KernelPlan } from '../compiler/plan/plan.ts'
import { page, sampleOf, trainOf } from './helpers/check.ts'
import { frontEnd } from './helpers/front-end.ts'
import { devicesFolder } from './helpers/webgpu.ts'

const devices = readdirSync(devicesFolder).map((file) => ({ file, facts: readFacts(join(devicesFolder, file)) }))
const library = new Library(preludeScope())

const half = 'precision: f16'
/** All looked-up rows share one weight without dimensions; and a page may have branches of its own beside those of guidance. */
const scaled = `block scaled(tokens: symbols[time]) -> [time, vocab] {
  param vocab
  param width = 8
  let symbols = vocab + 1
  let branch = 3
  weight E: [symbols, width, branch]
  weight gain: float
  weight U: [width, branch, vocab]
  return sum[width, branch](E[symbols: tokens] * gain * U)
}`
const stages: readonly RunnableStage[] = [
  trainOf(page()),
  trainOf(page(half)),
  trainOf(page('', scaled).replace(/model: .*/, 'model: scaled')),
  sampleOf(page('', `${scaled}\nsample s { from: t, prompt: "a", sampler { guidance: 1 } }`).replace(/model: .*/, 'model: scaled')),
  sampleOf(page(half, 'sample s { from: t, sampler: confidence { steps: 4, guidance: 1 } }')),
  sampleOf(page('', 'sample s { from: t, sampler: ancestral { steps: 4 } }')),
]

/** Every kernel once, whichever stages share it. */
function kernelsOf(facts: DeviceFacts): readonly KernelPlan[] {
  const plans = stages.map((stage) => compile(stage, { facts, library }).plan)
  const kernels = plans.flatMap((plan) => (plan.target === 'webgpu' ? plan.kernels : []))
  return [...new Map(kernels.map((kernel) => [kernel.wgsl, kernel])).values()]
}

for (const { file, facts } of devices) {
  describe(file, () => {
    const kernels = kernelsOf(facts)
    const { limits, subgroup, subgroupMatrices = [] } = facts

    test('Dawn has nothing to say against any kernel', async () => {
      const check = await frontEnd(facts.features)
      assert.ok(kernels.length > 50)
      for (const { label, wgsl } of kernels) {
        const messages = await check(wgsl)
        assert.deepEqual(messages, [], `${label}: ${messages.join('\n')}\n${wgsl}`)
      }
    })

    test('no kernel is larger than the device', () => {
      for (const { label, wgsl, bindings } of kernels) {
        const [x] = workgroupOf(wgsl)
        assert.ok(x <= Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX), `${label}: ${x} invocations`)
        assert.ok(memoryOf(wgsl) <= limits.maxComputeWorkgroupStorageSize, `${label}: ${memoryOf(wgsl)} bytes`)
        assert.ok(bindings.filter((b) => b !== 'extents').length <= limits.maxStorageBuffersPerShaderStage, label)
      }
    })

    test('matrices are those that the device has, in whole subgroups', () => {
      const listed = subgroupMatrices.map((m) => `${m.M}x${m.N}x${m.K} ${m.type} ${m.result}`)
      const used = kernels.filter(({ wgsl }) => wgsl.includes('subgroup_matrix_'))
      for (const { label, wgsl } of used) {
        assert.ok(listed.includes(matrixOf(wgsl)), `${label}: ${matrixOf(wgsl)} is none of ${listed.join(', ')}`)
        const [x, size] = workgroupOf(wgsl)
        assert.equal(x % subgroup!.max, 0, `${label}: Dawn wants a multiple of the largest subgroup`)
        if (subgroup!.min !== subgroup!.max) assert.ok(size && size >= subgroup!.min && size <= subgroup!.max, `${label}: which subgroup?`)
      }
      const usable = subgroupMatrices.some(({ type, result }) => type === 'f16' && result === 'f32')
      assert.equal(used.length > 0, usable, 'products in f16 run on a matrix unit where there is one')
    })
  })
}

test('Dawn’s front end refuses what is wrong, and what a device lacks', async () => {
  const [all, none] = [await frontEnd(), await frontEnd([])]
  const body = (line: string) => `@group(0) @binding(0) var<storage, read_write> t: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(local_invocation_index) lane: u32) { ${line} }`
  assert.deepEqual(await none(body('t[lane] = 1.0;')), [])
  assert.match((await all(body('t[lane] = 1u;'))).join(), /^2:\d+ error: cannot assign/)
  assert.match((await all(body('if (t[lane] > 0.0) { workgroupBarrier(); }'))).join(), /uniform control flow/)
  const matrix = (n: number) => `enable f16; enable chromium_experimental_subgroup_matrix;
${body(`var sums = subgroup_matrix_result<f32, ${n}, 16>(); subgroupMatrixStore<row_major>(&t, 0, sums, ${n});`)}`
  for (const n of [8, 16, 32]) assert.deepEqual(await all(matrix(n)), [])
  assert.match((await none(matrix(16))).join(), /extension 'f16' is not allowed/)
})

/** Invocations of a workgroup, and the size of subgroups that the kernel asks for. */
function workgroupOf(wgsl: string): readonly [number, number?] {
  const [, x] = /@workgroup_size\((\d+)\)/.exec(wgsl)!
  const [, size] = /@subgroup_size\((\d+)\)/.exec(wgsl) ?? []
  return size === undefined ? [Number(x)] : [Number(x), Number(size)]
}

/** Bytes of workgroup memory that a module declares, in arrays and single numbers. */
function memoryOf(wgsl: string): number {
  const arrays = [...wgsl.matchAll(/var<workgroup> \w+: array<(?:vec(\d)<)?(?:atomic<)?([fiu]32|f16)>*, (\d+)>;/g)]
  const numbers = [...wgsl.matchAll(/var<workgroup> \w+: [fiu]32;/g)].map((): readonly string[] => ['', '1', 'u32', '1'])
  const all = [...arrays, ...numbers]
  assert.equal(all.length, wgsl.split('var<workgroup>').length - 1, 'workgroup memory of another form')
  return all.reduce((sum, [, vector = '1', type, length]) => sum + Number(vector) * (type === 'f16' ? 2 : 4) * Number(length), 0)
}

/** `M x N x K operand result` of the matrices that a module multiplies; WGSL writes columns before rows. */
function matrixOf(wgsl: string): string {
  const [, type, K, M] = /subgroup_matrix_left<(\w+), (\d+), (\d+)>/.exec(wgsl)!
  const [, result, N] = /subgroup_matrix_result<(\w+), (\d+), \d+>/.exec(wgsl)!
  return `${M}x${N}x${K} ${type} ${result}`
}
