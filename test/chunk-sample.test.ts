// Samplers whose logits are too large: rows are masks of each sample, or of both branches of guidance, so that other dims stand in front
// of them. The tokens are those of the program in one piece, which kernels-transformer.test.ts has judged, however many masks are left.
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { preludeScope } from '../cli/library.ts'
import { Library } from '../compiler/build/library.ts'
import { samplePrograms, type Program, type Purpose } from '../compiler/build/programs.ts'
import type { SamplerSpec } from '../compiler/check/pipeline.ts'
import { elaborateModel } from '../compiler/elaborate/model.ts'
import type { DeviceFacts } from '../compiler/facts.ts'
import type { Tensor } from '../compiler/graph/ops/op.ts'
import { fits } from '../compiler/plan/micro.ts'
import type { WebgpuPlan } from '../compiler/plan/plan.ts'
import { planWebgpu } from '../compiler/plan/webgpu.ts'
import { loweringFor, precisionOn } from '../compiler/target.ts'
import { Report } from '../grammar/diagnostic.ts'
import type { WebgpuBackend } from '../runtime/webgpu/backend.ts'
import { folder, modelSpec, op, page, scopeOf } from './elaborate-fixture.ts'
import { frontEnd } from './helpers/front-end.ts'
import { extents, inputsOf, sampling } from './helpers/transformer-programs.ts'
import { described, testBackend } from './helpers/webgpu.ts'
import { binding } from './helpers/windows.ts'
import { outputsOf } from './onnx-judge.ts'

const h200 = described('nvidia-h200')
const minimum = described('minimum')

const order = (name: string) => op(page(''), name)
const samplers: Readonly<Record<string, Partial<SamplerSpec>>> = {
  confidence: {},
  'confidence without noise': { temperature: 0 },
  'the margin of the likeliest token': { order: order('margin') },
  'a pool of all samples': { pooled: true, order: order('certainty') },
  'confidence under guidance': { guidance: 1 },
  'a pool under guidance': { guidance: 1, pooled: true },
  ancestral: { kind: 'ancestral' },
  'ancestral under guidance': { kind: 'ancestral', guidance: 1 },
}

const startsOf = ({ programs: [program] }: WebgpuPlan): readonly number[] => [
  ...new Set(program!.steps.flatMap(({ stretch }) => (stretch === undefined ? [] : [stretch * program!.stretches!.size]))),
]

/** Logits are the largest tensors, and those of two samples, two masks each, are as much as is made at a time. */
const sizes = { layers: 1, width: 4, heads: 2, hidden: 4 }
const mask = 11
const limit = 2 * 2 * mask * 4

/** How many there are at most, and where: two and four in the samples, almost all, one each. */
const masks: readonly (readonly [typeof extents, readonly number[]])[] = [
  [{ row: 6, slot: 4 }, [1, 4, 6, 7, 9, 10]],
  [{ row: 11, slot: 6 }, [0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11]],
  [{ row: 2, slot: 1 }, [5, 11]],
]

/** Weights and noise that tell tokens apart. */
function inputsFor(program: Program, at: readonly number[], seed: number): Record<string, Tensor> {
  const inputs = inputsOf(program)
  for (const [name, { data }] of Object.entries(inputs)) {
    if (name.startsWith('weight')) data.forEach((x, i) => (data[i] = 3 * x))
    if (name === 'temperature' || name === 'guidance') data.fill(1)
    if (name === 'seed') data.fill(seed)
    if (name === 'tokens') data.forEach((token, i) => (data[i] = at.includes(i) ? mask : token % mask))
  }
  const row = { dims: [{ name: 'row', size: at.length }], data: Float64Array.from(at) }
  return inputs['row'] ? { ...inputs, row } : inputs
}

describe('samplers in stretches', () => {
  let backend: WebgpuBackend
  before(async () => void (backend = await testBackend()))

  for (const [name, sampler] of Object.entries(samplers)) {
    test(name, async () => {
      const programs = sampling(backend.facts, sizes, sampler)
      const [program] = programs
      const small = binding(backend.facts, sampler.guidance ? 2 * limit : limit)
      const plans = [planWebgpu(programs, small), planWebgpu(programs, backend.facts)] as const
      assert.deepEqual(plans.map(startsOf), [sampler.kind === 'ancestral' ? [0, 4, 8] : [0, 2, 4], []])
      await using cut = await backend.load(plans[0])
      await using whole = await backend.load(plans[1])
      const revealed = new Set<number>()
      for (const [extent, at] of masks) {
        for (const seed of [1, 2]) {
          const inputs = inputsFor(program!, at, seed)
          const found = await outputsOf(cut, program!.name, program!.graph, inputs, extent)
          assert.deepEqual(found, await outputsOf(whole, program!.name, program!.graph, inputs, extent))
          for (const i of at) revealed.add(found['tokens']![i]!)
        }
      }
      revealed.delete(mask)
      assert.ok(revealed.size > 1, [...revealed].join())
    })
  }
})

describe('a model of width 768 with 32,000 words, whose samples have 256 tokens', () => {
  const library = new Library(preludeScope())
  const spec = modelSpec(scopeOf(folder('std')), { layers: 1, heads: 12, width: 768, context: 256 })
  const model = elaborateModel(spec, { vocab: 32_000, report: new Report() }) ?? assert.fail('the model is wrong')
  const planOf = (facts: DeviceFacts, micro: number, kind: SamplerSpec['kind'], guidance: number): WebgpuPlan => {
    const sampler: SamplerSpec = { kind, steps: 64, temperature: 1, guidance, pooled: false }
    const purpose: Purpose = { library, lowering: loweringFor(facts), micro, precision: precisionOn(facts, 'f16') }
    return planWebgpu(samplePrograms({ model, sampler, length: 256 }, purpose), facts)
  }
  const kinds = [['confidence', 0], ['confidence', 1], ['ancestral', 0], ['ancestral', 1]] as const // prettier-ignore

  test('logits of all masks of 64 samples are never there at once; products run on matrix units', async () => {
    const check = await frontEnd(h200.features)
    for (const [kind, guidance] of kinds) {
      const { kernels, memory, programs } = planOf(h200, 64, kind, guidance)
      assert.equal(memory.largest.bytes, 500 * 2 ** 20)
      assert.ok(memory.activations < 1e9, `${memory.activations}`)
      const repeated = new Set(programs[0]!.steps.flatMap(({ stretch, kernel }) => (stretch === undefined ? [] : [kernels[kernel]!])))
      const products = [...repeated].filter(({ label }) => label.startsWith('contract'))
      assert.ok(products.length === 1 && products[0]!.wgsl.includes('subgroupMatrixMultiplyAccumulate'))
      for (const { label, wgsl } of repeated) assert.deepEqual(await check(wgsl), [], `${label}\n${wgsl}`)
    }
  })

  test('the least device that WebGPU allows takes 16 samples at once', async () => {
    const check = await frontEnd(minimum.features)
    for (const [kind, guidance] of kinds) {
      const plan = planOf(minimum, 16, kind, guidance)
      assert.ok(fits(plan, minimum) && startsOf(plan).length > 1)
      for (const { label, wgsl } of plan.kernels) assert.deepEqual(await check(wgsl), [], `${label}\n${wgsl}`)
    }
  })

  test('what is small anyway stays whole', () => {
    for (const [kind, guidance] of kinds) assert.deepEqual(startsOf(planOf(h200, 8, kind, guidance)), [])
  })
})
