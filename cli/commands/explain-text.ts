// A stage compiled up to some point → text:
//   graph     its programs as tensor graphs, as the page means them: composites closed, nothing lowered or differentiated
//   gradient  its programs as the target plans them: differentiated, with the optimizer, lowered
//   kernels   WebGPU: those programs cut into fused kernels
//   plan      memory and what runs one after the other: dispatches, or the nodes of the ONNX models
//   wgsl      WebGPU: the text of every kernel
import type { Program } from '../../compiler/build/programs.ts'
import { writtenPrograms } from '../../compiler/build/written.ts'
import { compile, programsOf, type CompileOptions, type RunnableStage } from '../../compiler/compile.ts'
import { print } from '../../compiler/graph/print.ts'
import { microBatch } from '../../compiler/plan/micro.ts'
import { fuse } from '../../compiler/kernels/fuse.ts'
import { joinProducts } from '../../compiler/kernels/join.ts'
import { printKernels } from '../../compiler/kernels/print.ts'
import { printOnnx } from '../../compiler/plan/onnx-print.ts'
import { printPlan, printWgsl } from '../../compiler/plan/print.ts'
import type { Compilation } from '../explained.ts'

/** The text of one stage of compilation. Equal pages and devices give equal text. */
export function compilationText(stage: RunnableStage, at: Compilation, options: CompileOptions): string {
  // What the page means needs no device: a stage that this one cannot run is shown, too.
  if (at === 'graph') return titled(writtenPrograms(stage, options.micro ?? microBatch(stage, options.facts)[0] ?? 1, options.library), (p) => print(p.graph)) // prettier-ignore
  const { plan, micro } = compile(stage, options)
  const lowered = (show: (p: Program) => string): string => titled(programsOf(stage, micro, options), show)
  switch (at) {
    case 'gradient':
      return lowered((p) => print(p.graph))
    case 'kernels':
      return plan.target === 'webgpu' ? lowered((p) => printKernels(joinProducts(fuse(p.graph, options.facts), options.facts))) : noKernels
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

function titled<P extends { readonly name: string }>(programs: readonly P[], show: (program: P) => string): string {
  return programs.map((p) => `program ${p.name}\n${show(p)}`).join('\n')
}
