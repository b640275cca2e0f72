// Rounds → the numbers of a program in a case, its ratio to ours, and what gives away a program that is fast because it is broken.
import { grouped, rounded } from '../../compiler/report/numbers.ts'
import { nameOf, type Case, type Facts, type Round } from './case.ts'
import type { Result } from './duel.ts'
import { predictedFor } from './predicted.ts'

export interface Numbers {
  readonly facts: Facts
  /** Milliseconds of a step, or of one round of a sampler: in the best round of measuring. */
  readonly best: number
  readonly tokensPerSecond: number
  /** Processor time of the same, at its least. */
  readonly busy: number
  readonly memory: number
  readonly loss?: number
  /** Our speed over this program's: by the best rounds, and the middle one of the ratios round by round. */
  readonly ratio?: { readonly best: number; readonly median: number }
  /** Why its numbers are not to be believed. */
  readonly suspicious?: string
}

export interface Entry {
  readonly name: string
  readonly outcome: Numbers | { readonly failed: string }
}

/** A case with its programs, ours first. */
export interface Row {
  readonly case: Case
  readonly entries: readonly Entry[]
}

export function rowOf(c: Case, results: readonly Result[]): Row {
  const [ours] = results
  const entries = results.map((result): Entry => {
    const outcome = 'failed' in result ? result : numbersOf(c, result, result === ours || ours === undefined ? undefined : ours)
    return { name: result.name, outcome }
  })
  return { case: c, entries }
}

type Measured = Exclude<Result, { readonly failed: string }>

function numbersOf(c: Case, { facts, rounds }: Measured, ours: Result | undefined): Numbers {
  const each = rounds.map((round) => perUnit(facts, round))
  const losses = rounds.flatMap(({ loss }) => loss ?? [])
  const loss = losses.length === 0 ? undefined : losses.reduce((a, b) => a + b, 0) / losses.length
  const best = Math.min(...each)
  return {
    facts,
    best,
    tokensPerSecond: facts.tokens / ((best * (facts.rounds ?? 1)) / 1000),
    busy: Math.min(...rounds.map((round) => perUnit(facts, { ...round, total: round.busy }))),
    memory: Math.max(...rounds.map((round) => round.memory)),
    loss,
    ratio: ours === undefined || 'failed' in ours ? undefined : ratioOf(each, ours),
    suspicious: suspicion(c, loss, rounds, facts, ours),
  }
}

function ratioOf(theirs: readonly number[], { facts, rounds }: Measured): Numbers['ratio'] {
  const ours = rounds.map((round) => perUnit(facts, round))
  return { best: Math.min(...theirs) / Math.min(...ours), median: middle(theirs.map((one, i) => one / ours[i]!)) }
}

/** Milliseconds of a step, or of one round of a sampler. */
function perUnit({ rounds = 1 }: Facts, { total, units }: Pick<Round, 'total' | 'units'>): number {
  return total / units / rounds
}

function middle(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2
}

/** A model that knows nothing of random tokens has a loss near the logarithm of the vocabulary; a sampler leaves no mask. */
function suspicion(
  { vocab }: Case,
  loss: number | undefined,
  rounds: readonly Round[],
  { parameters }: Facts,
  ours: Result | undefined,
): string | undefined {
  const sum = (of: (round: Round) => number): number => rounds.reduce((n, round) => n + of(round), 0)
  const [expected, masks, skipped] = [Math.log(vocab), sum((r) => r.masks ?? 0), sum((r) => r.skipped ?? 0)]
  const steps = sum((r) => r.units)
  if (loss !== undefined && !(Math.abs(loss / expected - 1) < 0.2))
    return `its loss is ${loss.toFixed(2)}, not about ${expected.toFixed(2)}`
  if (masks > 0) return `it left ${masks} masks`
  if (skipped > steps / 2) return `${skipped} of ${steps} steps changed nothing`
  if (ours === undefined || 'failed' in ours || ours.facts.parameters === parameters) return undefined
  return `it has ${grouped(parameters)} parameters and we have ${grouped(ours.facts.parameters)}`
}

const COLUMNS: readonly (readonly [string, (n: Numbers, flops: number | undefined) => string])[] = [
  ['ms', (n) => n.best.toPrecision(4)],
  ['tokens/s', (n) => grouped(n.tokensPerSecond)],
  ['TFLOP/s', (n, flops) => (flops === undefined ? '' : (flops / n.best / 1e9).toPrecision(3))],
  ['processor ms', (n) => n.busy.toPrecision(3)],
  ['memory', (n) => `${rounded(n.memory)}B`],
  ['loss', (n) => n.loss?.toFixed(3) ?? ''],
  ['our speed over its', (n) => (n.ratio ? `${n.ratio.best.toFixed(2)} (${n.ratio.median.toFixed(2)})` : '')],
]

/** Rows as a table in Markdown, a line for each program. */
export function tableOf(rows: readonly Row[]): string {
  const head = ['', '', ...COLUMNS.map(([name]) => name), 'predicted']
  const lines = rows.flatMap((row) => row.entries.map((entry, i) => [i === 0 ? nameOf(row.case) : '', ...cells(row, entry)]))
  return [head, head.map(() => '---'), ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n')
}

function cells({ case: c, entries }: Row, { name, outcome }: Entry): readonly string[] {
  if ('failed' in outcome) return [name, 'failed', ...COLUMNS.map(() => '')]
  const predicted = outcome.ratio && predictedFor(c)
  // Both do the same work, counted on our graph.
  const [flops] = entries.flatMap((entry) => ('failed' in entry.outcome ? [] : (entry.outcome.facts.flops ?? [])))
  return [name, ...COLUMNS.map(([, cell]) => cell(outcome, flops)), predicted ? `${predicted.least} to ${predicted.most}` : '']
}
