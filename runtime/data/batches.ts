// Training sequences → what one run of `accumulate` or `step` takes. A masked batch is the forward process of the paper: a time t
// for each sequence, each token masked with probability p(t), and the weight of its cross-entropy (smdm.md 1.6). Times of a step
// are spread evenly from a random start (low discrepancy); all draws are keyed by step and sequence, never by micro-batch.
import type { TrainJob } from '../../compiler/plan/jobs.ts'
import { drawing } from '../random.ts'
import type { Tensors } from '../backend.ts'
import type { Tokens } from '../tokenizer/tokenizer.ts'
import { sequencesOf } from './sequences.ts'

export interface MicroBatch {
  readonly inputs: Tensors & {
    readonly tokens: Int32Array // [micro, context]
    readonly row: Int32Array // [row], b * context + t, ascending
    readonly target: Int32Array // [row]
    readonly weight: Float32Array // [row]
  }
  readonly rows: number
}

/** Micro-batch `m` (from 0) of optimizer step `step` (from 1). */
export type Batches = (step: number, m: number) => MicroBatch

export function batchesOf(job: TrainJob, tokens: Tokens): Batches {
  return job.objective === 'masked' ? maskedBatches(job, tokens) : nextTokenBatches(job, tokens)
}

function maskedBatches(job: TrainJob, tokens: Tokens): Batches {
  const { batch, micro, context, mask, noise, seed } = job
  const sequences = sequencesOf(tokens, context, seed)
  const [ofTime, ofMask] = [drawing(seed, 'time'), drawing(seed, 'mask')]
  const clean = new Int32Array(context)
  return (step, m) => {
    const noisy = new Int32Array(micro * context)
    const rows = new RowList(micro * context)
    const start = ofTime(step, 0, 0)
    for (let b = 0; b < micro; b++) {
      const i = m * micro + b
      const t = (start + i / batch) % 1
      const p = noise.p(t)
      const weight = noise.weight(t) / (batch * context)
      sequences.copy((step - 1) * batch + i, clean)
      noisy.set(clean, b * context)
      for (let at = 0; at < context; at++) {
        if (ofMask(step, i, at) >= p) continue
        noisy[b * context + at] = mask
        rows.push(b * context + at, clean[at]!, weight)
      }
      // A run needs at least one row; this one counts for nothing.
      if (b === micro - 1 && rows.length === 0) rows.push(0, clean[0]!, 0)
    }
    return rows.microBatch(noisy)
  }
}

/** Every position predicts the token after it. */
function nextTokenBatches(job: TrainJob, tokens: Tokens): Batches {
  const { batch, micro, context, seed } = job
  const sequences = sequencesOf(tokens, context + 1, seed)
  const sequence = new Int32Array(context + 1)
  return (step, m) => {
    const seen = new Int32Array(micro * context)
    const rows = new RowList(micro * context)
    for (let b = 0; b < micro; b++) {
      sequences.copy((step - 1) * batch + m * micro + b, sequence)
      seen.set(sequence.subarray(0, context), b * context)
      for (let at = 0; at < context; at++) rows.push(b * context + at, sequence[at + 1]!, 1 / (batch * context))
    }
    return rows.microBatch(seen)
  }
}

/** Rows with their targets and weights, in arrays of the greatest length. */
class RowList {
  readonly #row: Int32Array
  readonly #target: Int32Array
  readonly #weight: Float32Array
  length = 0

  constructor(capacity: number) {
    this.#row = new Int32Array(capacity)
    this.#target = new Int32Array(capacity)
    this.#weight = new Float32Array(capacity)
  }

  push(row: number, target: number, weight: number): void {
    this.#row[this.length] = row
    this.#target[this.length] = target
    this.#weight[this.length] = weight
    this.length++
  }

  microBatch(tokens: Int32Array): MicroBatch {
    const n = this.length
    return { inputs: { tokens, row: this.#row.slice(0, n), target: this.#target.slice(0, n), weight: this.#weight.slice(0, n) }, rows: n }
  }
}
