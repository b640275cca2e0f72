// A stage → what a run of it will do and cost, and every value with the line it came from.
import type { Pipeline } from '../../compiler/check/pipeline.ts'
import { originsText } from '../../compiler/report/origins-text.ts'
import { planText } from '../../compiler/report/plan-text.ts'
import type { Named } from './named.ts'

/** Nothing for what is no stage, or not of this pipeline; of a page with errors there is no pipeline. */
export function stageText(named: Named, pipeline: Pipeline | undefined): readonly string[] {
  const stage = pipeline?.stages.find((s) => s.name === named.name && s.span.source === named.at.source)
  if (named.kind !== 'noun' || stage === undefined) return []
  // Key and hashes need the content of the data, which an editor does not read.
  const [, ...plan] = planText({ stages: [stage] }).split('\n')
  const values = originsText(stage)?.replace(/^.* sha256:.*\n/gm, '')
  return ['```text\n' + plan.join('\n') + '\n```', ...(values === undefined ? [] : ['```text\n' + values + '\n```'])]
}
