// smdmc why FILE STAGE: whether a run would find the stage done, go on with it or begin anew; and what is different since the last
// run of that name.
import { basename, join } from 'node:path'
import type { Stage } from '../../compiler/check/pipeline.ts'
import { differences, type Difference } from '../../compiler/report/diff.ts'
import { diffText, whereText } from '../../compiler/report/diff-text.ts'
import { kindWord } from '../../compiler/report/kind-word.ts'
import { grouped } from '../../compiler/report/numbers.ts'
import type { StageState } from '../../runtime/events.ts'
import { latestRun, savedStep, type PastRun } from '../../runtime/store/runs.ts'
import { stageFolder, stateOf } from '../../runtime/store/store.ts'
import { exits, type Exit } from '../exit.ts'
import { load, type LoadOptions } from '../load.ts'
import { reportDiagnostics, type Output } from '../report.ts'
import { mustBeRunnable, stageNamed } from './stages.ts'

export interface WhyOptions extends LoadOptions {
  /** `.smdmc`. */
  readonly store: string
}

export async function whyCommand(file: string, name: string | undefined, options: WhyOptions, output: Output): Promise<Exit> {
  const { pipeline, diagnostics } = await load(file, options)
  if (pipeline === undefined) reportDiagnostics(diagnostics, output)
  if (pipeline === undefined) return exits.wrong
  const stage = stageNamed(pipeline, name)
  mustBeRunnable(stage)
  const places = { store: join(options.store, 'store'), runs: join('runs', basename(file).replace(/\.\w+$/, '')) }
  const rows = stage.kind === 'sweep' ? await Promise.all([...new Set(stage.needs)].map((row) => answerOf(row, places))) : undefined
  const answer = rows === undefined ? await answerOf(stage, places) : undefined
  if (output.json) {
    const plainRows = rows && { stage: stage.name, what: kindWord(stage), key: stage.key, rows: rows.map(plain) }
    process.stdout.write(JSON.stringify({ kind: 'why', ...(answer ? plain(answer) : plainRows) }) + '\n')
  } else process.stdout.write((answer ? text(file, answer) : sweepText(file, stage, rows ?? [])) + '\n')
  return exits.ok
}

/** What is known of a stage's runs. */
interface Answer {
  readonly stage: Stage
  readonly state: StageState
  /** Of one that is resumed. */
  readonly step?: number
  /** The last run of that name, and what differs. */
  readonly last?: PastRun
  readonly found: readonly Difference[]
}

interface Places {
  /** `.smdmc/store`. */
  readonly store: string
  /** `runs/<page>`. */
  readonly runs: string
}

async function answerOf(stage: Stage, { store, runs }: Places): Promise<Answer> {
  if (stage.kind === 'sweep') return { stage, state: 'new', found: [] }
  const folder = stageFolder(store, stage.kind, stage.key)
  const state = await stateOf(folder)
  const step = state === 'resumed' ? await savedStep(folder) : undefined
  const last = state === 'new' ? await latestRun(runs, store, stage.name) : undefined
  return { stage, state, step, last, found: last === undefined ? [] : differences(last.record.normal, stage.normal) }
}

function plain({ stage, state, step, last, found }: Answer): object {
  const compared = last && { key: last.record.key, at: last.at.toISOString() }
  const rows = found.map((d) => ({ ...d, where: whereText(stage, d.path) }))
  return { stage: stage.name, what: kindWord(stage), key: stage.key, state, step, compared, differences: rows }
}

function text(file: string, { stage, state, step, last, found }: Answer): string {
  const head = `${kindWord(stage)} ${stage.name}`
  if (state === 'cached') return `${head} is cached: ${stage.key.slice(0, 12)} is complete, a run would not compute it again`
  if (state === 'resumed') return `${head} is resumed${step === undefined ? '' : ` from step ${grouped(step)}`}: ${stage.key.slice(0, 12)} is there, unfinished` // prettier-ignore
  if (last === undefined) return `${head} is new: nothing of that name has been run`
  const compared = `Compared with ${last.record.key.slice(0, 12)} (${whenText(last.at, new Date())})`
  if (last.record.key === stage.key) return `${head} is new: ${stage.key.slice(0, 12)} was begun and has nothing to go on from`
  if (found.length === 0) return `${head} is new.  ${compared}: no field differs, but the way keys are made does`
  const where = (path: string): string => upstream(file, stage, found, path) ?? whereText(stage, path)
  return [`${head} is new.  ${compared}:`, diffText(found, where), ...notes(stage, found)].join('\n')
}

/** A sweep is its rows: how many of each state, then each of them. */
function sweepText(file: string, stage: Stage, rows: readonly Answer[]): string {
  const counts = (['cached', 'resumed', 'new'] as const).flatMap((state) => {
    const n = rows.filter((row) => row.state === state).length
    return n === 0 ? [] : [`${n} ${state}`]
  })
  return [
    `sweep ${stage.name} is ${rows.length} stages: ${counts.join(', ')}`,
    ...rows.map((row) => text(file, row).replace(/^/gm, '  ')),
  ].join('\n')
}

/** A field that holds stages: of one that has changed, `why` says why. */
function upstream(file: string, stage: Stage, found: readonly Difference[], path: string): string | undefined {
  const difference = found.find((d) => d.path === path)
  const before = [difference?.before].flat()
  const changed = stage.needs.filter((s) => [difference?.after].flat().includes(s.key) && !before.includes(s.key))
  return changed.length === 0 ? undefined : `smdmc why ${file} ${changed[0]!.name}`
}

function notes(stage: Stage, found: readonly Difference[]): readonly string[] {
  if (stage.kind !== 'train' || !found.some((d) => d.path === 'budget')) return []
  return [
    'The learning rate follows a curve over the whole budget, so another budget is another training.',
    `To go on from what is trained, write a training of its own with \`from: ${stage.name}\`.`,
  ]
}

/** `today, 14:02`, `yesterday, 14:02`, `2026-03-01, 14:02`: local time. */
export function whenText(at: Date, now: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0')
  const day = (d: Date): string => `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1)
  const name = day(at) === day(now) ? 'today' : day(at) === day(yesterday) ? 'yesterday' : day(at)
  return `${name}, ${two(at.getHours())}:${two(at.getMinutes())}`
}
