// Keeps the device busy while the host prepares what comes next: a few runs are under way, and whoever adds one more waits for
// the oldest.

export class InFlight {
  readonly #runs: Promise<unknown>[] = []
  readonly #limit: number

  constructor(limit = 2) {
    this.#limit = limit
  }

  /** Adds a run that has been queued; returns when no more than the limit are under way. */
  async add(run: Promise<unknown>): Promise<void> {
    this.#runs.push(run)
    while (this.#runs.length > this.#limit) await this.#runs.shift()
  }
}
