// Tokens → training sequences by number. Epoch e cuts the tokens into blocks from an offset of its own and takes them in an
// order of its own, both drawn from (seed, e): sequence g is known without any of those before it, so a resumed run needs no
// position but its step.
import { Failure } from '../events.ts'
import { drawing, permutation } from '../random.ts'
import type { Tokens } from '../tokenizer/tokenizer.ts'

export interface Sequences {
  /** Sequences in one epoch. */
  readonly perEpoch: number
  /** Copies sequence number g (from 0, across epochs) into `out`. */
  copy(g: number, out: Int32Array): void
}

/** Training sequences of `length` tokens. Fails with a Failure when there is not even one. */
export function sequencesOf(tokens: Tokens, length: number, seed: number): Sequences {
  requireLength(tokens, length, 'the data')
  // Every offset leaves room for the same number of blocks, so g / perEpoch is the epoch.
  const offsets = Math.min(length, tokens.length - length + 1)
  const perEpoch = Math.floor((tokens.length - offsets + 1) / length)
  const [ofOffset, ofOrder] = [drawing(seed, 'offset'), drawing(seed, 'order')]
  const epochs = new Map<number, { readonly offset: number; readonly order: Int32Array }>()

  const epochOf = (e: number): { readonly offset: number; readonly order: Int32Array } => {
    const known = epochs.get(e)
    if (known !== undefined) return known
    const epoch = { offset: Math.floor(ofOffset(e, 0, 0) * offsets), order: permutation(perEpoch, ofOrder, e) }
    // Batches go forward and may span two epochs.
    epochs.delete(e - 2)
    epochs.set(e, epoch)
    return epoch
  }

  return {
    perEpoch,
    copy: (g, out) => {
      const { offset, order } = epochOf(Math.floor(g / perEpoch))
      const start = offset + order[g % perEpoch]! * length
      out.set(tokens.subarray(start, start + length))
    },
  }
}

/** How many windows of this length stand side by side. Fails with a Failure when there is none; `what` names the tokens in it. */
export function windowsIn(tokens: Tokens, length: number, what = 'the data'): number {
  requireLength(tokens, length, what)
  return Math.floor(tokens.length / length)
}

function requireLength(tokens: Tokens, length: number, what: string): void {
  if (tokens.length >= length) return
  throw new Failure({
    code: 'data-too-short',
    message: `${what} has ${tokens.length} tokens, and one sequence takes ${length}`,
    advice: ['use more of it, or a shorter context'],
  })
}
