// Devices that bind less than tests' tensors have.
import type { DeviceFacts } from '../../compiler/facts.ts'
import type { WebgpuPlan } from '../../compiler/plan/plan.ts'
import { planWebgpu, type NamedGraph } from '../../compiler/plan/webgpu.ts'

export function binding(facts: DeviceFacts, bytes: number): DeviceFacts {
  return { ...facts, limits: { ...facts.limits, maxStorageBufferBindingSize: bytes } }
}

/** Kernels that see a tensor through windows. */
export function windowed({ kernels }: WebgpuPlan): readonly string[] {
  return kernels.flatMap(({ label, wgsl }) => (/\b(read|write)_t\d+\(/.test(wgsl) ? [label] : []))
}

/** A program as for a device that binds half of its largest tensor; undefined where nothing is bound in windows then. */
export function planInWindows(program: NamedGraph, facts: DeviceFacts): WebgpuPlan | undefined {
  const half = Math.ceil(planWebgpu([program], facts).memory.largest.bytes / 512) * 256
  const plan = planWebgpu([program], binding(facts, half))
  return windowed(plan).length > 0 && plan.memory.whole!.bytes <= half ? plan : undefined
}
