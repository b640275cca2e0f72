// A stage → its key, whether it has been run, what a run of it will do and cost, and every value with the line it came from.
import { join } from 'node:path'
import type { Pipeline, Stage } from '../../compiler/check/pipeline.ts'
import { originsText } from '../../compiler/report/origins-text.ts'
import { planText } from '../../compiler/report/plan-text.ts'
import { stageFolder, stateOf } from '../../runtime/store/store.ts'
import type { Named } from './named.ts'

/** Nothing for what is no stage, or not of this pipeline; of a page with errors there is no pipeline. `folders`: where runs may have been started. */
export async function stageText(named: Named, pipeline: Pipeline | undefined, folders: readonly string[]): Promise<readonly string[]> {
  const { name, at } = named
  const stage = pipeline?.stages.find((s) => s.span.source === at.source && (s.name === name || s.name.endsWith(`.${name}`)))
  if (named.kind !== 'noun' || stage === undefined) return []
  const [, ...plan] = planText({ stages: [stage] }).split('\n')
  // The rows of a sweep stand in its plan.
  const values = stage.kind === 'sweep' ? undefined : originsText(stage)?.replace(/^.* sha256:( .*)?\n/gm, '')
  return [
    '```text\n' + [await keyLine(stage, folders), ...plan].join('\n') + '\n```',
    ...(values === undefined ? [] : ['```text\n' + values + '\n```']),
  ]
}

async function keyLine(stage: Stage, folders: readonly string[]): Promise<string> {
  if (!isKeyed(stage)) return '  key        known once `smdmc plan` has read the data'
  return `  key        ${stage.key.slice(0, 12)}, ${await stateIn(folders, stage)}`
}

/** Large files that nobody has read yet have no hash, and what reads them has no key. */
function isKeyed(stage: Stage): boolean {
  return !JSON.stringify(stage.normal).includes('"sha256:"') && stage.needs.every(isKeyed)
}

async function stateIn(folders: readonly string[], { kind, key, needs }: Stage): Promise<string> {
  if (kind === 'sweep') return `${needs.length} stages`
  const states = await Promise.all(folders.map((folder) => stateOf(stageFolder(join(folder, '.smdmc', 'store'), kind, key))))
  return (['cached', 'resumed'] as const).find((state) => states.includes(state)) ?? 'new'
}
