// What goes wrong on a device reaches us beside the calls: a lost device by a promise, refused commands by an event.
// Faults keeps the first of them and throws it at whoever uses the device next, so that no result computed after it is ever believed.
import type { Failure } from '../events.ts'
import { deviceLost, gpuError, outOfMemory } from './messages.ts'

export class Faults {
  readonly #device: GPUDevice
  readonly #lost: Promise<void>
  #first: Failure | undefined

  constructor(device: GPUDevice) {
    this.#device = device
    device.addEventListener('uncapturederror', (event) => {
      event.preventDefault()
      const { error } = event
      this.#first ??= error.constructor.name === 'GPUOutOfMemoryError' ? outOfMemory() : gpuError(error.message)
    })
    this.#lost = device.lost.then(({ reason, message }) => {
      if (reason !== 'destroyed') this.#first ??= deviceLost(message)
    })
  }

  /** Throws the first fault, if there was one. */
  check(): void {
    if (this.#first) throw this.#first
  }

  /** Awaits work on the device; its rejection gives way to the fault that caused it. */
  async guard<T>(work: Promise<T>): Promise<T> {
    try {
      const result = await work
      this.check()
      return result
    } catch (error) {
      // When a device is lost, its promises reject before `lost` resolves.
      await Promise.race([this.#lost, new Promise((resolve) => setImmediate(resolve))])
      this.check()
      throw error
    }
  }

  /** Runs `make` and fails with `failure` if the device has not the memory for what it makes. */
  async inMemory<T>(make: () => T, failure: () => Failure): Promise<T> {
    this.#device.pushErrorScope('out-of-memory')
    const made = make()
    const error = await this.guard(this.#device.popErrorScope())
    if (error) throw failure()
    return made
  }
}
