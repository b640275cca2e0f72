// What `smdmc plan` prints: for each stage its key and what it will do and cost, without asking any device.
import type { CustomStage, FitStage, Pipeline, SampleStage, Stage, TableStage } from '../check/pipeline.ts'
import { positionAt } from '../../grammar/source.ts'
import { costOf } from './cost.ts'
import { dataLines } from './data-text.ts'
import { evalLines } from './eval-text.ts'
import { kindWord } from './kind-word.ts'
import type { Line } from './lines.ts'
import { grouped, rounded, scientific } from './numbers.ts'
import { samplerLines } from './sampler-text.ts'
import { sampleCost } from './sample-cost.ts'
import { sweepLines } from './sweep-text.ts'
import { trainLines } from './train-text.ts'

/** Several lines without a newline at the end. The stages of a sweep are rows of its table. `more`: what is known of a device. */
export function planText(pipeline: Pipeline, more: (stage: Stage) => readonly Line[] = () => []): string {
  return shownStages(pipeline).map((stage) => stageText(stage, more(stage))).join('\n') // prettier-ignore
}

/** All stages but the rows of sweeps that nothing else needs. */
export function shownStages({ stages }: Pipeline): readonly Stage[] {
  const rows = new Set(stages.flatMap((s) => (s.kind === 'sweep' ? s.runs.map((r) => r.stage) : [])))
  const needed = new Set(stages.flatMap((s) => (s.kind === 'sweep' || s.kind === 'fit' ? [] : s.needs)))
  return stages.filter((s) => !rows.has(s) || needed.has(s))
}

function stageText(stage: Stage, more: readonly Line[]): string {
  const needs = stage.kind === 'sweep' ? [] : stage.needs.map((s) => s.name)
  const after = needs.length === 0 ? '' : `  after ${needs.join(', ')}`
  const lines = [...linesOf(stage), ...more, ...laterLines(stage)].map(([name, text]) => `  ${name.padEnd(10)} ${text}`)
  return [`${kindWord(stage)} ${stage.name}  [${stage.key.slice(0, 12)}]${after}`, ...lines].join('\n')
}

function linesOf(stage: Stage): readonly Line[] {
  switch (stage.kind) {
    case 'train':
      return [...trainLines(stage), ...dataLines(stage.data)]
    case 'sample':
      return sampleLines(stage)
    case 'eval':
      return [...evalLines(stage), ...dataLines(stage.data)]
    case 'sweep':
      return sweepLines(costOf(stage))
    case 'fit':
      return fitLines(stage)
    case 'table':
      return tableLines(stage)
    case 'custom':
      return customLines(stage)
    default:
      return stage satisfies never
  }
}

function sampleLines(stage: SampleStage): readonly Line[] {
  const { texts, length, given, sampler, flops } = sampleCost(stage)
  const known = given === undefined ? 'the prompt included' : `of which ${grouped(given)} ${given === 1 ? 'is' : 'are'} given`
  const { kind, temperature, guidance, steps } = stage.sampler
  return [
    ['text', `${texts === 1 ? '1 text' : `${grouped(texts)} texts`} of ${grouped(length)} tokens, ${known}`],
    ...(sampler ? samplerLines(sampler) : [['forwards', `at most ${grouped(steps * (guidance > 0 ? 2 : 1))} for each`] as const]),
    ['sampler', `${kind}, temperature ${temperature}${guidance > 0 ? `, guidance ${guidance}` : ''}`],
    ...(flops === undefined ? [] : [['flops', `${scientific(flops)} executed`] as const]),
  ]
}

function fitLines({ sweep, law, loss, write }: FitStage): readonly Line[] {
  const fitted = law === 'isoflop' ? 'the best size at each budget, and a power law through those' : 'a power law'
  return [
    ['reads', `the ${loss} loss of ${grouped(sweep.runs.length)} runs of ${sweep.name}`],
    ['fits', fitted],
    ['writes', write ?? 'its metrics to the store'],
  ]
}

function tableLines({ rows, write }: TableStage): readonly Line[] {
  return [
    ['reads', `the results of ${rows.map((r) => r.name).join(', ')}`],
    ['writes', write ?? 'its rows to the store'],
  ]
}

function customLines({ trained, data }: CustomStage): readonly Line[] {
  const model: readonly Line[] = trained ? [['model', `of ${trained.name}, ${rounded(trained.model.parameters)} parameters`]] : []
  return [...model, ...[...data.values()].flatMap(dataLines)]
}

/** What is right and does not run yet. */
function laterLines({ later }: Stage): readonly Line[] {
  return later.map(({ what, at }) => ['later', `${what} cannot run yet  ${at.source.name}:${positionAt(at.source, at.start).line}`])
}
