// How many sequences one run of the device takes. It changes results by rounding only, so it is the machine's business.
import type { DeviceFacts } from '../facts.ts'
import type { CustomStage, EvalStage, MetricSpec, SampleStage, TrainStage } from '../check/pipeline.ts'
import type { BufferPlan, MemoryPlan, Plan, TooLarge } from './plan.ts'

/** Tokens of one run that keep a device busy; more only costs memory. */
const ENOUGH = { cpu: 4096, webgpu: 32_768 } as const

/** Candidates, largest first, down to one sequence. For training they divide the batch. */
export function microBatch(stage: TrainStage | SampleStage | EvalStage | CustomStage, facts: DeviceFacts): readonly number[] {
  const [most, time] = sizes(stage)
  const enough = Math.max(1, Math.min(most, Math.floor(ENOUGH[facts.backend] / time)))
  if (stage.kind !== 'train') return halvings(enough)
  const divisors = Array.from({ length: enough }, (_, i) => enough - i).filter((n) => stage.batch % n === 0)
  return divisors.filter((n, i) => i === 0 || n === 1 || n <= divisors[0]! / 2)
}

function sizes(stage: TrainStage | SampleStage | EvalStage | CustomStage): readonly [number, number] {
  switch (stage.kind) {
    case 'train':
      return [stage.batch, stage.context]
    case 'sample':
      return [stage.count, stage.length * (stage.sampler.guidance === 0 ? 1 : 2)]
    case 'eval':
      return [Math.max(...stage.metrics.map((metric) => forwards(metric, stage.context))), stage.context]
    case 'custom':
      return stage.trained ? [Number.POSITIVE_INFINITY, stage.trained.context] : [1, 1]
    default:
      return stage satisfies never
  }
}

/** How often a metric runs the model, at most, where the page tells. */
function forwards(metric: MetricSpec, context: number): number {
  if (metric.kind !== 'likelihood') return Number.POSITIVE_INFINITY
  return metric.by === 'chain_rule' ? metric.samples * context : metric.samples
}

function halvings(most: number): readonly number[] {
  const all = [most]
  while (all.at(-1)! > 1) all.push(Math.floor(all.at(-1)! / 2))
  return all
}

/** Whether a plan's buffers fit the device, with a tenth to spare for the driver. */
export function fits({ memory }: Plan, facts: DeviceFacts): boolean {
  return memory.states + memory.activations <= usable(facts) && tooLarge(memory, facts) === undefined
}

/** A buffer larger than the device makes, or a tensor that a binding would have to hold and cannot, and the most that it may have. */
export function tooLarge({ largest, whole }: MemoryPlan, { limits }: DeviceFacts): TooLarge | undefined {
  if (largest.bytes > limits.maxBufferSize) return { ...largest, limit: limits.maxBufferSize }
  if (whole && whole.bytes > limits.maxStorageBufferBindingSize) return { ...whole, limit: limits.maxStorageBufferBindingSize }
  return undefined
}

/** Whether activations are read through windows that smaller ones would not need: what is as large as a weight may be its gradient. */
export function hasWindows(plan: Plan, { limits }: DeviceFacts): boolean {
  if (plan.target === 'cpu') return false
  const most = (buffers: readonly BufferPlan[]): number => Math.max(0, ...buffers.map((b) => b.bytes))
  const states = plan.states.length
  return most(plan.buffers.slice(states)) > Math.max(limits.maxStorageBufferBindingSize, most(plan.buffers.slice(0, states)))
}

/** Whether so many sequences a run (none: false) are still work enough that fewer of them are no loss. */
export function keepsBusy(micro: number | undefined, { context }: Pick<TrainStage, 'context'>): boolean {
  return micro !== undefined && micro * context >= ENOUGH.webgpu / 8
}

/** Bytes that activations may take beside the states, less and less of it, for buffers that are shared never meet a budget exactly. */
export function budgets({ memory, target }: Plan, facts: DeviceFacts): readonly number[] {
  const left = usable(facts) - memory.states
  return target === 'webgpu' && left > 0 && Number.isFinite(left) ? [0.97, 0.9, 0.8].map((share) => share * left) : []
}

function usable({ memory = Number.POSITIVE_INFINITY }: DeviceFacts): number {
  return 0.9 * memory
}
