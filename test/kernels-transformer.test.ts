// Whole programs of a small transformer on the WebGPU device, against the reference interpreter: training, scoring, sampling.
// And what the planner promises about them: equal layers share their kernels, devices' limits hold, nothing is bound twice.
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import type { Program } from '../compiler/build/programs.ts'
import type { DeviceFacts } from '../compiler/facts.ts'
import { planWebgpu } from '../compiler/plan/webgpu.ts'
import type { WebgpuBackend } from '../runtime/webgpu/backend.ts'
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
