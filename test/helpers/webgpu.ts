// The WebGPU devices of a test process.
import { join } from 'node:path'
import { readFacts } from '../../cli/device.ts'
import type { DeviceFacts } from '../../compiler/facts.ts'
import { matrixUnit } from '../../compiler/kernels/matrix-unit.ts'
import { webgpuBackend, type WebgpuBackend } from '../../runtime/webgpu/backend.ts'
import { strictBackend } from '../gpu/device.ts'

/** Files that describe devices. */
export const devicesFolder = join(import.meta.dirname, '..', 'devices')

const shared: { backend?: Promise<WebgpuBackend> } = {}

/**
 * What the machine has, software included; a machine without any fails its tests. SMDMC_TEST_DEVICE=test/devices/nvidia-h200.json is the
 * GPU made of TypeScript instead, as that file describes it. One per process: it lives until the process ends.
 */
export function testBackend(): Promise<WebgpuBackend> {
  const file = process.env['SMDMC_TEST_DEVICE']
  return (shared.backend ??= file === undefined ? webgpuBackend() : Promise.resolve(strictBackend(readFacts(file))))
}

/** The same where it has f16 and a matrix unit, which it is to use even if it is software; else the GPU made of TypeScript as an H200. */
export async function matrixBackend(): Promise<WebgpuBackend> {
  const backend = await testBackend()
  const facts = { ...backend.facts, software: false }
  return matrixUnit(facts) ? { ...backend, facts } : strictBackend(described('nvidia-h200'))
}

/** Facts of a device that is not here. */
export function described(name: string): DeviceFacts {
  return readFacts(join(devicesFolder, `${name}.json`))
}

/** A device with the matrices of Apple's, which Dawn does not show there yet. */
export const smallMatrices: DeviceFacts = {
  ...described('apple-m2'),
  features: ['shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix'],
  subgroupMatrices: [{ M: 8, N: 8, K: 8, type: 'f16', result: 'f32' }],
}
