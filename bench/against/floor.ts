// A plan for a GPU whose peaks are known → the time that a unit of its work takes there at least, and the time that is expected.
// Kernel by kernel: its operations over the peak of the matrix units, or its bytes over the bandwidth, whichever takes longer.
import type { Job } from '../../compiler/plan/jobs.ts'
import type { KernelPlan, WebgpuPlan } from '../../compiler/plan/plan.ts'
import { workloadOf } from '../../runtime/bench/workload.ts'

/** Milliseconds of a step, or of one round of a sampler. */
export interface Floor {
  readonly least: number
  readonly expected: number
  /** Of the same work. */
  readonly flops: number
  readonly bytes: number
  readonly dispatches: number
}

/** Of products in f16 with sums in f32, without sparsity, and of memory: operations and bytes a second, as NVIDIA gives them. */
const peaks: readonly { readonly name: RegExp; readonly flops: number; readonly bytes: number }[] = [
  { name: /H200/, flops: 989e12, bytes: 4.8e12 },
  { name: /H100 PCIe/, flops: 756e12, bytes: 2e12 },
  { name: /H100/, flops: 989e12, bytes: 3.35e12 },
  { name: /A100/, flops: 312e12, bytes: 1.94e12 },
]

/**
 * What is expected of our kernels: shares of the peaks that published kernels reach without the instructions that WebGPU does not
 * offer, and seconds between one dispatch and the next, which waits for it. docs/benchmarks.md has the reasons.
 */
const expected = { product: 0.28, forward: 0.2, backward: 0.17, bytes: 0.75, wait: 2e-6 }

/** Undefined for a device whose peaks are not listed. The job's products have to be in f16. */
export function floorOf(job: Job, device: string): Floor | undefined {
  const peak = peaks.find(({ name }) => name.test(device))
  if (peak === undefined || job.plan.target !== 'webgpu') return undefined
  let [least, likely, flops, bytes, dispatches] = [0, 0, 0, 0, 0]
  for (const { spec, times } of workloadOf(job).parts) {
    for (const kernel of kernelsOf(job.plan, spec.name)) {
      const [computing, moving] = [kernel.flops / peak.flops, kernel.bytes / peak.bytes]
      const count = times * filled(kernel)
      least += count * Math.max(computing, moving)
      likely += count * Math.max(computing / shareOf(kernel), moving / expected.bytes) + times * expected.wait
      flops += count * kernel.flops
      bytes += count * kernel.bytes
      dispatches += times
    }
  }
  return { least: 1000 * least, expected: 1000 * likely, flops, bytes, dispatches }
}

function kernelsOf({ programs, kernels }: WebgpuPlan, name: string): readonly KernelPlan[] {
  return programs.find((program) => program.name === name)!.steps.map(({ kernel }) => kernels[kernel]!)
}

/** Kernels over masked rows have on average half of the rows that they may have, in training as in sampling. */
function filled({ bindings }: KernelPlan): number {
  return bindings.includes('extents') ? 0.5 : 1
}

function shareOf({ label }: KernelPlan): number {
  if (!label.includes('attention')) return expected.product
  return label.includes('forward') ? expected.forward : expected.backward
}
