// The WebGPU device of a test process: whatever the machine has, software included. A machine without any fails its tests.
import { webgpuBackend, type WebgpuBackend } from '../../runtime/webgpu/backend.ts'

const shared: { backend?: Promise<WebgpuBackend> } = {}

/** One backend per process, opened at the first call. It lives until the process ends. */
export function testBackend(): Promise<WebgpuBackend> {
  return (shared.backend ??= webgpuBackend())
}
