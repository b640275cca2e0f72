// A stage → its programs as the page means them: composites closed, nothing lowered or differentiated. For `explain --at graph`, and to
// see what a backend cannot do before anything runs.
import type { CustomStage, EvalStage, SampleStage, TrainStage } from '../check/pipeline.ts'
import type { Graph } from '../graph/graph.ts'
import { customPrograms } from './custom.ts'
import { nllProgram } from './evaluate.ts'
import type { Library } from './library.ts'
import { samplerProgram } from './sample.ts'
import { lossGraph, type Program } from './train.ts'

type Stage = TrainStage | SampleStage | EvalStage | CustomStage

/** Programs before anything is done to them; a training is its loss, which is what will be differentiated. */
export function writtenPrograms(stage: Stage, micro: number, library: Library): readonly Program[] {
  switch (stage.kind) {
    case 'train': {
      const shape = { batch: micro, time: stage.context }
      return [{ name: 'loss', graph: lossGraph(stage.model, shape, library) }, nllProgram(stage.model, shape, library)]
    }
    case 'sample':
      return [samplerProgram(stage.model, stage.sampler, { batch: micro, time: stage.length }, library)]
    case 'eval':
      return [nllProgram(stage.model, { batch: micro, time: stage.context }, library)]
    case 'custom':
      return customPrograms(stage, { batch: micro, time: stage.trained?.context ?? 1 }, library)
    default:
      return stage satisfies never
  }
}

/** Names of the ops written in WGSL that a stage computes, each once. */
export function wgslOps(stage: Stage, library: Library): readonly string[] {
  return [...new Set(writtenPrograms(stage, 1, library).flatMap(({ graph }) => nativesIn(graph)))]
}

function nativesIn({ nodes }: Graph): readonly string[] {
  return nodes.flatMap((node) => {
    if (node.op === 'native') return [node.attrs.name]
    if (node.op !== 'call') return []
    const { body, grads = [] } = node.attrs
    return [body, ...grads].flatMap((graph) => (graph ? nativesIn(graph) : []))
  })
}
