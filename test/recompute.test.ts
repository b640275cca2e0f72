// Recomputation: programs that keep a budget of memory give the numbers they gave before, run by the reference interpreter's twin on
// whatever device the machine has; and large models fit where they would not.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { trainingPrograms } from '../compiler/build/programs.ts'
import { Library } from '../compiler/build/library.ts'
import { elaborateModel } from '../compiler/elaborate/model.ts'
import type { DeviceFacts } from '../compiler/facts.ts'
import { has } from '../compiler/graph/graph.ts'
import { fuse } from '../compiler/kernels/fuse.ts'
import { liveBytes, livesOf } from '../compiler/kernels/lifetimes.ts'
import { recompute } from '../compiler/kernels/recompute.ts'
import { planWebgpu } from '../compiler/plan/webgpu.ts'
import type { Data } from '../runtime/backend.ts'
import { loweringFor } from '../compiler/target.ts'
import { Report } from '../grammar/diagnostic.ts'
import { modelSpec, page } from './elaborate-fixture.ts'
import { extents, inputsOf, training } from './helpers/transformer-programs.ts'
import { testBackend } from './helpers/webgpu.ts'

const h200 = JSON.parse(readFileSync('test/devices/nvidia-h200.json', 'utf8')) as DeviceFacts
const sizes = { layers: 4, width: 8, heads: 2, hidden: 32 }

function peak(graph: ReturnType<typeof fuse>): number {
  return Math.max(...liveBytes(livesOf(graph), graph.kernels.length))
}

test('a budget is kept as far as it goes, and each turn frees memory', () => {
  const { graph } = training(h200, sizes, false).find((p) => p.name === 'accumulate')!
  const fused = fuse(graph, h200)
  const before = peak(fused)
  assert.equal(recompute(fused, before), fused)
  const peaks = [0.9, 0.8, 0.7].map((share) => peak(recompute(fused, share * before)))
  peaks.forEach((now, i) => assert.ok(now <= [0.9, 0.8, 0.7][i]! * before, `${now} of ${before}`))
  assert.ok(recompute(fused, 0).kernels.length <= 3 * fused.kernels.length + 1)
})

test('the numbers of a training step do not change', async () => {
  const backend = await testBackend()
  const programs = training(backend.facts, sizes, false).filter((p) => p.name === 'accumulate')
  const inputs = inputsOf(programs[0]!)
  const half = peak(fuse(programs[0]!.graph, backend.facts)) / 2
  const results = []
  for (const budget of [Number.POSITIVE_INFINITY, half]) {
    const plan = planWebgpu(programs, backend.facts, budget)
    await using executable = await backend.load(plan)
    const [spec] = plan.programs
    for (const { name } of plan.states) await executable.write(name, Float32Array.from(inputs[name]!.data))
    const data = spec!.inputs.map(({ name, type }): [string, Data] => [
      name,
      type.dtype === 'f32' ? Float32Array.from(inputs[name]!.data) : Int32Array.from(inputs[name]!.data),
    ])
    const { loss } = await executable.run('accumulate', Object.fromEntries(data), extents)
    const grads = []
    for (const name of spec!.states.filter((s) => s.startsWith('grad/'))) grads.push(await executable.read(name))
    results.push({ steps: spec!.steps.length, loss: loss!, grads })
  }
  const [plain, again] = results as [(typeof results)[0], (typeof results)[0]]
  assert.ok(again.steps > plain.steps)
  assert.deepEqual(again.loss, plain.loss)
  plain.grads.forEach((grad, i) => grad.forEach((x, k) => assert.ok(Math.abs(x - again.grads[i]![k]!) <= 1e-6 * Math.max(1, Math.abs(x)))))
})

test('1028M parameters train with 8,192 tokens a run in less than 40 GB, and in much less when they must', () => {
  const scope = page('')
  const model = elaborateModel(modelSpec(scope, { context: 2048, layers: 20, width: 1792, heads: 14, hidden: 7168 }), {
    vocab: 32000,
    report: new Report(),
  })!
  const optimizer = { kind: 'adamw', rate: 1, warmup: 0, decay: 'constant', floor: 0, betas: [0.9, 0.95], weightDecay: 0.1, clip: 1, eps: 1e-8 } as const // prettier-ignore
  const purpose = { library: new Library(scope), lowering: loweringFor(h200), micro: 4, precision: 'f16' } as const
  const programs = trainingPrograms({ model, optimizer, batch: 256, context: 2048 }, purpose)
  const { memory } = planWebgpu(programs, h200)
  assert.equal(model.nonEmbedding, 1_027_677_952)
  assert.ok(memory.states + memory.activations < 40e9, `${memory.states} + ${memory.activations}`)
  const made = programs.flatMap(({ graph }) => fuse(graph, h200).tensors.filter(({ source }) => source.kind === 'kernel'))
  const wide = made.filter(({ type }) => has(type, 'vocab') && (has(type, 'row') || has(type, 'time')))
  assert.ok(wide.length >= 3 && wide.every(({ type }) => type.dtype === 'f16'))
  const tight = planWebgpu(programs, h200, 10e9).memory
  assert.ok(tight.activations < 11e9, `${tight.activations}`)
})
