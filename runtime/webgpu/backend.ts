// The WebGPU backend: a device from its opening to its end, and the plans loaded on it.
import type { DeviceFacts } from '../../compiler/facts.ts'
import type { Plan } from '../../compiler/plan/plan.ts'
import type { Backend } from '../backend.ts'
import { openDevice, type DeviceOptions } from './device.ts'
import { load, type WebgpuExecutable } from './executable.ts'
import { proven, type Proven } from './half-test.ts'

export interface WebgpuBackend extends Backend, Proven {
  readonly kind: 'webgpu'
  /** What the compiler may rely on when it plans for this device: what its driver says and what was tried. */
  readonly facts: DeviceFacts
  load(plan: Plan): Promise<WebgpuExecutable>
}

/** Opens a device. Fails with webgpu-missing, no-adapter or no-such-adapter. Disposing of it voids what is still loaded. */
export async function webgpuBackend(options: DeviceOptions = {}): Promise<WebgpuBackend> {
  const open = await openDevice(options)
  const tried = await proven(open.facts, async (plan, inputs) => {
    await using executable = await load(open, plan)
    return executable.run(plan.programs[0]!.name, inputs)
  })
  return {
    kind: 'webgpu',
    device: open.label,
    ...tried,
    load: async (plan) => {
      if (plan.target !== 'webgpu') throw new Error(`bug: a plan for ${plan.target} is loaded on WebGPU`)
      return load(open, plan)
    },
    [Symbol.asyncDispose]: async () => {
      await open.device.queue.onSubmittedWorkDone().catch(() => undefined)
      open.device.destroy()
    },
  }
}
