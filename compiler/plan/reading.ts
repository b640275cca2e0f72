// A fit or a table → its job: which finished stages it reads, and what of them is known ahead.
import { bug } from '../bug.ts'
import { budgetsOf, computeOf } from '../check/fit.ts'
import type { FitStage, Stage, TableStage, TrainStage } from '../check/pipeline.ts'
import type { Done, ReadingJob } from './jobs.ts'

export function readingJob(stage: FitStage | TableStage): ReadingJob {
  const { name, key, normal } = stage
  const base = { stage: name, key, normal }
  if (stage.kind === 'table') return { ...base, kind: 'table', rows: stage.rows.map(doneOf) }
  const trainings = stage.sweep.runs.map((run) => run.stage).filter((s): s is TrainStage => s.kind === 'train')
  // Two rows may be one training; it counts once.
  const each = [...new Map(trainings.map((t) => [t.key, t])).values()]
  const run = (t: TrainStage) => ({ ...doneOf(t), parameters: t.model.nonEmbedding, compute: computeOf(t) })
  return { ...base, kind: 'fit', law: stage.law, loss: stage.loss, budgets: budgetsOf(each).map((group) => group.map(run)) }
}

function doneOf({ name, kind, key }: Stage): Done {
  if (kind === 'sweep' || kind === 'fit' || kind === 'table') return bug(`${name} leaves no numbers to read`)
  return { stage: name, kind, key }
}
