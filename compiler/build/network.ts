// The pieces that every program shares: a model's weights as states, its logits, and the cross-entropy of chosen rows.
// A row is one position of one sequence, b * time + t. Rows are gathered from the logits here; passes/narrow.ts
// then moves the gather up, so that no logits are computed for other positions.
import type { Builder, Value } from '../graph/builder.ts'
import type { Dim, Type } from '../graph/graph.ts'
import type { Model } from '../elaborate/model.ts'
import type { WeightSpec } from '../plan/jobs.ts'
import type { Library } from './library.ts'

export const f32 = (...dims: readonly Dim[]): Type => ({ dtype: 'f32', dims })
export const i32 = (...dims: readonly Dim[]): Type => ({ dtype: 'i32', dims })

/** Sizes of a run: `batch` sequences of `time` tokens. */
export interface Shape {
  readonly batch: number
  readonly time: number
}

export const batchDim = (shape: Shape): Dim => ({ name: 'batch', size: shape.batch })
export const timeDim = (shape: Shape): Dim => ({ name: 'time', size: shape.time })
/** Rows of one run; how many there are is known when it starts. */
export const rowDim = (shape: Shape): Dim => ({ name: 'row', size: shape.batch * shape.time, live: true })

/** A weight, or a tensor shaped like it: prefix `weight`, `m`, `v` or `grad`. */
export function weightState(b: Builder, prefix: string, spec: WeightSpec): Value {
  return b.input(`${prefix}/${spec.name}`, 'state', f32(...spec.dims))
}

/** tokens i32 [.., time] → logits f32 [.., time, vocab], dims in that order. */
export function logits(b: Builder, model: Model, tokens: Value): Value {
  const y = model.apply(b, tokens, (spec) => weightState(b, 'weight', spec))
  return b.broadcast(y, [...tokens.type.dims, { name: 'vocab', size: model.vocab }])
}

/** The rows of x [.., batch, time, ..]: [.., row, ..]. Rows do not repeat. */
export function rowsOf(b: Builder, x: Value, row: Value): Value {
  return b.gather(b.merge(x, ['batch', 'time'], 'token'), 'token', row, true)
}

/** Cross-entropy in nats of target i32 [..] under logits [.., vocab]. */
export function crossEntropy(b: Builder, library: Library, logit: Value, target: Value): Value {
  const total = library.apply(b, 'logsumexp', [logit], { d: 'vocab' })
  return b.binary('sub', total, b.gather(logit, 'vocab', target))
}

/**
 * Classifier-free guidance on logits (Eq. 7 of the paper): away from the model without the prompt,
 * clear + (1 + strength) * (seen - clear). `strength` zero is the plain model.
 */
export function guided(b: Builder, seen: Value, clear: Value, strength: Value): Value {
  const away = b.binary('mul', b.binary('add', strength, 1), b.binary('sub', seen, clear))
  return b.binary('add', clear, away)
}
