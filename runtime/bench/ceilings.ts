// What a device reaches at its best, measured with the same clock: bytes a second of a large copy, operations a second of a large
// product. Both stand beside a stage's kernels.
import type { DeviceFacts } from '../../compiler/facts.ts'
import { elements, type Dim } from '../../compiler/graph/graph.ts'
import type { WebgpuPlan } from '../../compiler/plan/plan.ts'
import type { WebgpuBackend } from '../webgpu/backend.ts'
import { filled, randomNumbers } from './random-weights.ts'

export interface Rates {
  readonly flopsPerSecond: number
  readonly bytesPerSecond: number
}

/** Bytes read and written, above what caches hold. */
const copied = { hardware: 2 ** 28, software: 2 ** 24 }
const threads = 256
/** Workgroups side by side. */
const across = 1024
const repeats = 5

/** Runs the one program of a plan, which needs no inputs, on random states; gives the rates of its fastest run. */
export async function ratesOf(backend: WebgpuBackend, plan: WebgpuPlan): Promise<Rates> {
  await using executable = await backend.load(plan)
  const random = randomNumbers()
  for (const { name, type } of plan.states) {
    const length = elements(type)
    const words = type.dtype === 'u32'
    await executable.write(
      name,
      filled(words ? new Uint32Array(length) : new Float32Array(length), () => (words ? random() * 2 ** 32 : random() - 0.5)),
    )
  }
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i <= repeats; i++) {
    const times = await executable.profile(plan.programs[0]!.name, {})
    least = Math.min(least, times.reduce((sum, { seconds }) => sum + seconds, 0)) // prettier-ignore
  }
  const sum = (of: 'flops' | 'bytes') => plan.programs[0]!.steps.reduce((n, { kernel }) => n + plan.kernels[kernel]![of], 0)
  return { flopsPerSecond: sum('flops') / least, bytesPerSecond: sum('bytes') / least }
}

/** Copies whole vectors, neighbouring threads neighbouring ones. */
export function copyPlan({ limits, software }: DeviceFacts): WebgpuPlan {
  const limit = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize, software ? copied.software : copied.hardware)
  const rows = Math.floor(limit / (16 * threads * across))
  const bytes = rows * across * threads * 16
  const words: Dim = { name: 'word', size: bytes / 4 }
  const tensor = (name: string) => ({ name, type: { dtype: 'u32', dims: [words] } }) as const
  const wgsl = `@group(0) @binding(0) var<storage, read> old: array<vec4<u32>>;
@group(0) @binding(1) var<storage, read_write> copy: array<vec4<u32>>;
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * ${across}u + group.x) * ${threads}u + lane;
  copy[i] = old[i];
}`
  return {
    target: 'webgpu',
    states: [tensor('old'), tensor('copy')],
    memory: { states: 2 * bytes, activations: 0, largest: { name: 'old', bytes } },
    buffers: [
      { bytes, label: 'old' },
      { bytes, label: 'copy' },
    ],
    kernels: [{ label: 'copy', wgsl, bindings: ['read', 'write'], flops: 0, bytes: 2 * bytes }],
    programs: [
      {
        name: 'copy',
        inputs: [],
        results: [],
        states: ['old', 'copy'],
        live: [],
        steps: [{ kernel: 0, buffers: [0, 1], groups: [across, rows, 1] }],
        inputBuffers: [],
        resultBuffers: [],
      },
    ],
  }
}
