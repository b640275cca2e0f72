// What a command line says of stages → stages of the page. Whatever does not fit is the command line's fault: exit code 2.
import type { Library } from '../../compiler/build/library.ts'
import { wgslOps } from '../../compiler/build/written.ts'
import { isCompiled, runnable, type ReadingStage, type RunnableStage } from '../../compiler/compile.ts'
import type { DeviceFacts } from '../../compiler/facts.ts'
import type { Pipeline, Stage } from '../../compiler/check/pipeline.ts'
import { nearest } from '../../grammar/suggest.ts'
import { WrongUse } from '../exit.ts'

/** The stages named and what they need, or all that can run; dependencies first. A sweep is the stages of its rows. */
export function wantedStages(pipeline: Pipeline, names: readonly string[]): readonly (RunnableStage | ReadingStage)[] {
  const named = names.map((name) => stageNamed(pipeline, name))
  named.forEach(mustBeRunnable)
  const wanted = names.length === 0 ? pipeline.stages : needed(named)
  return pipeline.stages.filter((s) => wanted.includes(s) && runnable(s)).filter((s) => s.kind !== 'sweep')
}

/** What of a page this version leaves out, a stage each, with the reason. */
export function leftOut(pipeline: Pipeline): readonly string[] {
  return pipeline.stages.filter((s) => !runnable(s)).map((s) => `${s.name} is left out: ${reasonOf(s)}`)
}

/** The stages named and what they need, or all, whether they can run or not. */
export function plannedStages(pipeline: Pipeline, names: readonly string[]): readonly Stage[] {
  if (names.length === 0) return pipeline.stages
  const planned = needed(names.map((name) => stageNamed(pipeline, name)))
  return pipeline.stages.filter((s) => planned.includes(s))
}

/** Without a name the only stage of the page, if it has one. */
export function stageNamed(pipeline: Pipeline, name: string | undefined): Stage {
  const [only, ...others] = pipeline.stages
  const stage = name === undefined && others.length === 0 ? only : pipeline.stages.find((s) => s.name === name)
  if (stage !== undefined) return stage
  const names = pipeline.stages.map((s) => s.name)
  const near = name === undefined ? undefined : nearest(name, names)
  const advice = [
    ...(near === undefined ? [] : [`did you mean ${near}?`]),
    names.length === 0 ? 'the page has no stages: write a train, a sample or an eval' : `the stages are ${names.join(', ')}`,
  ]
  throw new WrongUse({ code: 'unknown-stage', message: name === undefined ? 'which stage?' : `there is no stage ${name}`, advice })
}

/** Fails for a stage that is checked and not run yet. */
export function mustBeRunnable(stage: Stage): void {
  if (runnable(stage)) return
  const advice = ['smdmc plan shows what it would do', 'name the other stages, or none to run all that can run']
  throw new WrongUse({ code: 'not-available', message: `${stage.name} cannot run: ${reasonOf(stage)}`, advice })
}

/** Fails also for a stage of which nothing is compiled. */
export function mustCompile(stage: Stage): RunnableStage {
  mustBeRunnable(stage)
  if (isCompiled(stage)) return stage
  const [message, end] =
    stage.kind === 'sweep' ? [`${stage.name} is a sweep of ${stage.needs.length} stages`, ''] : [`a ${stage.kind} runs on no device: there is nothing to compile`, ', which it reads'] // prettier-ignore
  throw new WrongUse({ code: 'one-stage', message, advice: [`name one of ${stage.needs.map((s) => s.name).join(', ')}${end}`] })
}

/** The first thing that is missing, here or in a stage that it needs. */
function reasonOf(stage: Stage): string {
  const [first] = stage.later
  if (first) return `${first.what} is not available in this version`
  const blocked = stage.needs.find((s) => !runnable(s))
  return blocked ? `it needs ${blocked.name}, and there ${reasonOf(blocked)}` : 'nothing of it runs'
}

/** Fails where `--micro` does not divide the batch of a training. */
export function checkMicro(stages: readonly Stage[], micro: number | undefined): void {
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

/** Fails where a stage computes something that the device has not: the CPU has no WGSL. */
export function checkDevice(stages: readonly Stage[], facts: DeviceFacts, library: Library): void {
  if (facts.backend !== 'cpu') return
  for (const stage of stages.filter(isCompiled)) {
    const [op] = wgslOps(stage, library)
    if (op === undefined) continue
    throw new WrongUse({
      code: 'wgsl-on-cpu',
      message: `${stage.name} computes the op ${op}, which is written in WGSL, and the CPU has no WGSL`,
      advice: ['run with --device software, a GPU made of software, or on a GPU', `or write ${op} in the language: op ${op}(x) = …`],
    })
  }
}

function needed(stages: readonly Stage[]): readonly Stage[] {
  return [...new Set(stages.flatMap((s) => [...needed(s.needs), s]))]
}
