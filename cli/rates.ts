// How fast trainings went on a device, kept in the cache for later estimates: a file a device, a line a training.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { DeviceRates } from '../compiler/facts.ts'
import type { Stage } from '../compiler/check/pipeline.ts'
import { rounded } from '../compiler/report/numbers.ts'
import type { RunEvent } from '../runtime/events.ts'
import { isSystemError } from '../runtime/failures.ts'
import { readLines, replaceLines } from '../runtime/store/journal.ts'

/** One training as it went. */
export interface MeasuredRate {
  readonly device: string
  readonly stage: string
  readonly parameters: number
  readonly flopsPerSecond: number
  readonly tokensPerSecond: number
  /** ISO 8601. */
  readonly at: string
}

/** Trainings kept for a device. */
const most = 50
/** Measurements that make a rate; the first of a training, while things warm up, counts for none. */
const enough = 3
/** A model this many times larger or smaller keeps a device busy in another way: its rate says nothing. */
const alike = 8

/** Listens to a run and keeps what its trainings reach. */
export class RateRecorder {
  readonly #cache: string
  readonly #device: string
  readonly #parameters: ReadonlyMap<string, number>
  readonly #heard = new Map<string, (RunEvent & { readonly kind: 'step' })[]>()

  constructor(cache: string, device: string, stages: readonly Stage[]) {
    this.#cache = cache
    this.#device = device
    this.#parameters = new Map(stages.flatMap((s) => (s.kind === 'train' ? [[s.name, s.model.parameters]] : [])))
  }

  /** Call with every event; when a training ends or stops, what it reached is written. */
  async hear(event: RunEvent): Promise<void> {
    if (event.kind === 'step') this.#heard.set(event.stage, [...(this.#heard.get(event.stage) ?? []), event].slice(-101))
    if (event.kind !== 'done' && event.kind !== 'stopped') return
    const [, ...steps] = this.#heard.get(event.stage) ?? []
    const parameters = this.#parameters.get(event.stage)
    if (steps.length < enough || parameters === undefined) return
    await keepRate(this.#cache, {
      device: this.#device,
      stage: event.stage,
      parameters,
      flopsPerSecond: median(steps.map((s) => s.flopsPerSecond)),
      tokensPerSecond: median(steps.map((s) => s.tokensPerSecond)),
      at: new Date().toISOString(),
    })
  }
}

/** A cache that cannot be written costs an estimate, nothing else. */
async function keepRate(cache: string, rate: MeasuredRate): Promise<void> {
  const path = fileOf(cache, rate.device)
  try {
    await replaceLines(path, [...(await readLines(path)), rate].slice(-most))
  } catch (error) {
    if (!isSystemError(error)) throw error
  }
}

/** The rate of the training here whose size was most like this one, if any was alike. */
export async function measuredRate(cache: string, device: string, parameters: number): Promise<DeviceRates | undefined> {
  const known = ((await readLines(fileOf(cache, device))) as readonly Partial<MeasuredRate>[]).filter(isRate)
  const far = (rate: MeasuredRate): number => Math.abs(Math.log(rate.parameters / parameters))
  const near = known.filter((rate) => far(rate) <= Math.log(alike))
  const [nearest] = near.toReversed().toSorted((a, b) => far(a) - far(b))
  if (nearest === undefined) return undefined
  const { flopsPerSecond: flops, stage, at } = nearest
  return { flops, source: `measured here on ${at.slice(0, 10)}, training ${stage} of ${rounded(nearest.parameters)} parameters` }
}

function isRate(rate: Partial<MeasuredRate>): rate is MeasuredRate {
  const { parameters, flopsPerSecond, at } = rate
  return typeof at === 'string' && Number.isFinite(parameters) && Number.isFinite(flopsPerSecond) && flopsPerSecond! > 0
}

function fileOf(cache: string, device: string): string {
  return join(cache, 'rates', `${createHash('sha256').update(device).digest('hex').slice(0, 16)}.jsonl`)
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}
