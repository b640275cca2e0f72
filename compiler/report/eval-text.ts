// An evaluation's cost → the lines of its plan.
import type { EvalStage } from '../check/pipeline.ts'
import { evalCost, type MetricCost } from './eval-cost.ts'
import type { Line } from './lines.ts'
import { grouped, scientific } from './numbers.ts'

export function evalLines(stage: EvalStage): readonly Line[] {
  const { sequences, context, metrics, writing, flops } = evalCost(stage)
  const what = stage.data.turns.length > 0 ? 'examples' : `sequences of ${grouped(context)} tokens`
  const size: Line = ['measures', sequences === undefined ? what : `${grouped(sequences)} ${what}`]
  const wrote: readonly Line[] =
    writing === undefined
      ? []
      : [['writes', `at most ${grouped(writing.forwards)} forwards an example: ${turnsText(writing.turns)} of ${grouped(writing.length)} tokens`]] // prettier-ignore
  const work: readonly Line[] = flops === undefined ? [] : [['flops', `${scientific(flops)} executed`]]
  return [size, ...metrics.map((m): Line => ['metric', metricText(m)]), ...wrote, ...work]
}

function metricText({ metric, by, samples, forwards }: MetricCost): string {
  const how = by === undefined ? '' : ` by ${by}`
  const work = samples === undefined || forwards === undefined ? '' : `, ${grouped(samples)} samples, ${grouped(forwards)} forwards`
  return metric + how + work
}

function turnsText(turns: number): string {
  return turns === 1 ? '1 turn' : `${grouped(turns)} turns`
}
