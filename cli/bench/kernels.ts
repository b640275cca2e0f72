// A stage on an open device → its kernels' times beside what the device can do at its best.
import { compile, type CompileOptions, type RunnableStage } from '../../compiler/compile.ts'
import type { DeviceFacts } from '../../compiler/facts.ts'
import type { Job } from '../../compiler/plan/jobs.ts'
import type { WebgpuPlan } from '../../compiler/plan/plan.ts'
import { copyPlan, ratesOf, type Rates } from '../../runtime/bench/ceilings.ts'
import { byKey, hostTime, kernelTimes, type HostTime, type KernelTime } from '../../runtime/bench/profile.ts'
import { tune, type Choice } from '../../runtime/bench/tune.ts'
import { fillWeights, workloadOf } from '../../runtime/bench/workload.ts'
import type { WebgpuBackend } from '../../runtime/webgpu/backend.ts'
import { productPlan } from './products.ts'

/** Seconds, bytes, operations; of the host microseconds a dispatch. */
export interface KernelBench {
  readonly stage: string
  readonly device: string
  readonly driver?: string
  readonly software: boolean
  readonly unit: string
  readonly parts: readonly {
    readonly program: string
    readonly times: number
    readonly live: readonly { readonly name: string; readonly size: number }[]
  }[]
  readonly kernels: readonly KernelTime[]
  /** Of a unit: all kernels, one after the other. */
  readonly seconds: number
  readonly dispatches: number
  readonly memory: number
  readonly ceilings: { readonly copy: Rates; readonly products: readonly { readonly name: string; readonly rates: Rates }[] }
  readonly host: HostTime
  /** All kernels of the plan, and the seconds that compiling them took. */
  readonly compiled: number
  readonly compiling: number
}

/** `facts`: of the device, with what else is known of it. */
export interface Bench {
  readonly backend: WebgpuBackend
  readonly stage: RunnableStage
  readonly options: CompileOptions
  /** Hears how far it is, and of what the compiler leaves out. */
  readonly note: (text: string) => void
}

/** Fails with no-timestamps, and where a plan does not fit the device. */
export async function benchKernels({ backend, stage, options, note }: Bench): Promise<KernelBench> {
  const { facts } = options
  note('measuring a copy and products')
  const copy = await ratesOf(backend, copyPlan(facts))
  const products = []
  for (const dtype of productsOn(facts))
    products.push({ name: nameOf(dtype, facts), rates: await ratesOf(backend, productPlan(dtype, facts)) })
  note('compiling')
  const job = compile(stage, options)
  for (const text of job.notes) note(text)
  const workload = workloadOf(job)
  await using executable = await backend.load(job.plan)
  await fillWeights(executable, job)
  note('measuring kernels')
  const kernels = await kernelTimes(executable, job, workload, kindOf(facts))
  return {
    stage: stage.name,
    device: backend.device,
    driver: facts.driver,
    software: facts.software,
    unit: workload.unit,
    parts: workload.parts.map(({ spec, times }) => ({ program: spec.name, times, live: spec.live })),
    kernels,
    seconds: kernels.reduce((sum, k) => sum + k.seconds, 0),
    dispatches: kernels.reduce((sum, k) => sum + k.calls, 0),
    memory: executable.memory,
    ceilings: { copy, products },
    host: await hostTime(executable, job, workload),
    compiled: planOf(job).kernels.length,
    compiling: executable.compiling,
  }
}

function kindOf({ software }: DeviceFacts): 'software' | 'hardware' {
  return software ? 'software' : 'hardware'
}

function productsOn({ features }: DeviceFacts): readonly ('f32' | 'f16')[] {
  return features.includes('shader-f16') ? ['f32', 'f16'] : ['f32']
}

function nameOf(dtype: 'f32' | 'f16', facts: DeviceFacts): string {
  const onUnit = productPlan(dtype, facts).kernels.some(({ tuning }) => tuning !== undefined)
  return `product ${dtype}${onUnit ? ' on a matrix unit' : ''}`
}

/** Times the tiles that the stage's kernels may have; empty where the device leaves no choice. */
export async function tuneKernels({ backend, stage, options, note }: Bench): Promise<readonly Choice[]> {
  const timed = async (tuned: DeviceFacts['tuned']): Promise<ReadonlyMap<string, number>> => {
    const job = compile(stage, { ...options, facts: { ...options.facts, tuned } })
    await using executable = await backend.load(job.plan)
    await fillWeights(executable, job)
    return byKey(await kernelTimes(executable, job, workloadOf(job), kindOf(options.facts)))
  }
  const unmeasured = compile(stage, { ...options, facts: { ...options.facts, tuned: undefined } })
  const used = new Set(workloadOf(unmeasured).parts.flatMap(({ spec }) => programSteps(planOf(unmeasured), spec.name)))
  const choices = planOf(unmeasured).kernels.flatMap(({ tuning }, i) => (tuning && used.has(i) ? [tuning] : []))
  const distinct = [...new Map(choices.map((tuning) => [tuning.key, tuning])).values()]
  return tune(distinct, timed, (done, of) => note(`measured ${done} of ${of} sets of tiles`))
}

function programSteps({ programs }: WebgpuPlan, name: string): readonly number[] {
  return programs.find((p) => p.name === name)!.steps.map(({ kernel }) => kernel)
}

/** Of a job compiled for WebGPU. */
function planOf({ plan }: Job): WebgpuPlan {
  if (plan.target !== 'webgpu') throw new Error(`bug: a plan for ${plan.target}`)
  return plan
}
