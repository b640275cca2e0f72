// A checked stage → its programs, lowered for a target.
import type { CustomStage, EvalStage, SampleStage, TrainStage } from '../check/pipeline.ts'
import type { Graph } from '../graph/graph.ts'
import { copyWeights, half, readByProducts } from '../passes/half.ts'
import { customPrograms } from './custom.ts'
import { guidedNllProgram, logitsProgram, nllProgram } from './evaluate.ts'
import type { Library } from './library.ts'
import { samplerProgram } from './sample.ts'
import { trainPrograms } from './train.ts'
import type { Program } from './train.ts'
import type { Shape } from './network.ts'

export type { Program }

/** What a target wants of graphs: before they are differentiated, and at the end. */
export interface Lowering {
  readonly forward: (graph: Graph) => Graph
  readonly backward: (graph: Graph) => Graph
  /** Of gradients, when products have their precision. */
  readonly last: (graph: Graph) => Graph
}

export interface Purpose {
  readonly library: Library
  readonly lowering: Lowering
  /** Sequences per run. */
  readonly micro: number
  /** What products compute in: 'f16' on devices that can only. Default f32. */
  readonly precision?: Precision
}

export type Precision = 'f32' | 'f16'

/** step, or accumulate and apply; nll for validation; in f16 also prepare. */
export function trainingPrograms(
  stage: Pick<TrainStage, 'model' | 'optimizer' | 'batch' | 'context'>,
  purpose: Purpose,
): readonly Program[] {
  const { library, lowering, micro, precision } = purpose
  const shape: Shape = { batch: micro, time: stage.context }
  const spec = { model: stage.model, optimizer: stage.optimizer, batch: stage.batch, scaled: precision === 'f16' }
  const steps = trainPrograms(spec, shape, library, lowering.forward)
  const programs = [...steps.map((p) => finished(p, lowering)), ...scored([nllProgram(stage.model, shape, library)], { lowering })]
  const precise = precision === 'f16' ? inHalf(programs) : programs
  return precise.map(({ name, graph }) => ({ name, graph: lowering.last(graph) }))
}

/** Weights stay in f32, where the optimizer adds small steps to them; products read copies, which `prepare` makes at the start. */
function inHalf(programs: readonly Program[]): readonly Program[] {
  const copied = new Set(programs.flatMap(({ graph }) => [...readByProducts(graph).all]))
  const weights = { only: new Set<string>(), copied }
  const [first] = programs
  const prepare = first ? [{ name: 'prepare', graph: copyWeights(first.graph, copied) }] : []
  return [...programs.map(({ name, graph }) => ({ name, graph: half(graph, weights, likelihoods.includes(name)) })), ...prepare]
}

export function samplePrograms(stage: Pick<SampleStage, 'model' | 'sampler' | 'length'>, purpose: Purpose): readonly Program[] {
  const { library, micro } = purpose
  return scored([samplerProgram(stage.model, stage.sampler, { batch: micro, time: stage.length }, library)], purpose)
}

export function evaluationPrograms(stage: Pick<EvalStage, 'model' | 'context'>, purpose: Purpose): readonly Program[] {
  const { library, micro } = purpose
  return scored([nllProgram(stage.model, { batch: micro, time: stage.context }, library)], purpose)
}

export function pluginPrograms(stage: CustomStage, purpose: Purpose): readonly Program[] {
  const { library, micro } = purpose
  return scored(customPrograms(stage, { batch: micro, time: stage.trained?.context ?? 1 }, library), purpose)
}

/** What comparisons with the reference need beside: likelihood under guidance, and logits. */
export function comparisonPrograms(stage: Pick<EvalStage, 'model' | 'context'>, purpose: Purpose): readonly Program[] {
  const shape: Shape = { batch: purpose.micro, time: stage.context }
  const { library } = purpose
  const programs = [
    nllProgram(stage.model, shape, library),
    guidedNllProgram(stage.model, shape, library),
    logitsProgram(stage.model, shape),
  ]
  return scored(programs, purpose)
}

function finished({ name, graph }: Program, lowering: Lowering): Program {
  return { name, graph: lowering.backward(graph) }
}

/** Programs whose logits go into sums alone. A sampler compares them, and what was not equal shall not become so. */
const likelihoods: readonly string[] = ['nll', 'guided_nll']

/** Programs that are not differentiated, of one plan: nothing updates their weights, so in f16 the device holds them in f16. */
function scored(programs: readonly Program[], { lowering, precision }: Pick<Purpose, 'lowering' | 'precision'>): readonly Program[] {
  const lowered = programs.map(({ name, graph }) => ({ name, graph: lowering.backward(lowering.forward(graph)) }))
  if (precision !== 'f16') return lowered
  const [first, ...others] = lowered.map(({ graph }) => readByProducts(graph).only)
  const only = new Set([...(first ?? [])].filter((state) => others.every((states) => states.has(state))))
  return lowered.map(({ name, graph }) => ({ name, graph: half(graph, { only, copied: new Set() }, likelihoods.includes(name)) }))
}
