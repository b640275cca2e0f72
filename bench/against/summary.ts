// Rounds → the numbers of a program in a case, its ratio to ours, and what gives away a program that is fast because it is broken.
import { grouped } from '../../compiler/report/numbers.ts'
import type { Case, Facts, Round } from './case.ts'
import type { Result } from './duel.ts'

export interface Numbers {
  readonly facts: Facts
  /** Not of a software adapter, whose times say nothing. */
  readonly times?: Times
  readonly memory: number
  readonly loss?: number
  /** Our speed over this program's, where both ran on a GPU or both on the CPU: the middle one round by round, and by the best rounds. */
  readonly ratio?: { readonly median: number; readonly best: number }
  /** Why it does not count. */
  readonly suspicious?: string
}

/** Milliseconds of a step, or of one round of a sampler: in the middle round of measuring, and in the best one. */
export interface Times {
  readonly median: number
  readonly best: number
  /** Of the middle round. */
  readonly tokensPerSecond: number
  /** Processor time, in the middle round. */
  readonly busy: number
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

type Measured = Exclude<Result, { readonly failed: string }>

export function rowOf(c: Case, results: readonly Result[]): Row {
  const [first] = results
  const ours = first === undefined || 'failed' in first ? undefined : first
  const entries = results.map((result): Entry => {
    const outcome = 'failed' in result ? result : numbersOf(c, result, result === ours ? undefined : ours)
    return { name: result.name, outcome }
  })
  return { case: c, entries }
}

function numbersOf(c: Case, measured: Measured, ours: Measured | undefined): Numbers {
  const { facts, rounds } = measured
  const losses = rounds.flatMap(({ loss }) => loss ?? [])
  const loss = losses.length === 0 ? undefined : losses.reduce((a, b) => a + b, 0) / losses.length
  const timed = facts.kind !== 'software'
  return {
    facts,
    times: timed ? timesOf(measured) : undefined,
    memory: Math.max(...rounds.map((round) => round.memory)),
    loss,
    ratio: timed && ours?.facts.kind === facts.kind ? ratioOf(measured, ours) : undefined,
    suspicious: suspicion(c, loss, rounds) ?? (ours && difference(facts, ours.facts)),
  }
}

function timesOf(measured: Measured): Times {
  const each = perUnit(measured, ({ total }) => total)
  const median = middle(each)
  const { tokens, rounds = 1 } = measured.facts
  return {
    median,
    best: Math.min(...each),
    tokensPerSecond: tokens / rounds / (median / 1000),
    busy: middle(perUnit(measured, ({ busy }) => busy)),
  }
}

function ratioOf(theirs: Measured, ours: Measured): Numbers['ratio'] {
  const [their, our] = [perUnit(theirs, ({ total }) => total), perUnit(ours, ({ total }) => total)]
  return { median: middle(their.map((one, i) => one / our[i]!)), best: Math.min(...their) / Math.min(...our) }
}

/** Milliseconds of a step, or of one round of a sampler, in each round of measuring. */
function perUnit({ facts, rounds }: Measured, of: (round: Round) => number): readonly number[] {
  return rounds.map((round) => of(round) / round.units / (facts.rounds ?? 1))
}

function middle(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2
}

/** A model that knows nothing of random tokens has a loss near the logarithm of the vocabulary; a sampler leaves no mask. */
function suspicion({ vocab }: Case, loss: number | undefined, rounds: readonly Round[]): string | undefined {
  const sum = (of: (round: Round) => number): number => rounds.reduce((n, round) => n + of(round), 0)
  const [expected, masks, skipped] = [Math.log(vocab), sum((r) => r.masks ?? 0), sum((r) => r.skipped ?? 0)]
  const steps = sum((r) => r.units)
  if (loss !== undefined && !(Math.abs(loss / expected - 1) < 0.2))
    return `its loss is ${loss.toFixed(2)}, not about ${expected.toFixed(2)}`
  if (masks > 0) return `it left ${masks} masks`
  return skipped > steps / 2 ? `${skipped} of ${steps} steps changed nothing` : undefined
}

/** What keeps a program from being compared with ours. */
function difference({ parameters, kind }: Facts, ours: Facts): string | undefined {
  if (parameters !== ours.parameters) return `it has ${grouped(parameters)} parameters and we have ${grouped(ours.parameters)}`
  const places = { gpu: 'a GPU', cpu: 'the CPU' }
  if (kind === ours.kind || kind === 'software' || ours.kind === 'software') return undefined
  return `it ran on ${places[kind]} and ours on ${places[ours.kind]}`
}
