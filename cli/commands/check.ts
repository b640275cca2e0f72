// smdmc check FILE: says what is wrong, without running anything.
import type { Stage } from '../../compiler/check/pipeline.ts'
import { kindWord } from '../../compiler/report/kind-word.ts'
import { exits, type Exit } from '../exit.ts'
import { load, type LoadOptions } from '../load.ts'
import { countOf, reportDiagnostics, type Output } from '../report.ts'

export async function checkCommand(file: string, options: LoadOptions, output: Output): Promise<Exit> {
  const { pipeline, diagnostics } = await load(file, options)
  reportDiagnostics(diagnostics, output)
  if (pipeline === undefined) {
    if (!output.json) process.stderr.write(`${countOf(diagnostics)} in ${file}\n`)
    return exits.wrong
  }
  const { stages } = pipeline
  if (output.json)
    process.stdout.write(
      JSON.stringify({ kind: 'checked', file, stages: stages.map((s) => ({ stage: s.name, what: kindWord(s), key: s.key })) }) + '\n',
    )
  else process.stdout.write(`${file} is sound: ${listed(stages)}\n`)
  return exits.ok
}

/** Stages by name; of a page with more than a line holds, how many of each kind. */
function listed(stages: readonly Stage[]): string {
  if (stages.length === 0) return 'no stages'
  if (stages.length <= 12) return stages.map((s) => `${kindWord(s)} ${s.name}`).join(', ')
  const words = [...new Set(stages.map(kindWord))]
  return `${stages.length} stages, ${words.map((word) => `${stages.filter((s) => kindWord(s) === word).length} ${word}`).join(', ')}`
}
