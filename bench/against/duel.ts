// Programs that do the same, measured in turns: both are loaded at once, and then each has the machine for itself for a while, so that
// a change of the machine's mood meets all of them.
import { setTimeout } from 'node:timers/promises'
import { Failure } from '../../runtime/events.ts'
import type { Case, Facts, Round } from './case.ts'
import { Peer, type Side } from './peer.ts'

export interface Pace {
  readonly rounds: number
  /** Of measuring in one round of one program. */
  readonly seconds: number
  /** Of rest before it. */
  readonly settle: number
}

/** What one program did, or why it could not. */
export type Result =
  { readonly name: string; readonly facts: Facts; readonly rounds: readonly Round[] } | { readonly name: string; readonly failed: string }

/** Units before anything is measured: shapes are met, kernels compiled, caches filled. */
const warmUp = { train: 10, sample: 1 } as const
/** Units of which a round has at least so many, and before them so many to come back to speed. */
const least = { train: 3, sample: 1 } as const
const comeBack = { train: 2, sample: 0 } as const

/** One result for each side, in order. A side that fails does not end the others. */
export async function duel(c: Case, sides: readonly Side[], pace: Pace, note: (text: string) => void): Promise<readonly Result[]> {
  const players = await Promise.all(sides.map((side) => attempt(() => Player.start(c, side))))
  try {
    for (const player of players) if (player instanceof Player) await player.warm(pace.seconds)
    for (let round = 0; round < pace.rounds; round++) {
      for (const player of round % 2 === 0 ? players : players.toReversed()) {
        if (!(player instanceof Player)) continue
        await setTimeout(1000 * pace.settle)
        await player.play()
        note(player.told)
      }
    }
    return players.map((player, i) => (player instanceof Player ? player.result : { name: sides[i]!.name, failed: player.failed }))
  } finally {
    for (const player of players) if (player instanceof Player) await player[Symbol.asyncDispose]()
  }
}

async function attempt<T>(work: () => Promise<T>): Promise<T | { readonly failed: string }> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Failure) return { failed: error.message }
    throw error
  }
}

/** A side with what it has done so far. After its first failure it does nothing. */
class Player implements AsyncDisposable {
  readonly #kind: Case['kind']
  readonly #name: string
  readonly #peer: Peer
  readonly #rounds: Round[] = []
  #units = 0
  #failed: string | undefined

  private constructor(kind: Case['kind'], name: string, peer: Peer) {
    this.#kind = kind
    this.#name = name
    this.#peer = peer
  }

  static async start(c: Case, side: Side): Promise<Player> {
    return new Player(c.kind, side.name, await Peer.start(side))
  }

  /** Warms up and finds out how many units fill so many seconds. */
  async warm(seconds: number): Promise<void> {
    await this.#guarded(async () => {
      await this.#peer.round(warmUp[this.#kind])
      const units = Math.max(1, comeBack[this.#kind])
      const { total } = await this.#peer.round(units)
      this.#units = Math.max(least[this.#kind], Math.round((1000 * seconds * units) / total))
    })
  }

  async play(): Promise<void> {
    await this.#guarded(async () => {
      const before = comeBack[this.#kind]
      if (before > 0) await this.#peer.round(before)
      this.#rounds.push(await this.#peer.round(this.#units))
    })
  }

  /** The last round in words. */
  get told(): string {
    const last = this.#rounds.at(-1)
    if (this.#failed !== undefined || last === undefined) return `${this.#name} failed: ${this.#failed}`
    if (this.#peer.facts.kind === 'software') return `${this.#name}: ${last.units} done`
    return `${this.#name}: ${(last.total / last.units).toFixed(1)} ms, mean of ${last.units}`
  }

  get result(): Result {
    const name = this.#name
    return this.#failed === undefined ? { name, facts: this.#peer.facts, rounds: this.#rounds } : { name, failed: this.#failed }
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    if (this.#failed !== undefined) return
    const outcome = await attempt(work)
    if (outcome !== undefined) this.#failed = outcome.failed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#peer[Symbol.asyncDispose]()
  }
}
