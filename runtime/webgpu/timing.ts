// How long each dispatch of a run took on the device: a pass of its own for each, between two timestamps.
// Passes wait for one another, so the sum is a little more than an ordinary run takes.
import { usage } from './buffers.ts'
import type { Region } from './readback.ts'

/** One dispatch. `kernel`: its place among the plan's. */
export interface DispatchTime {
  readonly kernel: number
  readonly seconds: number
}

/** WebGPU's limit on one query set. */
const perSet = 4096

/** Takes the time of `passes` passes of one encoder. Needs the feature timestamp-query. */
export class Stopwatch {
  readonly #sets: readonly GPUQuerySet[]
  readonly #resolved: GPUBuffer
  readonly #passes: number

  constructor(device: GPUDevice, passes: number) {
    const sets = Math.ceil((2 * passes) / perSet)
    this.#sets = Array.from({ length: sets }, () => device.createQuerySet({ type: 'timestamp', count: perSet }))
    this.#resolved = device.createBuffer({ label: 'timestamps', size: sets * perSet * 8, usage: usage.queryResolve | usage.copySource })
    this.#passes = passes
  }

  /** For the descriptor of the i-th pass. */
  writes(i: number): GPUComputePassTimestampWrites {
    const at = (2 * i) % perSet
    return { querySet: this.#sets[Math.floor((2 * i) / perSet)]!, beginningOfPassWriteIndex: at, endOfPassWriteIndex: at + 1 }
  }

  /** Recorded after the last pass: afterwards the region holds the timestamps, 64 bits each. */
  resolve(encoder: GPUCommandEncoder): Region {
    this.#sets.forEach((set, i) => encoder.resolveQuerySet(set, 0, perSet, this.#resolved, i * perSet * 8))
    return { buffer: this.#resolved, dtype: 'u32', length: this.#passes * 4 }
  }

  dispose(): void {
    for (const set of this.#sets) set.destroy()
    this.#resolved.destroy()
  }
}

/** Seconds per pass from the words that `resolve` left. */
export function seconds(words: ArrayLike<number>): number[] {
  const nanoseconds = (at: number) => words[at]! + words[at + 1]! * 2 ** 32
  return Array.from({ length: words.length / 4 }, (_, i) => (nanoseconds(4 * i + 2) - nanoseconds(4 * i)) / 1e9)
}
