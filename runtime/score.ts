// Noised sequences → the cross-entropies of their scored positions, as many sequences at a time as a run of the device takes.
import type { Executable, Tensors } from './backend.ts'
import { InFlight } from './in-flight.ts'
import { f32, runProgram } from './program.ts'
import type { Noised } from './likelihood/scored.ts'
import type { ProgramSpec } from '../compiler/plan/plan.ts'

/** How the programs see a batch. */
export interface Scorer {
  readonly executable: Executable
  /** `nll`, or `guided_nll` where `guidance` is given. */
  readonly program: ProgramSpec
  /** Sequences of one run, and tokens of each. */
  readonly batch: number
  readonly time: number
  readonly mask: number
  /** Strength, and the length of the prompt that half of the batch does not see. */
  readonly guidance?: { readonly strength: number; readonly prompt: number }
}

export interface Scored {
  readonly draw: Noised
  /** Sum of the cross-entropies of the scored positions, in nats. */
  readonly sum: number
}

/** Scores in order, one batch an item; the next batch is under way while one is handed out. */
export async function* score(scorer: Scorer, draws: Iterable<Noised>): AsyncGenerator<readonly Scored[]> {
  const size = scorer.guidance === undefined ? scorer.batch : Math.floor(scorer.batch / 2)
  const underWay = new InFlight<readonly Scored[]>()
  for (const group of grouped(draws, size)) {
    const oldest = await underWay.add(scoreBatch(scorer, group, size))
    if (oldest) yield oldest
  }
  yield* underWay.rest()
}

async function scoreBatch(scorer: Scorer, draws: readonly Noised[], size: number): Promise<readonly Scored[]> {
  const { executable, program, batch, time, mask, guidance } = scorer
  const tokens = new Int32Array(batch * time)
  const row: number[] = []
  const target: number[] = []
  for (const [b, draw] of draws.entries()) {
    tokens.set(draw.tokens, b * time)
    if (guidance !== undefined) {
      tokens.set(draw.tokens, (size + b) * time)
      tokens.fill(mask, (size + b) * time, (size + b) * time + guidance.prompt)
    }
    for (const at of draw.positions) row.push(b * time + at)
    target.push(...draw.targets)
  }
  // A run needs at least one row; nobody asks for the result of this one.
  if (row.length === 0) {
    row.push(0)
    target.push(0)
  }
  const inputs: Tensors = {
    tokens,
    row: Int32Array.from(row),
    target: Int32Array.from(target),
    clear: Int32Array.from(row, (r) => r + size * time),
    guidance: f32(guidance?.strength ?? 0),
  }
  const { nll } = await runProgram(executable, program, inputs, { row: row.length })
  if (nll === undefined) throw new Error(`the program ${program.name} gave no nll`)
  let at = 0
  return draws.map((draw) => {
    let sum = 0
    for (const end = at + draw.positions.length; at < end; at++) sum += nll[at]!
    return { draw, sum }
  })
}

function* grouped(draws: Iterable<Noised>, size: number): Iterable<readonly Noised[]> {
  let group: Noised[] = []
  for (const draw of draws) {
    group.push(draw)
    if (group.length < size) continue
    yield group
    group = []
  }
  if (group.length > 0) yield group
}
