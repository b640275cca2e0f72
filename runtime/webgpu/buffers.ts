// The plan's buffers on the device, made once. WebGPU hands them out zeroed, which is what states expect.
import type { WebgpuPlan } from '../../compiler/plan/plan.ts'
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
export async function allocate({ device, faults, facts }: OpenDevice, { buffers: plans, memory }: WebgpuPlan): Promise<GPUBuffer[]> {
  const { maxBufferSize, maxStorageBufferBindingSize } = facts.limits
  const large = plans.find(({ bytes }) => roundUp(bytes) > maxBufferSize)
  if (large) throw tooLarge(large.label, large.bytes, maxBufferSize)
  const { whole } = memory
  if (whole && whole.bytes > maxStorageBufferBindingSize) throw tooLarge(whole.name, whole.bytes, maxStorageBufferBindingSize)
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
