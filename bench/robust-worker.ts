// The thread that bench/robust.ts watches: inputs of a stretch of numbers, each put through the front end, what breaks shrunk.
import { parentPort, workerData } from 'node:worker_threads'
import { inputOf } from '../test/robust/inputs.ts'
import { outcomeOf, type Broken } from '../test/robust/promises.ts'
import { shrunk } from '../test/robust/shrink.ts'

export interface Work {
  readonly seed: number
  readonly from: number
  readonly to: number
  /** For the thread that watches: the input at work, how many parsed, and how many were found right. */
  readonly counts: Int32Array
  /** Kinds of breaks of which enough examples are known: they are not shrunk again. */
  readonly known: readonly string[]
}

export type Told =
  | { readonly kind: 'broken'; readonly number: number; readonly group: string; readonly text: string; readonly shrunk?: string }
  | { readonly kind: 'done'; readonly slowest: readonly Slow[] }

export interface Slow {
  readonly number: number
  readonly milliseconds: number
}

/** Each seed has inputs of its own. */
export const numberOf = (seed: number, i: number): number => Math.imul(seed, 0x9e3779b1) + i

/** Breaks of one kind: the same promise, and the same words but for numbers and quotes. */
function groupOf({ at, how }: Broken): string {
  const lines = how.split('\n')
  const place = lines.find((line) => /^\s+at /.test(line)) ?? ''
  return `${at}: ${lines[0]!.replace(/`[^`]*`|\d+/g, '…')} ${place.trim()}`
}

function work({ seed, from, to, counts, known }: Work): void {
  const slowest: Slow[] = []
  const groups = new Set(known)
  for (let i = from; i < to; i++) {
    Atomics.store(counts, 0, i)
    const input = inputOf(numberOf(seed, i))
    const { broken, clean, checked, milliseconds } = outcomeOf(input)
    Atomics.add(counts, 1, Number(clean))
    Atomics.add(counts, 2, Number(checked))
    slowest.push({ number: i, milliseconds })
    if (slowest.length > 100) slowest.sort((a, b) => b.milliseconds - a.milliseconds).splice(5)
    if (broken === undefined) continue
    const group = groupOf(broken)
    const same = (text: string): boolean => {
      const other = outcomeOf({ ...input, text }).broken
      return other !== undefined && groupOf(other) === group
    }
    const told = { kind: 'broken', number: i, group, text: `${input.name}, ${broken.at}: ${broken.how}` } as const
    tell(groups.has(group) ? told : { ...told, shrunk: shrunk(input.text, same) })
    groups.add(group)
  }
  slowest.sort((a, b) => b.milliseconds - a.milliseconds).splice(5)
  tell({ kind: 'done', slowest })
}

function tell(told: Told): void {
  parentPort?.postMessage(told)
}

if (parentPort !== null) work(workerData as Work)
