// smdmc plan FILE [STAGE…]: what a run would do and cost. Needs no device; with one that is here, or one described in JSON, stages
// are compiled for it, and what cannot fit is refused.
import { Library } from '../../compiler/build/library.ts'
import { isCompiled, type CompileOptions, type RunnableStage } from '../../compiler/compile.ts'
import type { Pipeline, Stage } from '../../compiler/check/pipeline.ts'
import type { Scope } from '../../compiler/elaborate/code.ts'
import { predict, withRates } from '../../compiler/predict.ts'
import { costOf } from '../../compiler/report/cost.ts'
import { deviceLines, type Prediction } from '../../compiler/report/device-text.ts'
import { kindWord } from '../../compiler/report/kind-word.ts'
import { planText, shownStages } from '../../compiler/report/plan-text.ts'
import { cacheFolder } from '../../runtime/cache.ts'
import { deviceFacts, readFacts } from '../device.ts'
import { exits, type Exit } from '../exit.ts'
import { load, type LoadOptions } from '../load.ts'
import { measuredRate } from '../rates.ts'
import { reportDiagnostics, reportFailure, warn, type Output } from '../report.ts'
import { doesNotFit } from './plan-refusal.ts'
import { checkMicro, plannedStages } from './stages.ts'

export interface PlanOptions extends LoadOptions {
  /** Compile for the device that a JSON file describes, or for one that is here. */
  readonly facts?: string
  readonly device?: string
  readonly micro?: number
}

export async function planCommand(file: string, names: readonly string[], options: PlanOptions, output: Output): Promise<Exit> {
  const { pipeline, prelude, diagnostics } = await load(file, options)
  reportDiagnostics(diagnostics, output)
  if (pipeline === undefined) return exits.wrong
  const wanted: Pipeline = { stages: plannedStages(pipeline, names) }
  const predicted = await predictions(wanted, prelude, options)
  if (output.json) {
    const stages = wanted.stages.map((stage) => plain(stage, predicted.get(stage)?.prediction))
    process.stdout.write(JSON.stringify({ kind: 'plan', stages }) + '\n')
  } else {
    const lines = (stage: Stage) => predicted.get(stage)?.prediction
    process.stdout.write(planText(wanted, (stage) => (lines(stage) ? deviceLines(lines(stage)!) : [])) + '\n')
  }
  const refused = [...predicted.values()].filter(({ prediction }) => !prediction.fits)
  for (const { stage, prediction, options } of refused) reportFailure(doesNotFit(stage, prediction, options), output)
  return refused.length > 0 ? exits.wrong : exits.ok
}

interface Predicted {
  readonly stage: RunnableStage
  readonly prediction: Prediction
  readonly options: CompileOptions
}

/** Compiles what is shown for the device of the options, if they name one; also what cannot run yet for want of data. */
async function predictions(wanted: Pipeline, prelude: Scope, options: PlanOptions): Promise<ReadonlyMap<Stage, Predicted>> {
  const { facts: path, device, micro } = options
  const facts = path !== undefined ? readFacts(path) : device !== undefined ? await deviceFacts(device, warn) : undefined
  if (facts === undefined) return new Map()
  const compiled = shownStages(wanted).filter(isCompiled)
  checkMicro(compiled, micro)
  const library = new Library(prelude)
  const all = new Map<Stage, Predicted>()
  for (const stage of compiled) {
    const size = stage.kind === 'custom' ? stage.trained?.model.parameters : stage.model.parameters
    const rates = size === undefined ? undefined : await measuredRate(cacheFolder(), facts.name, size)
    const choice = { facts: withRates(facts, rates), library, micro }
    all.set(stage, { stage, prediction: predict(stage, choice), options: choice })
  }
  return all
}

function plain(stage: Stage, prediction: Prediction | undefined): object {
  const { name, key, normal } = stage
  return { stage: name, what: kindWord(stage), key, cost: costOf(stage), prediction, later: stage.later.map((l) => l.what), normal }
}
