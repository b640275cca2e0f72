// A stage compiled up to some point → text:
//   graph     its programs as tensor graphs, as the page means them: composites closed, nothing lowered or differentiated
//   gradient  its programs as the target plans them: differentiated, with the optimizer, lowered
//   kernels   WebGPU: those programs cut into fused kernels
//   plan      memory and what runs one after the other: dispatches, or the nodes of the ONNX models
//   wgsl      WebGPU: the text of every kernel
import { lossGraph } from '../../compiler/build/train.ts'
import { customPrograms } from '../../compiler/build/custom.ts'
import { nllProgram } from '../../compiler/build/evaluate.ts'
import { samplerProgram } from '../../compiler/build/sample.ts'
import type { Program } from '../../compiler/build/programs.ts'
import { compile, programsOf, type CompileOptions, type RunnableStage } from '../../compiler/compile.ts'
import { print } from '../../compiler/graph/print.ts'
import { fuse } from '../../compiler/kernels/fuse.ts'
import { printKernels } from '../../compiler/kernels/print.ts'
import { printOnnx } from '../../compiler/plan/onnx-print.ts'
import { printPlan, printWgsl } from '../../compiler/plan/print.ts'

export const COMPILATION = ['graph', 'gradient', 'kernels', 'plan', 'wgsl'] as const
export type Compilation = (typeof COMPILATION)[number]

/** The text of one stage of compilation. Equal pages and devices give equal text. */
export function compilationText(stage: RunnableStage, at: Compilation, options: CompileOptions): string {
  const { plan, micro } = compile(stage, options)
  const lowered = (show: (p: Program) => string): string => titled(programsOf(stage, micro, options), show)
  switch (at) {
    case 'graph':
      return titled(writtenPrograms(stage, micro, options), (p) => print(p.graph))
    case 'gradient':
      return lowered((p) => print(p.graph))
    case 'kernels':
      return plan.target === 'webgpu' ? lowered((p) => printKernels(fuse(p.graph, options.facts))) : noKernels
    case 'plan':
      return plan.target === 'webgpu' ? printPlan(plan) : [printPlan(plan), titled(plan.programs, (p) => printOnnx(p.model))].join('\n')
    case 'wgsl':
      return plan.target === 'webgpu' ? printWgsl(plan) : noKernels
    default:
      return at satisfies never
  }
}

const noKernels =
  'On the CPU there are no kernels of ours: ONNX Runtime takes one model a program and fuses for itself.\n' +
  'See --at plan for the nodes of those models, or give --device webgpu, software or --facts FILE for kernels.\n'

/** Programs before anything is done to them; a training is its loss, which is what will be differentiated. */
function writtenPrograms(stage: RunnableStage, micro: number, { library }: CompileOptions): readonly Program[] {
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

function titled<P extends { readonly name: string }>(programs: readonly P[], show: (program: P) => string): string {
  return programs.map((p) => `program ${p.name}\n${show(p)}`).join('\n')
}
