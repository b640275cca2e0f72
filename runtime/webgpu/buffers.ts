// The plan's buffers on the device, made once. WebGPU hands them out zeroed, which is what states expect.
import type { BufferPlan } from '../../compiler/plan/plan.ts'
import type { OpenDevice } from './device.ts'
import { planTooLarge, tooLarge } from './messages.ts'

/** GPUBufferUsage and GPUMapMode of the standard: Node has no such globals. */
export const usage = { mapRead: 0x1, copySource: 0x4, copyTarget: 0x8, uniform: 0x40, storage: 0x80, queryResolve: 0x200 } as const
export const mapRead = 0x1

/** Sizes are rounded up so that a kernel may read any buffer as vec4s. */
export function roundUp(bytes: number): number {
  return Math.max(16, Math.ceil(bytes / 16) * 16)
}

/** Allocates all buffers and fills those of known content. Fails with DoesNotFit, having freed what it had got. */
export async function allocate({ device, facts, faults }: OpenDevice, plans: readonly BufferPlan[]): Promise<GPUBuffer[]> {
  const limit = Math.min(facts.limits.maxBufferSize, facts.limits.maxStorageBufferBindingSize)
  const largest = plans.find(({ bytes }) => roundUp(bytes) > limit)
  if (largest) throw tooLarge(largest.label, largest.bytes, limit)
  const buffers: GPUBuffer[] = []
  const total = plans.reduce((sum, { bytes }) => sum + roundUp(bytes), 0)
  try {
    await faults.inMemory(
      () => {
        for (const plan of plans) {
          buffers.push(
            device.createBuffer({
              label: plan.label,
              size: roundUp(plan.bytes),
              usage: usage.storage | usage.copySource | usage.copyTarget,
            }),
          )
        }
      },
      () => planTooLarge(total),
    )
  } catch (error) {
    for (const buffer of buffers) buffer.destroy()
    throw error
  }
  plans.forEach(({ data }, i) => {
    if (data) device.queue.writeBuffer(buffers[i]!, 0, data.buffer, data.byteOffset, data.byteLength)
  })
  return buffers
}
