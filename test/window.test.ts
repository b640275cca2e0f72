// Tensors that are larger than a binding: kernels read and write them through windows. The numbers are the reference interpreter's,
// no binding takes more than it may, and a device refuses only what has no windows.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { preludeScope } from '../cli/library.ts'
import { Library } from '../compiler/build/library.ts'
import type { Program } from '../compiler/build/programs.ts'
import { choose } from '../compiler/compile.ts'
import type { DeviceFacts } from '../compiler/facts.ts'
import { Builder } from '../compiler/graph/builder.ts'
import { shape } from '../compiler/graph/dims.ts'
import { bytesOf } from '../compiler/kernels/rows.ts'
import { windowBytes, windowsOf } from '../compiler/kernels/window.ts'
import { fits } from '../compiler/plan/micro.ts'
import type { WebgpuPlan } from '../compiler/plan/plan.ts'
import { printPlan } from '../compiler/plan/print.ts'
import { planWebgpu } from '../compiler/plan/webgpu.ts'
import { predict } from '../compiler/predict.ts'
import { Failure } from '../runtime/events.ts'
import { page, trainOf } from './helpers/check.ts'
import { frontEnd } from './helpers/front-end.ts'
import { extents, inputsOf, sampling, training } from './helpers/transformer-programs.ts'
import { described, matrixBackend, testBackend } from './helpers/webgpu.ts'
import { binding, windowed } from './helpers/windows.ts'
import { judge } from './onnx-judge.ts'

const library = new Library(preludeScope())
const backend = await testBackend()
const [h200, minimum] = [described('nvidia-h200'), described('minimum')]

/** What is bound of a buffer: no more than the device allows, from where it allows, and each byte of a tensor once. */
function assertBindings({ buffers, programs, kernels }: WebgpuPlan, facts: DeviceFacts): void {
  const { maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage } = facts.limits
  for (const { label, bindings } of kernels) {
    assert.ok(bindings.filter((b) => b !== 'extents').length <= maxStorageBuffersPerShaderStage, label)
  }
  for (const step of programs.flatMap((p) => p.steps)) {
    const seen = new Map<number, number>()
    step.buffers.forEach((buffer, i) => {
      if (buffer < 0) return
      const window = step.windows?.[i]
      assert.ok((window?.bytes ?? buffers[buffer]!.bytes) <= maxStorageBufferBindingSize, kernels[step.kernel]!.label)
      assert.equal(window?.offset ?? 0, seen.get(buffer) ?? 0, 'windows of a buffer follow each other')
      seen.set(buffer, (window?.offset ?? 0) + (window?.bytes ?? 0))
    })
  }
}

describe('a window', () => {
  test('is as large as a binding may be, and begins where one may begin', () => {
    assert.equal(windowBytes(h200), 2 ** 31 - 256)
    assert.equal(windowBytes(binding({ ...h200, limits: { ...h200.limits, minStorageBufferOffsetAlignment: 1024 } }, 5000)), 4096)
  })

  test('tensors have one, or as many as they need', () => {
    const facts = binding(h200, 1024)
    assert.equal(windowsOf(shape('f32', { n: 256 }), facts), 1)
    assert.equal(windowsOf(shape('f32', { n: 257 }), facts), 2)
    assert.equal(windowsOf(shape('f16', { rows: 16, n: 17 }), facts), 1)
    assert.equal(windowsOf(shape('f16', { rows: 32, n: 17 }), facts), 2, 'rows of 17 halves take 24')
    assert.equal(windowsOf(shape('f32', {}), facts), 1)
    assert.deepEqual([10, 11].map((n) => windowsOf(shape('f32', { n: n * 256 }), facts)), [10, 1], 'ten bindings are all there are') // prettier-ignore
  })
})

describe('a small transformer of many words', () => {
  const sizes = { layers: 1, width: 8, heads: 2, hidden: 12, words: 300 }

  /** On a device that binds half of the embedding, with as many bindings as there are, and with few. */
  const agree = async (build: (facts: DeviceFacts) => readonly Program[], tolerance: number, on = backend): Promise<void> => {
    const device = on.facts
    for (const maxStorageBuffersPerShaderStage of [device.limits.maxStorageBuffersPerShaderStage, 8]) {
      const limits = { ...device.limits, maxStorageBuffersPerShaderStage }
      const weights = planWebgpu(build(device), device).states.map(({ type }) => bytesOf(type))
      const facts = binding({ ...device, limits }, Math.ceil(Math.max(...weights) / 512) * 256)
      const programs = build(facts)
      const plan = planWebgpu(programs, facts)
      assert.ok(windowed(plan).length > 1, 'no windows')
      assert.ok(fits(plan, facts), `${plan.memory.whole!.name} is to be whole`)
      assertBindings(plan, facts)
      await using executable = await on.load(plan)
      for (const program of programs) await judge(executable, program.name, program.graph, inputsOf(program), extents, tolerance)
    }
  }
  test('a training step at once', async () => agree((facts) => training(facts, sizes, true), 2e-4))
  test('a training step in two', async () => agree((facts) => training(facts, sizes, false), 2e-4))
  test('sampling with guidance', async () => agree((facts) => sampling(facts, sizes, { guidance: 1 }), 1e-4))
  test('a training step in f16', async () => {
    const build = (facts: DeviceFacts) => training(facts, { ...sizes, width: 16, hidden: 24 }, true, 'f16', 8)
    await agree(build, 3 * 2 ** -9, await matrixBackend())
  })
})

test('a tensor that no binding of this device holds is changed and read back', async () => {
  const { facts } = backend
  const { maxBufferSize, maxStorageBufferBindingSize } = facts.limits
  const real = maxBufferSize >= 1.25 * maxStorageBufferBindingSize && maxStorageBufferBindingSize <= 2 ** 28
  const most = real ? maxStorageBufferBindingSize : 2 ** 20
  const n = Math.ceil((1.25 * most) / 4 / 64) * 64
  const b = new Builder()
  const x = b.input('x', 'state', shape('f32', { row: n / 64, column: 64 }))
  b.update('x', b.binary('add', x, b.cast(b.position({ name: 'row', size: n / 64 }), 'f32')))
  const plan = planWebgpu([{ name: 'count', graph: b.finish() }], binding(facts, most))
  const window = windowBytes(binding(facts, most))
  assert.deepEqual(plan.programs[0]!.steps[0]!.windows, [
    { offset: 0, bytes: window },
    { offset: window, bytes: 4 * n - window },
  ])
  assert.ok(printPlan(plan).includes(`(>0 >0+${window})`), printPlan(plan))
  await using executable = await backend.load(plan)
  await executable.run('count', {})
  await executable.run('count', {})
  const found = await executable.read('x')
  const wrong = found.findIndex((value, i) => value !== 2 * Math.floor(i / 64))
  assert.equal(wrong, -1, `element ${wrong} is ${found[wrong]}`)
})

describe('weights larger than a binding', () => {
  // Of 1024 by 1024, 4 MiB: two windows, as many as a device has that makes buffers of twice a binding.
  const wide = (facts: DeviceFacts) => binding(facts, 2 ** 21)
  const stage = trainOf(page('precision: f16').replace(/model: .*/, 'model: smdm.preset(19M) { context: 64, layers: 1, width: 1024, heads: 16, hidden: 64 }')) // prettier-ignore

  for (const facts of [wide(h200), wide(minimum)]) {
    test(`trains on ${facts.name}, and Dawn has nothing to say against its kernels`, async () => {
      const { plan } = choose(stage, { facts, library, micro: 1 })
      assert.equal(plan.target, 'webgpu')
      if (plan.target !== 'webgpu') return
      assert.ok(windowed(plan).length > 5, 'few windows')
      assertBindings(plan, facts)
      assert.ok(fits(plan, facts), `${plan.memory.whole!.name} is to be whole`)
      const check = await frontEnd(facts.features)
      for (const { label, wgsl } of plan.kernels) assert.deepEqual(await check(wgsl), [], label)
    })
  }
})

describe('what a device takes and what it refuses', () => {
  const stage = trainOf(page())

  test('fewer sequences at a time come before windows for activations; weights have them', () => {
    const on = (bytes: number) => choose(stage, { facts: binding(minimum, bytes), library })
    const [all, some, few] = [on(2 ** 27), on(2 ** 23), on(600_000)]
    assert.deepEqual([all, some, few].map(({ micro }) => micro), [256, 32, 4]) // prettier-ignore
    assert.deepEqual([all, some].map(({ plan }) => plan.target === 'webgpu' && windowed(plan)), [[], []]) // prettier-ignore
    assert.equal(few.plan.memory.largest.bytes, 2 ** 20)
    assert.equal(fits(few.plan, binding(minimum, 600_000)), true)
  })

  test("attention's tensors have no windows", () => {
    const { limits } = minimum
    const facts = binding({ ...minimum, limits: { ...limits, maxStorageBuffersPerShaderStage: 1000 } }, 2 ** 15)
    const { fits, tooLarge } = predict(stage, { facts, library, micro: 1 })
    // Queries: 64 positions of 256 floats.
    assert.deepEqual([fits, tooLarge], [false, { name: 'add', bytes: 2 ** 16, limit: 2 ** 15 }])
  })

  test('a device that binds next to nothing is refused', () => {
    const { fits, tooLarge } = predict(stage, { facts: binding(minimum, 256), library })
    assert.deepEqual([fits, tooLarge!.limit], [false, 256])
  })

  test('the device says so before it allocates', async () => {
    const plan = planWebgpu(training(backend.facts, { layers: 1, width: 8, heads: 2, hidden: 12 }, true), backend.facts)
    const { maxStorageBufferBindingSize } = backend.facts.limits
    const whole = { name: 'queries', bytes: maxStorageBufferBindingSize + 4 }
    await assert.rejects(backend.load({ ...plan, memory: { ...plan.memory, whole } }), (error) => {
      assert.ok(error instanceof Failure)
      return error.code === 'out-of-memory' && /queries/.test(error.message)
    })
  })
})
