// smdmc explain FILE STAGE: where a stage's values come from, or any stage of its compilation as text, for a device that is here
// or for one that a JSON file describes.
import { Library } from '../../compiler/build/library.ts'
import { runnable } from '../../compiler/compile.ts'
import type { Stage } from '../../compiler/check/pipeline.ts'
import { originsText } from '../../compiler/report/origins-text.ts'
import { Failure } from '../../runtime/events.ts'
import { deviceFacts, readFacts } from '../device.ts'
import { exits, type Exit } from '../exit.ts'
import { load, type LoadOptions } from '../load.ts'
import { reportDiagnostics, type Output } from '../report.ts'
import { COMPILATION, compilationText } from './explain-text.ts'
import { checkMicro, stageNamed } from './stages.ts'

export interface ExplainOptions extends LoadOptions {
  readonly at: (typeof EXPLAINED)[number]
  /** A file that describes the device to compile for. */
  readonly facts?: string
  readonly device: string
  readonly micro?: number
}

/** What `--at` takes. */
export const EXPLAINED = ['values', ...COMPILATION] as const

/** `name`: a stage, or for its values also a field of it, as `whale.optimizer`. */
export async function explainCommand(file: string, name: string, options: ExplainOptions, output: Output): Promise<Exit> {
  const { at } = options
  const { pipeline, prelude, diagnostics } = await load(file, options)
  reportDiagnostics(diagnostics, output)
  if (pipeline === undefined) return exits.wrong
  const [stageName = '', ...field] = name.split('.')
  const stage = stageNamed(pipeline, stageName)
  if (at === 'values') return say(valuesText(stage, field.join('.')))
  if (!runnable(stage))
    throw new Failure({ code: 'not-available', message: `a ${stage.kind} is not compiled`, advice: ['explain the stages it names'] })
  checkMicro([stage], options.micro)
  const facts = options.facts === undefined ? await deviceFacts(options.device) : readFacts(options.facts)
  return say(compilationText(stage, at, { facts, library: new Library(prelude), micro: options.micro }))
}

function valuesText(stage: Stage, field: string): string {
  const text = originsText(stage, field === '' ? undefined : field)
  if (text !== undefined) return text
  throw new Failure({
    code: 'unknown-field',
    message: `${stage.name} has no ${field}`,
    advice: [`smdmc explain FILE ${stage.name} lists all of it`],
  })
}

function say(text: string): Exit {
  process.stdout.write(text.endsWith('\n') ? text : text + '\n')
  return exits.ok
}
