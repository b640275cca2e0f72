// Tiles that a device can run, and a way to time a stage with some of them → those that were fastest. In each trial every kernel
// with a choice has another of its tiles, so that a few runs of the stage, as it is, measure all of them.
import type { Tuning } from '../../compiler/plan/plan.ts'

/** Places in tables of tiles by key: see `DeviceFacts.tuned`. */
export type Tuned = Readonly<Record<string, number>>

/** Seconds of a unit of work by key, with tiles as asked. */
export type Timer = (tuned: Tuned) => Promise<ReadonlyMap<string, number>>

interface Timed {
  readonly tuned: Tuned
  readonly seconds: ReadonlyMap<string, number>
}

export interface Choice {
  readonly key: string
  readonly place: number
  readonly seconds: number
  /** Of the tile that is taken without measurements. */
  readonly before: number
}

/** Tiles that are tried of each kernel: the guesses are in order, and the last ones are far off. */
const most = 8
/** Another tile has to be this much faster to be no accident. */
const margin = 0.98

/** A trial for the i-th tile of every kernel; those with fewer tiles keep their first. */
export function trialsOf(tunings: readonly Tuning[]): readonly Tuned[] {
  const count = Math.min(most, Math.max(0, ...tunings.map(({ places }) => places.length)))
  return Array.from({ length: count }, (_, i) => Object.fromEntries(tunings.map(({ key, places }) => [key, places[i] ?? places[0]!])))
}

/** Times every trial, in order. `heard`: how many are done. */
export async function tune(tunings: readonly Tuning[], time: Timer, heard: (done: number, of: number) => void): Promise<readonly Choice[]> {
  const trials = trialsOf(tunings)
  const times: Timed[] = []
  for (const [i, tuned] of trials.entries()) {
    times.push({ tuned, seconds: await time(tuned) })
    heard(i + 1, trials.length)
  }
  return tunings.map(({ key, places }) => fastest(key, places[0]!, times))
}

/** Of several times of one tile the least counts. */
function fastest(key: string, first: number, times: readonly Timed[]): Choice {
  const least = new Map<number, number>()
  for (const { tuned, seconds } of times) {
    const place = tuned[key]!
    least.set(place, Math.min(least.get(place) ?? Infinity, seconds.get(key) ?? Infinity))
  }
  const before = least.get(first)!
  const [place, seconds] = [...least].reduce((best, now) => (now[1] < best[1] ? now : best))
  return seconds < margin * before ? { key, place, seconds, before } : { key, place: first, seconds: before, before }
}
