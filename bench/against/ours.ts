// A job of ours on a device → units of work: steps through the queue that training uses, batches through the sampler's own loop.
import type { Job } from '../../compiler/plan/jobs.ts'
import { elements } from '../../compiler/graph/graph.ts'
import { openBackend, type OpenBackend } from '../../cli/device.ts'
import type { DeviceFacts } from '../../compiler/facts.ts'
import type { Executable } from '../../runtime/backend.ts'
import { randomNumbers } from '../../runtime/bench/random-weights.ts'
import { fillWeights } from '../../runtime/bench/workload.ts'
import { batchesOf } from '../../runtime/data/batches.ts'
import { looks } from '../../runtime/sample.ts'
import { revealSteps } from '../../runtime/sampler/schedule.ts'
import { StepQueue, type QueuedStep } from '../../runtime/step-queue.ts'
import type { Case, Facts, Round, SampleCase, TrainCase } from './case.ts'
import { floorOf, type Floor } from './floor.ts'
import { jobOf } from './job.ts'

/** A case that is ready to be measured. */
export interface Ours extends AsyncDisposable {
  readonly facts: Facts
  /** Runs so many units and waits for them at the end. */
  round(count: number): Promise<Round>
}

/** Opens the device, compiles the case and loads it with weights that are random and not trained. */
export async function ours(c: Case, device: string): Promise<Ours> {
  const opened = await openBackend(device, console.error)
  const { facts: known } = opened
  const base = {
    program: `smdmc on ${opened.backend.kind}`,
    device: known.name,
    driver: known.driver,
    kind: kindOf(known),
    precision: c.precision,
  }
  return c.kind === 'train' ? training(c, opened, base) : sampling(c, opened, base)
}

function kindOf({ backend, software }: DeviceFacts): Facts['kind'] {
  return backend === 'cpu' ? 'cpu' : software ? 'software' : 'gpu'
}

function floorFor({ precision }: Case, job: Job, { device }: Base): Floor | undefined {
  return precision === 'f16' ? floorOf(job, device) : undefined
}

type Base = Pick<Facts, 'program' | 'device' | 'driver' | 'kind' | 'precision'>

async function training(c: TrainCase, opened: OpenBackend, base: Base): Promise<Ours> {
  const { job, flops } = jobOf(c, opened.facts)
  const executable = await loaded(opened, job)
  const random = randomNumbers()
  const tokens = Int32Array.from({ length: Math.max(2 ** 20, 4 * c.sequences * c.length) }, () => Math.floor(random() * c.vocab))
  const queue = new StepQueue(job, batchesOf(job, tokens), executable)
  const { signal } = new AbortController()
  const perStep = c.sequences * c.length
  let step = 0
  return {
    facts: { ...base, parameters: job.parameters, tokens: perStep, flops, floor: floorFor(c, job, base) },
    round: (units) =>
      timed(executable, units, async () => {
        const steps: QueuedStep[] = []
        for (let i = 0; i < units; i++) steps.push((await queue.add(++step, signal))!)
        const losses = await Promise.all(steps.flatMap((queued) => queued.losses))
        const norms = await Promise.all(steps.map(({ norm }) => norm))
        return { loss: losses.reduce((a, b) => a + b, 0) / units, skipped: norms.filter((norm) => !Number.isFinite(norm)).length }
      }),
    [Symbol.asyncDispose]: () => closed(executable, opened),
  }
}

async function sampling(c: SampleCase, opened: OpenBackend, base: Base): Promise<Ours> {
  const { job, flops } = jobOf(c, opened.facts)
  const executable = await loaded(opened, job)
  const { signal } = new AbortController()
  const prompt = Int32Array.from({ length: c.prompt }, (_, i) => i)
  const parameters = job.weights.reduce((n, { dims }) => n + elements({ dtype: 'f32', dims }), 0)
  const masked = c.length - c.prompt
  return {
    facts: {
      ...base,
      parameters,
      tokens: c.sequences * masked,
      rounds: revealSteps(masked, c.steps).length,
      flops,
      floor: floorFor(c, job, base),
    },
    round: (units) =>
      timed(executable, units, async () => {
        let masks = 0
        for (let i = 0; i < units; i++) {
          for await (const { tokens, step } of looks(job, executable, 0, prompt, signal)) {
            if (step === undefined) masks += tokens.flatMap((one) => [...one]).filter((token) => token === job.mask).length
          }
        }
        return { masks: masks / units }
      }),
    [Symbol.asyncDispose]: () => closed(executable, opened),
  }
}

async function timed<T>(executable: Executable, units: number, work: () => Promise<T>): Promise<T & Round> {
  const [began, before] = [performance.now(), process.cpuUsage()]
  const more = await work()
  const total = performance.now() - began
  const { user, system } = process.cpuUsage(before)
  return { ...more, units, total, busy: (user + system) / 1000, memory: executable.memory }
}

async function loaded({ backend }: OpenBackend, job: Job): Promise<Executable> {
  const executable = await backend.load(job.plan)
  await fillWeights(executable, job)
  return executable
}

async function closed(executable: Executable, opened: OpenBackend): Promise<void> {
  await executable[Symbol.asyncDispose]()
  await opened[Symbol.asyncDispose]()
}
