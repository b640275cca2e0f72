// smdmc explain FILE STAGE: where a stage's values come from, or any stage of its compilation as text, for a device that is here
// or for one that a JSON file describes.
import { Library } from '../../compiler/build/library.ts'
import type { RunnableStage } from '../../compiler/compile.ts'
import type { Scope } from '../../compiler/elaborate/code.ts'
import type { Stage } from '../../compiler/check/pipeline.ts'
import { originsText, valuesOf } from '../../compiler/report/origins-text.ts'
import { deviceFacts, readFacts } from '../device.ts'
import type { Compilation, EXPLAINED } from '../explained.ts'
import { exits, WrongUse, type Exit } from '../exit.ts'
import { load, type LoadOptions } from '../load.ts'
import { reportDiagnostics, warn, type Output } from '../report.ts'
import { compilationText } from './explain-text.ts'
import { checkDevice, checkMicro, mustCompile, stageNamed } from './stages.ts'

export interface ExplainOptions extends LoadOptions {
  readonly at: (typeof EXPLAINED)[number]
  /** A file that describes the device to compile for. */
  readonly facts?: string
  readonly device: string
  readonly micro?: number
}

/** `name`: a stage, or for its values also a field of it, as `whale.optimizer`. */
export async function explainCommand(file: string, name: string | undefined, options: ExplainOptions, output: Output): Promise<Exit> {
  const { at } = options
  const { pipeline, prelude, diagnostics } = await load(file, options)
  reportDiagnostics(diagnostics, output)
  if (pipeline === undefined) return exits.wrong
  const [stageName, ...field] = name?.split('.') ?? []
  const stage = stageNamed(pipeline, stageName)
  const text = at === 'values' ? valuesText(stage, field.join('.')) : await compiledText(mustCompile(stage), at, prelude, options)
  const values = at === 'values' ? valuesOf(stage, field.join('.')) : undefined
  if (output.json) process.stdout.write(JSON.stringify({ kind: 'explained', stage: stage.name, at, values, text }) + '\n')
  else process.stdout.write(text.endsWith('\n') ? text : text + '\n')
  return exits.ok
}

function valuesText(stage: Stage, field: string): string {
  const text = originsText(stage, field === '' ? undefined : field)
  if (text !== undefined) return text
  const advice = [`smdmc explain FILE ${stage.name} lists all of it`]
  throw new WrongUse({ code: 'unknown-field', message: `${stage.name} has no ${field}`, advice })
}

async function compiledText(stage: RunnableStage, at: Compilation, prelude: Scope, options: ExplainOptions): Promise<string> {
  checkMicro([stage], options.micro)
  const facts = options.facts === undefined ? await deviceFacts(options.device, warn) : readFacts(options.facts)
  const library = new Library(prelude)
  if (at !== 'graph') checkDevice([stage], facts, library)
  return compilationText(stage, at, { facts, library, micro: options.micro })
}
