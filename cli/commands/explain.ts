// smdmc explain FILE STAGE: any stage of compilation as text, for a device that is here or one that JSON describes.
import { readFileSync } from 'node:fs'
import { Library } from '../../compiler/build/library.ts'
import { compile, programsOf, runnable, type CompileOptions, type RunnableStage } from '../../compiler/compile.ts'
import type { DeviceFacts } from '../../compiler/facts.ts'
import { print } from '../../compiler/graph/print.ts'
import { planWebgpu } from '../../compiler/plan/webgpu.ts'
import { printKernels } from '../../compiler/kernels/print.ts'
import { printPlan } from '../../compiler/plan/print.ts'
import type { Stage } from '../../compiler/check/pipeline.ts'
import { originsText } from '../../compiler/report/origins-text.ts'
import { Failure } from '../../runtime/events.ts'
import { openBackend } from '../device.ts'
import { exits, type Exit } from '../exit.ts'
import { load, type LoadOptions } from '../load.ts'
import { reportDiagnostics, type Output } from '../report.ts'
import { stageNamed } from './run.ts'

export const STAGES_OF_COMPILATION = ['values', 'graph', 'gradient', 'kernels', 'plan', 'wgsl'] as const
type At = (typeof STAGES_OF_COMPILATION)[number]

export interface ExplainOptions extends LoadOptions {
  readonly at?: string
  readonly facts?: string
  readonly device: string
  readonly micro?: number
}

export async function explainCommand(file: string, name: string, options: ExplainOptions, output: Output): Promise<Exit> {
  const at = STAGES_OF_COMPILATION.find((s) => s === (options.at ?? 'values'))
  if (at === undefined) {
    const advice = [`write one of ${STAGES_OF_COMPILATION.join(', ')}`]
    throw new Failure({ code: 'unknown-argument', message: `--at cannot be ${options.at ?? ''}`, advice })
  }
  const { pipeline, prelude, diagnostics } = await load(file, options)
  reportDiagnostics(diagnostics, output)
  if (pipeline === undefined) return exits.wrong
  const stage = stageNamed(pipeline, name)
  if (at === 'values') process.stdout.write(`${originsText(stage) ?? ''}\n`)
  else {
    if (!runnable(stage)) throw new Failure({ code: 'not-available', message: `a ${stage.kind} is not compiled`, advice: [] })
    const facts = options.facts === undefined ? await factsHere(options.device) : readFacts(options.facts)
    process.stdout.write(explain(stage, at, { facts, library: new Library(prelude), micro: options.micro }) + '\n')
  }
  return exits.ok
}

/** `graph`: programs before differentiation and optimizer are lowered further; the rest as in compiler/compile.ts. */
function explain(stage: RunnableStage, at: Exclude<At, 'values'>, options: CompileOptions): string {
  const { micro } = compile(stage, options)
  const programs = at === 'graph' ? forwardOf(stage, micro, options) : programsOf(stage, micro, options)
  if (at === 'graph' || at === 'gradient') return programs.map((p) => `program ${p.name}\n${print(p.graph)}`).join('\n')
  if (options.facts.backend === 'cpu') return explainOnnx(planOnnx(programs, options.facts), at)
  if (at === 'kernels') return programs.map((p) => `program ${p.name}\n${printKernels(fuse(p.graph, options.facts))}`).join('\n')
  const plan = planWebgpu(programs, options.facts)
  return at === 'plan' ? printPlan(plan) : plan.kernels.map((k) => `// ${k.label}\n${k.wgsl}`).join('\n')
}

async function factsHere(device: string): Promise<DeviceFacts> {
  await using opened = await openBackend(device)
  return opened.facts
}

function readFacts(path: string): DeviceFacts {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as DeviceFacts
  } catch (error) {
    throw new Failure({ code: 'unreadable-facts', message: `cannot read ${path} as JSON`, advice: ['see test/devices for examples'] }, { cause: error })
  }
}
