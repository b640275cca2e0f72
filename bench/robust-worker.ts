// The thread that bench/robust.ts watches: inputs of a stretch of numbers, each put through the front end, what breaks shrunk.
import { parentPort, workerData } from 'node:worker_threads'
import { inputOf } from '../test/robust/inputs.ts'
import { outcomeOf } from '../test/robust/promises.ts'
import { shrunk } from '../test/robust/shrink.ts'

export interface Work {
  readonly seed: number
  readonly from: number
  readonly to: number
  /** The number of the input at work, for the thread that watches. */
  readonly at: Int32Array
}

export type Told =
  | { readonly kind: 'broken'; readonly number: number; readonly text: string; readonly shrunk: string }
  | { readonly kind: 'done'; readonly clean: number; readonly checked: number; readonly slowest: readonly Slow[] }

export interface Slow {
  readonly number: number
  readonly milliseconds: number
}

/** Each seed has inputs of its own. */
export const numberOf = (seed: number, i: number): number => Math.imul(seed, 0x9e3779b1) + i

function work({ seed, from, to, at }: Work): void {
  const slowest: Slow[] = []
  let [clean, checked] = [0, 0]
  for (let i = from; i < to; i++) {
    Atomics.store(at, 0, i)
    const input = inputOf(numberOf(seed, i))
    const outcome = outcomeOf(input)
    clean += Number(outcome.clean)
    checked += Number(outcome.checked)
    slowest.push({ number: i, milliseconds: outcome.milliseconds })
    if (slowest.length > 100) slowest.sort((a, b) => b.milliseconds - a.milliseconds).splice(5)
    const { broken } = outcome
    if (broken === undefined) continue
    const same = (text: string): boolean => outcomeOf({ ...input, text }).broken?.at === broken.at
    Atomics.store(at, 1, i)
    tell({ kind: 'broken', number: i, text: `${input.name}, ${broken.at}: ${broken.how}`, shrunk: shrunk(input.text, same) })
  }
  slowest.sort((a, b) => b.milliseconds - a.milliseconds).splice(5)
  tell({ kind: 'done', clean, checked, slowest })
}

const tell = (told: Told): void => parentPort?.postMessage(told)

if (parentPort !== null) work(workerData as Work)
