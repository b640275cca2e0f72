// smdmc run FILE [STAGE…]: trains, samples and evaluates, showing it as the terminal allows.
import { basename, join } from 'node:path'
import { compile, isCompiled, type ReadingStage, type RunnableStage } from '../../compiler/compile.ts'
import type { DeviceFacts } from '../../compiler/facts.ts'
import { readingJob } from '../../compiler/plan/reading.ts'
import { kindWord } from '../../compiler/report/kind-word.ts'
import { Library } from '../../compiler/build/library.ts'
import { cacheFolder } from '../../runtime/cache.ts'
import { run, type StagePlan } from '../../runtime/run.ts'
import { openBackend } from '../device.ts'
import { exits, type Exit } from '../exit.ts'
import { load, type LoadOptions } from '../load.ts'
import { RateRecorder } from '../rates.ts'
import { reportDiagnostics, warn, type Output } from '../report.ts'
import { screenFor } from '../ui/show.ts'
import { checkDevice, checkMicro, leftOut, wantedStages } from './stages.ts'

export interface RunOptions extends LoadOptions {
  readonly device: string
  /** Sequences per run of the device. */
  readonly micro?: number
  /** `.smdmc` unless given: where results are kept. */
  readonly store: string
}

export async function runCommand(file: string, names: readonly string[], options: RunOptions, output: Output): Promise<Exit> {
  const { pipeline, prelude, diagnostics } = await load(file, options)
  reportDiagnostics(diagnostics, output)
  if (pipeline === undefined) return exits.wrong
  const stages = wantedStages(pipeline, names)
  checkMicro(stages, options.micro)
  const left = names.length === 0 ? leftOut(pipeline) : []
  for (const line of left) warn(line)
  if (stages.length === 0 && left.length > 0) return exits.wrong
  await using opened = await openBackend(options.device, warn)
  const library = new Library(prelude)
  checkDevice(stages, opened.facts, library)
  const live = process.stdout.isTTY && !inContinuousIntegration(process.env)
  const screen = await screenFor({ stdout: process.stdout, json: output.json, live })
  const plans = stages.map((s) => planOf(s, opened.facts, library, options.micro))
  const folders = { store: join(options.store, 'store'), runs: join('runs', basename(file).replace(/\.\w+$/, '')), cache: cacheFolder() }
  const rates = new RateRecorder(cacheFolder(), opened.facts.name, stages)
  // Until here, where data may be read that is not known yet, a signal ends the process at once.
  using stop = stopOnSignal()
  let exit: Exit = exits.ok
  try {
    for await (const event of run(plans, opened.backend, { ...folders, signal: stop.signal })) {
      screen.show(event)
      await rates.hear(event)
      if (event.kind === 'failed') exit = exits.failed
      if (event.kind === 'stopped') exit = exits.stopped
    }
  } finally {
    screen.close()
  }
  return exit
}

/** What a run of a stage needs; it is compiled for the device of these facts when it begins. */
export function planOf(stage: RunnableStage | ReadingStage, facts: DeviceFacts, library: Library, micro?: number): StagePlan {
  return {
    stage: stage.name,
    kind: stage.kind,
    what: kindWord(stage),
    key: stage.key,
    write: 'write' in stage ? stage.write : undefined,
    law: stage.kind === 'fit' ? stage.law : undefined,
    job: async (memory = facts.memory) =>
      isCompiled(stage) ? compile(stage, { facts: { ...facts, memory }, library, micro }) : readingJob(stage),
  }
}

/** By the variables that such services set; some people set CI=false. */
function inContinuousIntegration(env: NodeJS.ProcessEnv): boolean {
  return [env['CI'], env['CONTINUOUS_INTEGRATION']].some((v) => v !== undefined && v !== '0' && v !== 'false')
}

/** The first signal asks the run to stop where it can go on later; the second ends the process. */
function stopOnSignal(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController()
  const ask = (): void => {
    if (controller.signal.aborted) process.exit(exits.stopped)
    controller.abort()
  }
  process.on('SIGINT', ask)
  process.on('SIGTERM', ask)
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      process.off('SIGINT', ask)
      process.off('SIGTERM', ask)
    },
  }
}
