// Results on their way from the device to JavaScript: a pool of mappable buffers, so that several runs may be under way at once.
// `copy` is recorded with the work whose results it takes; `fetch` waits for them.
import { setTimeout } from 'node:timers/promises'
import type { Data } from '../backend.ts'
import type { Rows } from '../../compiler/plan/plan.ts'
import { floatsOf, together } from '../half.ts'
import { mapRead, roundUp, usage } from './buffers.ts'
import type { OpenDevice } from './device.ts'

/** A tensor to be read: from the start of `buffer`, so many elements. */
export interface Region {
  readonly buffer: GPUBuffer
  readonly dtype: 'f32' | 'f16' | 'i32' | 'u32'
  readonly length: number
  /** Where these are rows that lie apart: what lies between is left out. */
  readonly rows?: Rows | undefined
}

/** Copies recorded and not yet fetched. `label`: that of the encoder, under which its duration is remembered. */
export interface Copied {
  readonly label: string
  readonly staging: GPUBuffer
  readonly regions: readonly Region[]
}

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
    const bytes = regions.reduce((sum, region) => sum + roundUp(bytesOf(region)), 0)
    const staging = this.#take(bytes)
    let offset = 0
    for (const region of regions) {
      const size = roundUp(bytesOf(region))
      encoder.copyBufferToBuffer(region.buffer, 0, staging, offset, size)
      offset += size
    }
    return { staging, regions, label: encoder.label }
  }

  /** The copies, once the device has made them. */
  async fetch({ staging, regions, label }: Copied): Promise<Data[]> {
    await this.#mapped(staging, label)
    let offset = 0
    const results = regions.map((region) => {
      const size = bytesOf(region)
      const bytes = staging.getMappedRange(offset, roundUp(size)).slice(0, size)
      offset += roundUp(size)
      return numbersIn(bytes, region)
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

function bytesOf({ dtype, length }: Region): number {
  return length * (dtype === 'f16' ? 2 : 4)
}

function numbersIn(bytes: ArrayBuffer, { dtype, rows }: Region): Data {
  switch (dtype) {
    case 'f32':
      return new Float32Array(bytes)
    case 'f16':
      return floatsOf(rows ? together(new Uint16Array(bytes), rows) : new Uint16Array(bytes))
    case 'i32':
      return new Int32Array(bytes)
    case 'u32':
      return new Uint32Array(bytes)
  }
}
