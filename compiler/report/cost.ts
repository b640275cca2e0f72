// A stage → what it will do and cost, as numbers: what `smdmc plan` prints and what --json holds.
import type { Stage, SweepStage } from '../check/pipeline.ts'
import { evalCost, type EvalCost } from './eval-cost.ts'
import { sampleCost, type SampleCost } from './sample-cost.ts'
import { trainCost, trainSize, type TrainCost, type TrainSize, type Work } from './train-cost.ts'

export type StageCost =
  | ({ readonly kind: 'train' } & TrainCost)
  | ({ readonly kind: 'sample' } & SampleCost)
  | ({ readonly kind: 'eval' } & EvalCost)
  | ({ readonly kind: 'sweep' } & SweepCost)
  | { readonly kind: 'fit'; readonly reads: string; readonly law: string; readonly loss: string; readonly write?: string }
  | { readonly kind: 'table'; readonly reads: readonly string[]; readonly write?: string }
  | { readonly kind: 'custom'; readonly reads?: string }

export interface SweepCost {
  readonly rows: readonly SweepRow[]
  /** Of the rows that are trainings. */
  readonly trainings: number
  readonly tokens: number
  readonly flops: Work
}

export interface SweepRow {
  readonly values: Readonly<Record<string, string>>
  readonly stage: string
  readonly key: string
  /** Absent where the row is no training. */
  readonly train?: TrainSize
}

export function costOf(stage: Stage): StageCost {
  switch (stage.kind) {
    case 'train':
      return { kind: 'train', ...trainCost(stage) }
    case 'sample':
      return { kind: 'sample', ...sampleCost(stage) }
    case 'eval':
      return { kind: 'eval', ...evalCost(stage) }
    case 'sweep':
      return { kind: 'sweep', ...sweepCost(stage) }
    case 'fit':
      return { kind: 'fit', reads: stage.sweep.name, law: stage.law, loss: stage.loss, write: stage.write }
    case 'table':
      return { kind: 'table', reads: stage.rows.map((row) => row.name), write: stage.write }
    case 'custom':
      return { kind: 'custom', reads: stage.trained?.name }
    default:
      return stage satisfies never
  }
}

function sweepCost({ runs }: SweepStage): SweepCost {
  const rows = runs.map(({ values, stage }): SweepRow => {
    const row = { values, stage: stage.name, key: stage.key }
    return stage.kind === 'train' ? { ...row, train: trainSize(stage) } : row
  })
  // Rows that come to one stage are run once.
  const trained = [...new Map(rows.map((row) => [row.key, row])).values()].flatMap(({ train }) => train ?? [])
  const sum = (of: (train: TrainSize) => number): number => trained.reduce((n, train) => n + of(train), 0)
  const flops = { paper: sum((t) => t.flops.paper), executed: sum((t) => t.flops.executed) }
  return { rows, trainings: trained.length, tokens: sum((t) => t.tokens), flops }
}

/** Executed floating-point operations of a stage; undefined where they cannot be counted. */
export function executedFlops(cost: StageCost): number | undefined {
  switch (cost.kind) {
    case 'train':
    case 'sweep':
      return cost.flops.executed
    case 'sample':
    case 'eval':
      return cost.flops
    case 'fit':
    case 'table':
    case 'custom':
      return undefined
    default:
      return cost satisfies never
  }
}
