// A custom job → its events, and metrics.json in the store: a plugin's own loop, given tokens, programs and randomness.
import type { CustomHost, CustomJob } from '../compiler/plan/jobs.ts'
import { loadWeights } from './checkpoint/load.ts'
import { readTokens } from './data/source.ts'
import { metricEvent } from './evaluate.ts'
import type { RunEvent } from './events.ts'
import { telling } from './failures.ts'
import { loopOf, metricsOf, plugged, progressOf, tokensOf } from './plugged.ts'
import { programOf, runProgram } from './program.ts'
import { drawing } from './random.ts'
import { secondsSince, type StageContext } from './stage.ts'
import { replaceText } from './store/atomic.ts'

/** Nothing is kept of a stage that is stopped: it begins again. */
export async function* custom(job: CustomJob, context: StageContext): AsyncGenerator<RunEvent> {
  const { stage, plan, from } = job
  const { backend, folder, store, cache, signal } = context
  const start = performance.now()
  await using executable = from && (await backend.load(plan))
  if (executable && from) await loadWeights(executable, job, from, store)
  const draw = drawing(job.seed, 'plugin')
  const host: CustomHost = {
    batch: job.micro,
    tokens: async ({ field }) => readTokens(job.data[field] ?? missing(`data \`${field}\``), cache),
    run: async (name, tokens) =>
      runProgram(executable ?? missing('model'), programOf(plan, name) ?? missing(`program \`${name}\``), { tokens: tokensOf(tokens) }),
    random: (a, b = 0, c = 0, d = 0) => draw(a, b, c, d),
  }
  const loop = await plugged(stage, () => loopOf(job.run(host)))
  for (;;) {
    const next = await plugged(stage, async () => {
      const { done, value } = await loop.next()
      return done === true ? { metrics: metricsOf(value) } : { progress: progressOf(value) }
    })
    if (next.progress) {
      const { done, total } = next.progress
      yield { kind: 'progress', stage, done, total, seconds: secondsSince(start) }
      if (!signal.aborted) continue
      yield { kind: 'stopped', stage, step: done, total }
      return
    }
    const { metrics } = next
    await telling('writing metrics', () => replaceText(folder.artifact, JSON.stringify(metrics, undefined, 2) + '\n'))
    for (const metric of metrics) yield metricEvent(stage, metric)
    return
  }
}

function missing(what: string): never {
  throw new Error(`this stage has no ${what}`)
}
