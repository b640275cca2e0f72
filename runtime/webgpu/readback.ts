// Results on their way from the device to JavaScript: a pool of mappable buffers, so that several runs may be under way at once.
// `copy` is recorded with the work whose results it takes; `fetch` waits for them.
import { setTimeout } from 'node:timers/promises'
import type { Data } from '../backend.ts'
import { mapRead, roundUp, usage } from './buffers.ts'
import type { OpenDevice } from './device.ts'

/** A tensor to be read: from the start of `buffer`, so many elements. */
export interface Region {
  readonly buffer: GPUBuffer
  readonly dtype: 'f32' | 'i32' | 'u32'
  readonly length: number
}

/** Copies recorded and not yet fetched. `label`: that of the encoder, under which its duration is remembered. */
export interface Copied {
  readonly label: string
  readonly staging: GPUBuffer
  readonly regions: readonly Region[]
}

const arrays = { f32: Float32Array, i32: Int32Array, u32: Uint32Array } as const
/** Larger staging buffers are freed after use: they serve checkpoints, not steps. */
const keptBytes = 2 ** 22
/** Milliseconds below which sleeping costs more than it saves. */
const shortest = 4
/** The longest sleep: one stall, such as a suspended laptop, must not slow what comes after. */
const longest = 500

export class Readback {
  readonly #open: OpenDevice
  readonly #free: GPUBuffer[] = []
  readonly #waits = new Map<string, number>()

  constructor(open: OpenDevice) {
    this.#open = open
  }

  /** Records the copies behind what `encoder` holds; to be submitted before `fetch`. */
  copy(encoder: GPUCommandEncoder, regions: readonly Region[]): Copied {
    const bytes = regions.reduce((sum, { length }) => sum + roundUp(length * 4), 0)
    const staging = this.#take(bytes)
    let offset = 0
    for (const { buffer, length } of regions) {
      encoder.copyBufferToBuffer(buffer, 0, staging, offset, length * 4)
      offset += roundUp(length * 4)
    }
    return { staging, regions, label: encoder.label }
  }

  /** The copies, once the device has made them. */
  async fetch({ staging, regions, label }: Copied): Promise<Data[]> {
    await this.#mapped(staging, label)
    let offset = 0
    const results = regions.map(({ dtype, length }) => {
      const bytes = staging.getMappedRange(offset, roundUp(length * 4)).slice(0, length * 4)
      offset += roundUp(length * 4)
      return new arrays[dtype](bytes)
    })
    staging.unmap()
    if (staging.size <= keptBytes) this.#free.push(staging)
    else staging.destroy()
    return results
  }

  /**
   * Maps, having slept through most of the time that this took before: while a map is pending Dawn polls, which takes
   * a whole core from software drivers and from reading data.
   */
  async #mapped(staging: GPUBuffer, label: string): Promise<void> {
    const begun = performance.now()
    const expected = this.#waits.get(label) ?? 0
    if (expected > shortest) await setTimeout(Math.min(0.8 * expected, longest))
    await this.#open.faults.guard(staging.mapAsync(mapRead))
    this.#waits.set(label, performance.now() - begun)
  }

  dispose(): void {
    for (const buffer of this.#free.splice(0)) buffer.destroy()
  }

  #take(bytes: number): GPUBuffer {
    const at = this.#free.findIndex(({ size }) => size >= bytes)
    if (at >= 0) return this.#free.splice(at, 1)[0]!
    const { device } = this.#open
    return device.createBuffer({ label: 'readback', size: bytes, usage: usage.mapRead | usage.copyTarget })
  }
}
