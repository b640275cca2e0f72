// What a plugin's loop gives, held to its contract: the types say nothing to a plugin that nobody compiled against them, and what is
// wrong there must not look like a mistake of ours.
import type { CustomMetric, CustomProgress } from '../compiler/plan/jobs.ts'
import { Failure } from './events.ts'

/** Runs a step of the plugin. What it throws is its own mistake, and is told as such. */
export async function plugged<T>(stage: string, step: () => T | Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    throw error instanceof Failure ? error : pluginFailed(stage, error)
  }
}

/** What a plugin threw, as the failure of a stage of its kind. */
export function pluginFailed(stage: string, error: unknown): Failure {
  const reason = error instanceof Error ? error.message : String(error)
  const advice = ['the mistake is in the plugin, not in smdmc']
  return new Failure({ code: 'plugin-failed', message: `the plugin of ${stage} failed: ${reason}`, advice }, { cause: error })
}

type Loop = AsyncIterator<unknown, unknown>

/** What `run` gives: something to ask for the next step. */
export function loopOf(run: unknown): Loop {
  if (!isObject(run) || typeof run['next'] !== 'function')
    throw new Error('its `run` is no generator: write `run: async function* (…) { … }`')
  return run as unknown as Loop
}

export function tokensOf(tokens: unknown): Int32Array {
  if (!(tokens instanceof Int32Array)) throw new Error('`host.run` takes its tokens as an Int32Array')
  return tokens
}

export function progressOf(value: unknown): CustomProgress {
  if (!isObject(value) || typeof value['done'] !== 'number' || typeof value['total'] !== 'number')
    throw new Error('its `run` yields something else than `{ done, total }`, two numbers')
  return value as unknown as CustomProgress
}

export function metricsOf(value: unknown): readonly CustomMetric[] {
  if (!Array.isArray(value) || !value.every(isMetric))
    throw new Error('its `run` returns something else than a list of `{ name, value, error, unit, notes }`')
  // JSON, and so metrics.json, has no such numbers.
  const lost = value.find(({ value: number, error }) => !Number.isFinite(number) || !Number.isFinite(error ?? 0))
  if (lost) throw new Error(`its metric \`${lost.name}\` is no finite number: ${lost.value} ± ${lost.error ?? 0}`)
  return value
}

function isMetric(value: unknown): value is CustomMetric {
  if (!isObject(value)) return false
  const { name, value: number, error, unit, notes } = value
  const numbers = typeof number === 'number' && (error === null || typeof error === 'number')
  return (
    numbers && typeof name === 'string' && typeof unit === 'string' && Array.isArray(notes) && notes.every((n) => typeof n === 'string')
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
