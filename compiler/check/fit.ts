// A fit → FitStage: a sweep of trainings with enough points for the law. Points of one budget are those within a few percent of each
// other in 6 N D, since a budget is spent in whole steps.
import { asStage, type Parts } from './base.ts'
import { place, text, word, type Build } from './build.ts'
import { complete, sound } from './complete.ts'
import { averageLength, paperFlops } from './convert.ts'
import { normalForm } from './normal.ts'
import type { FitStage, SweepStage, TrainStage } from './pipeline.ts'
import type { Rec } from './value.ts'

/** Sizes a parabola needs, and budgets a line. */
const LEAST = { sizes: 3, budgets: 2 } as const
/** Budgets further apart than this factor are different. */
const APART = 1.1

/** Undefined where a mistake has been reported. */
export function buildFit(b: Build, record: Rec): FitStage | undefined {
  const { s } = b
  if (!complete(b, record) || !sound(record)) return undefined
  const runs = record.fields.get('runs')?.value
  const sweep = runs?.kind === 'record' ? b.stageOf(runs) : undefined
  if (sweep?.kind !== 'sweep') return undefined
  const law = word(s, record, 'law') as FitStage['law']
  const loss = word(s, record, 'loss') as FitStage['loss']
  if (!checkPoints(b, record, sweep, law, loss)) return undefined
  const parts: Parts = { normal: (look) => normalForm(look, record, {}), needs: [sweep] }
  return asStage<FitStage>(b, record, parts, {
    kind: 'fit',
    sweep,
    law,
    loss,
    write: text(s, record, 'write'),
  })
}

function checkPoints(b: Build, record: Rec, sweep: SweepStage, law: FitStage['law'], loss: FitStage['loss']): boolean {
  const { say } = b.s
  const { at } = place(record, 'runs')
  const trainings = sweep.runs.map(({ stage }) => stage).filter((stage): stage is TrainStage => stage.kind === 'train')
  const unseen = trainings.find(({ held }) => held === undefined)
  const budgets = budgetsOf(trainings)
  const poor = budgets.find((group) => sizesIn(group) < LEAST.sizes)
  if (trainings.length < sweep.runs.length) say.fitNeedsTrainings(at, { name: sweep.name })
  else if (loss === 'validation' && unseen) say.fitNeedsValidation(at, { name: unseen.name })
  else if (law === 'power' && sizesIn(trainings) < LEAST.sizes && budgets.length < LEAST.sizes)
    say.fitNeedsPoints(at, { points: Math.max(sizesIn(trainings), budgets.length), least: LEAST.sizes }) // prettier-ignore
  else if (law === 'isoflop' && budgets.length < LEAST.budgets) say.fitNeedsBudgets(at, { budgets: budgets.length, sizes: LEAST.sizes })
  else if (law === 'isoflop' && poor) say.fitNeedsSizes(at, { budget: computeOf(poor[0]!), sizes: sizesIn(poor), least: LEAST.sizes })
  else return true
  return false
}

/** Trainings of one compute each, in its order. */
export function budgetsOf(trainings: readonly TrainStage[]): readonly (readonly TrainStage[])[] {
  const groups: TrainStage[][] = []
  for (const training of [...trainings].sort((a, b) => computeOf(a) - computeOf(b))) {
    const last = groups.at(-1)
    if (last && computeOf(training) < APART * computeOf(last[0]!)) last.push(training)
    else groups.push([training])
  }
  return groups
}

function sizesIn(trainings: readonly TrainStage[]): number {
  return new Set(trainings.map(({ model }) => model.nonEmbedding)).size
}

/** 6 N D of a whole training. */
export function computeOf({ model, batch, context, randomLength, steps }: TrainStage): number {
  return steps * paperFlops({ parameters: model.nonEmbedding, batch, length: averageLength(context, randomLength) })
}
