// A checked stage → its programs, lowered for a target.
import type { CustomStage, EvalStage, SampleStage, TrainStage } from '../check/pipeline.ts'
import type { Graph } from '../graph/graph.ts'
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
}

export interface Purpose {
  readonly library: Library
  readonly lowering: Lowering
  /** Sequences per run. */
  readonly micro: number
}

/** step, or accumulate and apply; and nll for validation. */
export function trainingPrograms(
  stage: Pick<TrainStage, 'model' | 'optimizer' | 'batch' | 'context'>,
  purpose: Purpose,
): readonly Program[] {
  const { library, lowering, micro } = purpose
  const shape: Shape = { batch: micro, time: stage.context }
  const forward = trainPrograms(stage, shape, library, micro === stage.batch, lowering.forward)
  return [...forward.map((p) => finished(p, lowering)), scored(nllProgram(stage.model, shape, library), lowering)]
}

export function samplePrograms(stage: Pick<SampleStage, 'model' | 'sampler' | 'length'>, purpose: Purpose): readonly Program[] {
  const { library, lowering, micro } = purpose
  return [scored(samplerProgram(stage.model, stage.sampler, { batch: micro, time: stage.length }, library), lowering)]
}

export function evaluationPrograms(stage: Pick<EvalStage, 'model' | 'context'>, purpose: Purpose): readonly Program[] {
  const { library, lowering, micro } = purpose
  return [scored(nllProgram(stage.model, { batch: micro, time: stage.context }, library), lowering)]
}

export function pluginPrograms(stage: CustomStage, purpose: Purpose): readonly Program[] {
  const { library, lowering, micro } = purpose
  const shape: Shape = { batch: micro, time: stage.trained?.context ?? 1 }
  return customPrograms(stage, shape, library).map((p) => scored(p, lowering))
}

/** What comparisons with the reference need beside: likelihood under guidance, and logits. */
export function comparisonPrograms(stage: Pick<EvalStage, 'model' | 'context'>, purpose: Purpose): readonly Program[] {
  const shape: Shape = { batch: purpose.micro, time: stage.context }
  const programs = [guidedNllProgram(stage.model, shape, purpose.library), logitsProgram(stage.model, shape)]
  return [...evaluationPrograms(stage, purpose), ...programs.map((p) => scored(p, purpose.lowering))]
}

function finished({ name, graph }: Program, lowering: Lowering): Program {
  return { name, graph: lowering.backward(graph) }
}

/** A program that is not differentiated. */
function scored({ name, graph }: Program, lowering: Lowering): Program {
  return { name, graph: lowering.backward(lowering.forward(graph)) }
}
