// A workload on a device → what each of its kernels takes, by the device's own clock, and what the host spends on top.
import type { Job } from '../../compiler/plan/jobs.ts'
import type { WebgpuPlan } from '../../compiler/plan/plan.ts'
import type { WebgpuExecutable } from '../webgpu/executable.ts'
import type { DispatchTime } from '../webgpu/timing.ts'
import { renew, type Part, type Workload } from './workload.ts'

/** A kernel in one unit of work. Operations and bytes as planned: the least it has to do. */
export interface KernelTime {
  /** Its place in the plan. */
  readonly kernel: number
  readonly label: string
  readonly calls: number
  readonly seconds: number
  readonly flops: number
  readonly bytes: number
  /** Of the choice of its tile, which tells its shape, too. */
  readonly key?: string
}

/** Microseconds of the host's for each dispatch of a unit. */
export interface HostTime {
  readonly record: number
  readonly submit: number
}

/** Runs, of which the first is slower and does not count; software takes long and gives no figures of performance anyway. */
const runs = { hardware: 4, software: 1 }
/** Runs for the host's time: the first ones do not count, for code is compiled in them; after so many seconds there are enough. */
const loops = { cold: 5, most: 50, seconds: 5 }

/** Kernels in the plan's order. Fails with no-timestamps. */
export async function kernelTimes(
  executable: WebgpuExecutable,
  job: Job,
  { parts }: Workload,
  on: keyof typeof runs,
): Promise<readonly KernelTime[]> {
  const { kernels } = job.plan as WebgpuPlan
  const totals = new Map<number, { calls: number; seconds: number }>()
  for (const part of parts) {
    for (const { kernel, seconds } of await fastest(executable, job, part, runs[on])) {
      const total = totals.get(kernel) ?? { calls: 0, seconds: 0 }
      totals.set(kernel, { calls: total.calls + part.times, seconds: total.seconds + part.times * seconds })
    }
  }
  return [...totals]
    .sort(([a], [b]) => a - b)
    .map(([kernel, { calls, seconds }]) => {
      const { label, flops, bytes, tuning } = kernels[kernel]!
      return { kernel, label, calls, seconds, flops: calls * flops, bytes: calls * bytes, key: tuning?.key }
    })
}

/** The least time of each dispatch. */
async function fastest(
  executable: WebgpuExecutable,
  job: Job,
  { spec, inputs, extents }: Part,
  count: number,
): Promise<readonly DispatchTime[]> {
  const all: (readonly DispatchTime[])[] = []
  while (all.length < count) {
    await renew(executable, job)
    all.push(await executable.profile(spec.name, inputs, extents))
  }
  const counted = all.slice(count > 1 ? 1 : 0)
  return counted[0]!.map(({ kernel }, i) => ({ kernel, seconds: Math.min(...counted.map((run) => run[i]!.seconds)) }))
}

/** Seconds of all kernels with a choice of tiles, by its key. */
export function byKey(times: readonly KernelTime[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>()
  for (const { key, seconds } of times) if (key !== undefined) sums.set(key, (sums.get(key) ?? 0) + seconds)
  return sums
}

/** Medians over runs on an idle device: of what the host does before a run is the device's, without waiting for it. */
export async function hostTime(executable: WebgpuExecutable, job: Job, { parts }: Workload): Promise<HostTime> {
  let [record, submit, dispatches] = [0, 0, 0]
  for (const { spec, times, inputs, extents } of parts) {
    const all = []
    const start = performance.now()
    do {
      await renew(executable, job)
      all.push(await executable.hostTime(spec.name, inputs, extents))
    } while (all.length < loops.most && performance.now() - start < loops.seconds * 1000)
    const counted = all.slice(Math.min(loops.cold, all.length - 1))
    record += times * median(counted.map((run) => run.record))
    submit += times * median(counted.map((run) => run.submit))
    dispatches += times * dispatchesOf(job.plan as WebgpuPlan, spec.name)
  }
  return { record: (record / dispatches) * 1e6, submit: (submit / dispatches) * 1e6 }
}

function dispatchesOf(plan: WebgpuPlan, program: string): number {
  return plan.programs.find(({ name }) => name === program)!.steps.length
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}
