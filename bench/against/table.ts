// Numbers of programs → a table in Markdown, what was predicted beside what came out.
import { bytes, grouped } from '../../compiler/report/numbers.ts'
import { nameOf, type Case } from './case.ts'
import { predictedFor } from './predicted.ts'
import type { Numbers, Row, Times } from './summary.ts'

const both = (median: number, best: number, show: (n: number) => string): string => `${show(median)} (${show(best)})`
const timed = (show: (times: Times) => string) => (n: Numbers) => (n.times ? show(n.times) : '–')

/** `flops`: of a step, or of one round of a sampler. */
const COLUMNS: readonly (readonly [string, (n: Numbers, flops: number | undefined) => string])[] = [
  ['ms', timed(({ median, best }) => both(median, best, (ms) => ms.toPrecision(4)))],
  ['tokens/s', timed(({ tokensPerSecond }) => grouped(tokensPerSecond))],
  ['TFLOP/s', ({ times }, flops) => (flops === undefined || !times ? '–' : (flops / times.median / 1e9).toPrecision(3))],
  ['processor ms', timed(({ busy }) => busy.toPrecision(3))],
  ['memory', ({ memory }) => bytes(memory)],
  ['loss', ({ loss }) => loss?.toFixed(3) ?? ''],
  ['our speed over its', ({ ratio }) => (ratio ? both(ratio.median, ratio.best, (n) => n.toFixed(2)) : '')],
]

/** A head and lines as a table. */
export function markdown([head, ...lines]: readonly (readonly string[])[]): string {
  return [head!, head!.map(() => '---'), ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n')
}

/** Rows as a table, a line for each program. */
export function tableOf(rows: readonly Row[]): string {
  const head = ['', '', ...COLUMNS.map(([name]) => name), 'predicted']
  const lines = rows.flatMap((row) => row.entries.map((_, i) => [i === 0 ? nameOf(row.case) : '', ...cells(row, i)]))
  return markdown([head, ...lines])
}

function cells({ case: c, entries }: Row, i: number): readonly string[] {
  const { name, outcome } = entries[i]!
  if ('failed' in outcome) return [name, 'failed', ...COLUMNS.map(() => '')]
  // All do the same work, counted on our graph.
  const [flops] = entries.flatMap((e) =>
    'failed' in e.outcome || !e.outcome.facts.flops ? [] : e.outcome.facts.flops / (e.outcome.facts.rounds ?? 1),
  )
  return [name, ...COLUMNS.map(([, cell]) => cell(outcome, flops)), predictionOf(c, outcome, i)]
}

/** Of our time, and of the ratio to PyTorch as it comes, which stands first after us. */
function predictionOf(c: Case, { facts, ratio, times }: Numbers, i: number): string {
  if (i === 0) return facts.floor && times ? `${facts.floor.expected.toPrecision(3)} ms, at least ${facts.floor.least.toPrecision(3)}` : ''
  const predicted = i === 1 && ratio ? predictedFor(c) : undefined
  return predicted ? `${predicted.least} to ${predicted.most}` : ''
}
