// A stage and a device → what running it there takes, from the compiled plan itself; and what would fit where it does not.
import { choose, type CompileOptions, type RunnableStage } from './compile.ts'
import { memoryOf, shorterContext } from './check/memory.ts'
import type { TrainStage } from './check/pipeline.ts'
import type { DeviceFacts, DeviceRates } from './facts.ts'
import { fits, tooLarge } from './plan/micro.ts'
import type { Plan } from './plan/plan.ts'
import { costOf, executedFlops } from './report/cost.ts'
import type { Prediction } from './report/device-text.ts'

/** Compiles a stage for the device of `options`. A few seconds for the largest models. */
export function predict(stage: RunnableStage, options: CompileOptions): Prediction {
  const { facts } = options
  const { plan, micro } = choose(stage, options)
  const { states, activations, largest, again } = plan.memory
  return {
    device: facts.name,
    micro,
    runs: stage.kind === 'train' ? stage.batch / micro : undefined,
    memory: { states, activations, peak: states + activations, limit: facts.memory },
    again,
    largest,
    tooLarge: tooLarge(plan.memory, facts),
    kernels: plan.target === 'webgpu' ? plan.kernels.length : undefined,
    programs: programsOf(plan),
    fits: fits(plan, facts),
    time: facts.rates && timeOf(stage, plan, micro, facts.rates),
  }
}

/** What of a training that does not fit would. */
export interface WouldFit {
  /** The largest smaller preset of the family, as written. */
  readonly preset?: string
  /** The longest half, quarter, eighth of the context. */
  readonly context?: number
}

/** Compiles what the estimate lets hope for, one sequence at a time, until something fits. */
export function wouldFit(stage: TrainStage, options: CompileOptions): WouldFit {
  const limit = options.facts.memory ?? Number.POSITIVE_INFINITY
  const alone = (changed: TrainStage): boolean => {
    const { state, sequence } = memoryOf(changed.model)
    const estimated = state + (sequence * changed.context) / changed.model.context
    return estimated <= limit && fits(choose(changed, { ...options, micro: 1 }).plan, options.facts)
  }
  const context = shorterContext(stage.context, (shorter) => !stage.model.misfit(shorter) && alone({ ...stage, context: shorter }))
  for (const { name, model } of stage.smaller?.() ?? []) {
    if (alone({ ...stage, model })) return { preset: name, context }
  }
  return { context }
}

function programsOf(plan: Plan): Prediction['programs'] {
  if (plan.target === 'webgpu') return plan.programs.map(({ name, steps }) => ({ name, dispatches: steps.length }))
  return plan.programs.map(({ name }) => ({ name }))
}

/** By work alone, or by traffic where that takes longer. */
function timeOf(stage: RunnableStage, plan: Plan, micro: number, rates: DeviceRates): Prediction['time'] {
  const flops = executedFlops(costOf(stage))
  if (flops === undefined) return undefined
  const traffic =
    stage.kind === 'train' && rates.bytes !== undefined ? (bytesOfStep(plan, stage.batch / micro) * stage.steps) / rates.bytes : 0
  return { seconds: Math.max(flops / rates.flops, traffic), flopsPerSecond: rates.flops, source: rates.source }
}

/** Bytes that the kernels of one step read and write. */
function bytesOfStep(plan: Plan, runs: number): number {
  if (plan.target === 'cpu') return 0
  const times: Readonly<Record<string, number>> = { step: 1, accumulate: runs, apply: 1 }
  return plan.programs.reduce((sum, { name, steps }) => {
    const bytes = steps.reduce((n, { kernel }) => n + plan.kernels[kernel]!.bytes, 0)
    return sum + bytes * (times[name] ?? 0)
  }, 0)
}

/** Facts with the rates of measurements of this device, where the facts have none. */
export function withRates(facts: DeviceFacts, rates: DeviceRates | undefined): DeviceFacts {
  return facts.rates === undefined && rates !== undefined ? { ...facts, rates } : facts
}
