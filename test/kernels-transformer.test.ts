// Whole programs of a small transformer on the WebGPU device, against the reference interpreter: training, scoring, sampling.
// And what the planner promises about them: equal layers share their kernels, devices' limits hold, nothing is bound twice.
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import type { Program } from '../compiler/build/programs.ts'
import type { DeviceFacts } from '../compiler/facts.ts'
import { planWebgpu } from '../compiler/plan/webgpu.ts'
import { compile } from '../compiler/compile.ts'
import { Library } from '../compiler/build/library.ts'
import { preludeScope } from '../cli/library.ts'
import { readFacts } from '../cli/device.ts'
import type { WebgpuBackend } from '../runtime/webgpu/backend.ts'
import { trainOf } from './helpers/check.ts'
import { extents, inputsOf, sampling, training } from './helpers/transformer-programs.ts'
import { testBackend } from './helpers/webgpu.ts'
import { judge } from './onnx-judge.ts'

const sizes = { layers: 2, width: 8, heads: 2, hidden: 12 }

describe('programs of a small transformer on WebGPU', () => {
  let backend: WebgpuBackend
  before(async () => void (backend = await testBackend()))

  const agree = async (programs: readonly Program[], tolerance: number): Promise<void> => {
    await using executable = await backend.load(planWebgpu(programs, backend.facts))
    for (const program of programs) await judge(executable, program.name, program.graph, inputsOf(program), extents, tolerance)
  }
  test('a training step at once', async () => agree(training(backend.facts, sizes, true), 2e-4))
  test('a training step in two', async () => agree(training(backend.facts, sizes, false), 2e-4))
  test('sampling by confidence', async () => agree(sampling(backend.facts, sizes, {}), 1e-4))
  test('sampling from a pool, with guidance', async () => agree(sampling(backend.facts, sizes, { pooled: true, guidance: 1 }), 1e-4))
  test('ancestral sampling', async () => agree(sampling(backend.facts, sizes, { kind: 'ancestral' }), 1e-4))
})

describe('plans', () => {
  const limits = {
    maxBufferSize: 2 ** 31,
    maxStorageBufferBindingSize: 2 ** 27,
    maxComputeWorkgroupStorageSize: 16384,
    maxComputeInvocationsPerWorkgroup: 256,
    maxComputeWorkgroupSizeX: 256,
    maxComputeWorkgroupsPerDimension: 65535,
    maxStorageBuffersPerShaderStage: 8,
    minStorageBufferOffsetAlignment: 256,
  }
  const least: DeviceFacts = { backend: 'webgpu', name: 'the least a device may be', features: [], limits, software: false }
  const plan = (layers: number) => planWebgpu(training(least, { ...sizes, layers }, true), least)

  test('equal layers share their kernels', () => {
    const [four, six] = [plan(4), plan(6)]
    // The gradient's norm adds up other numbers of tensors at a time.
    assert.ok(Math.abs(six.kernels.length - four.kernels.length) <= 2)
    assert.ok(six.programs[0]!.steps.length > four.programs[0]!.steps.length + 20)
    assert.deepEqual(plan(4), four)
  })

  test('no kernel binds more than the device has, and none a buffer twice that it writes', () => {
    const { kernels, programs } = plan(2)
    for (const { label, bindings } of kernels) {
      assert.ok(bindings.filter((b) => b !== 'extents').length <= limits.maxStorageBuffersPerShaderStage, label)
    }
    for (const { kernel, buffers } of programs.flatMap((p) => p.steps)) {
      buffers.forEach((buffer, i) => {
        if (kernels[kernel]!.bindings[i] === 'write')
          assert.equal(buffers.lastIndexOf(buffer), buffers.indexOf(buffer), kernels[kernel]!.label)
      })
    }
  })
})

describe('blocks of a page, for an H200', () => {
  const facts = readFacts('test/devices/nvidia-h200.json')

  /** Labels of the kernels of a training's step, and the operations that no matrix unit does. */
  const stepOf = (product: (weight: string, x: string) => string, query = '[width, heads, head]', bias = '') => {
    const text = `use smdm
block look(x: [time, width]) -> [time, width] {
  param heads
  let head = width / heads
  weight Q, K, V: ${query}
  weight O: [heads, head, width]
  q = sum[width](${product('Q', 'x')})
  k = sum[width](${product('K', 'x')})
  v = sum[width](${product('V', 'x')})
  y = sum[time'](softmax[time'](sum[head](q * k[time']) / sqrt(head)${bias}) * v[time'])
  return sum[heads, head](${product('O', 'y')})
}
block layer(x: [time, width]) -> [time, width] {
  param hidden
  weight A, B: [width, hidden]
  weight C: [hidden, width]
  y = x + look(rmsnorm[width](x))
  z = rmsnorm[width](y)
  return y + sum[hidden](silu(sum[width](${product('A', 'z')})) * sum[width](${product('B', 'z')}) * C)
}
data tales = text("tales.txt") { tokenizer: bytes }
train t = smdm.pretrain { model: smdm.preset(19M) { context: 512, layer: layer }, data: tales, budget: 200 steps, precision: f16 }
`
    const { plan } = compile(trainOf(text), { facts, library: new Library(preludeScope()), micro: 8 })
    assert.equal(plan.target, 'webgpu')
    const kernels = plan.programs[0]!.steps.map(({ kernel }) => plan.kernels[kernel]!)
    const others = kernels.filter(({ wgsl }) => !wgsl.includes('subgroupMatrixLoad'))
    const share = others.reduce((n, { flops }) => n + flops, 0) / kernels.reduce((n, { flops }) => n + flops, 0)
    return { labels: kernels.map(({ label }) => label), share }
  }
  const plain = stepOf((weight, x) => `${x} * ${weight}`)

  test('attention and products are for matrix units, without rotary positions too', () => {
    assert.ok(plain.labels.some((label) => label.startsWith('flash attention')))
    assert.ok(plain.share < 0.01, String(plain.share))
  })

  test('a product of a weight and what it is applied to is the same in either order', () => {
    assert.deepEqual(
      stepOf((weight, x) => `${weight} * ${x}`),
      plain,
    )
  })

  test('heads that do not lie together are put so for attention', () => {
    const { labels, share } = stepOf((weight, x) => `${x} * ${weight}`, '[width, head, heads]')
    assert.deepEqual(
      labels.filter((label) => label.startsWith('attention')),
      [],
    )
    assert.ok(share < 0.01, String(share))
  })

  test('products of scores that attention does not know are for matrix units, and what is made of them', () => {
    const { labels, share } = stepOf((weight, x) => `${x} * ${weight}`, undefined, ` - abs(pos[time] - pos[time'])`)
    assert.ok(!labels.some((label) => label.includes('attention')))
    assert.ok(share < 0.02, String(share))
  })
})
