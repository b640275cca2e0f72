// Which positions the reverse process reveals at each step. That does not depend on the model (Eq. 6 of the paper), so the host
// draws it all beforehand; steps in which nothing is revealed never run.
import type { Draw } from '../random.ts'
import { shares } from './schedule.ts'

export interface AncestralStep {
  /** From 0, empty steps counted. */
  readonly step: number
  /** Positions [b * time + t], ascending. */
  readonly rows: Int32Array
}

/**
 * The steps for a batch of samples, each `time` tokens of which the first `prompt` are given.
 * @param samples ids of the samples, which key their draws; row b of the batch is samples[b]
 */
export function ancestralSteps(samples: readonly number[], time: number, prompt: number, n: number, draw: Draw): readonly AncestralStep[] {
  const revealed = Array.from({ length: n }, (): number[] => [])
  const share = shares(n)
  for (const [b, sample] of samples.entries()) {
    for (let at = prompt; at < time; at++) {
      let step = 0
      while (draw(step, sample, at) >= share[step]!) step++
      revealed[step]!.push(b * time + at)
    }
  }
  return revealed.flatMap((rows, step) => (rows.length === 0 ? [] : [{ step, rows: Int32Array.from(rows) }]))
}
