// What a command line says of stages → stages of the page. Whatever does not fit is the command line's fault: exit code 2.
import { runnable, type RunnableStage } from '../../compiler/compile.ts'
import type { Pipeline, Stage } from '../../compiler/check/pipeline.ts'
import { nearest } from '../../grammar/suggest.ts'
import { WrongUse } from '../exit.ts'

/** The stages named and what they need, or all that can run; dependencies first. */
export function wantedStages(pipeline: Pipeline, names: readonly string[]): readonly RunnableStage[] {
  if (names.length === 0) return pipeline.stages.filter(runnable)
  const wanted = needed(names.map((name) => mustRun(stageNamed(pipeline, name))))
  return pipeline.stages.filter((s) => wanted.includes(s)).filter(runnable)
}

/** The stages named and what they need, or all, whether they can run or not. */
export function plannedStages(pipeline: Pipeline, names: readonly string[]): readonly Stage[] {
  if (names.length === 0) return pipeline.stages
  const planned = needed(names.map((name) => stageNamed(pipeline, name)))
  return pipeline.stages.filter((s) => planned.includes(s))
}

export function stageNamed(pipeline: Pipeline, name: string): Stage {
  const stage = pipeline.stages.find((s) => s.name === name)
  if (stage !== undefined) return stage
  const names = pipeline.stages.map((s) => s.name)
  const near = nearest(name, names)
  const advice = [
    ...(near === undefined ? [] : [`did you mean ${near}?`]),
    names.length === 0 ? 'the page has no stages: write a train, a sample or an eval' : `the stages are ${names.join(', ')}`,
  ]
  throw new WrongUse({ code: 'unknown-stage', message: `there is no stage ${name}`, advice })
}

/** Fails for a kind of stage that is checked and not run yet. */
export function mustRun(stage: Stage): RunnableStage {
  if (runnable(stage)) return stage
  const advice = ['name the other stages, or none to run all that can run']
  throw new WrongUse({ code: 'not-available', message: `${stage.name} is a ${stage.kind}, which this version does not run yet`, advice })
}

/** Fails where `--micro` does not divide the batch of a training. */
export function checkMicro(stages: readonly RunnableStage[], micro: number | undefined): void {
  for (const stage of stages) {
    if (micro === undefined || stage.kind !== 'train' || stage.batch % micro === 0) continue
    const divisors = Array.from({ length: stage.batch }, (_, i) => i + 1).filter((n) => stage.batch % n === 0)
    throw new WrongUse({
      code: 'micro-does-not-divide',
      message: `--micro ${micro} does not divide the batch of ${stage.name}, ${stage.batch} sequences`,
      advice: [`write one of ${divisors.join(', ')}`],
    })
  }
}

function needed(stages: readonly Stage[]): readonly Stage[] {
  return [...new Set(stages.flatMap((s) => [...needed(s.needs), s]))]
}
