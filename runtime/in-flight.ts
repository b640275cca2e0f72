// Keeps the device busy while the host prepares what comes next: a few runs are under way, and whoever adds one more waits for
// the oldest.

export class InFlight<T> {
  readonly #runs: Promise<T>[] = []
  readonly #limit: number

  constructor(limit = 2) {
    this.#limit = limit
  }

  /** Adds a run that has been queued. When more than the limit are under way, waits for the oldest and returns what it gave. */
  async add(run: Promise<T>): Promise<T | undefined> {
    run.catch(() => undefined)
    this.#runs.push(run)
    return this.#runs.length > this.#limit ? this.#runs.shift() : undefined
  }

  /** What is still under way, in order. */
  async *rest(): AsyncGenerator<T> {
    for (let run = this.#runs.shift(); run !== undefined; run = this.#runs.shift()) yield await run
  }
}
