// smdmc plan FILE: what a run would do and cost. Needs no device.
import { planText } from '../../compiler/report/plan-text.ts'
import { exits, type Exit } from '../exit.ts'
import { load, type LoadOptions } from '../load.ts'
import { reportDiagnostics, type Output } from '../report.ts'

export async function planCommand(file: string, options: LoadOptions, output: Output): Promise<Exit> {
  const { pipeline, diagnostics } = await load(file, options)
  reportDiagnostics(diagnostics, output)
  if (pipeline === undefined) return exits.wrong
  if (output.json) {
    const stages = pipeline.stages.map(({ kind, name, key, normal }) => ({ stage: name, what: kind, key, normal }))
    process.stdout.write(JSON.stringify({ kind: 'plan', stages }) + '\n')
  } else process.stdout.write(planText(pipeline) + '\n')
  return exits.ok
}
