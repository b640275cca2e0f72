// A train stage → its programs: accumulate and apply, or both in one as step; names and inputs in plan/jobs.ts.
// The objective is Eq. 3 of the paper as the host has drawn it: sum over masked rows of weight * cross-entropy.
// Clipping and AdamW are graph like everything else; AdamW's formulas are read in pipelines/std/optimizer.smdm. In f16 the loss is
// scaled before it is differentiated, and a step whose gradients overflow changes nothing (build/scaler.ts).
import type { Builder, Value } from '../graph/builder.ts'
import { Builder as GraphBuilder } from '../graph/builder.ts'
import type { Graph } from '../graph/graph.ts'
import { differentiate } from '../passes/differentiate.ts'
import type { OptimizerSpec } from '../check/pipeline.ts'
import type { Model } from '../elaborate/model.ts'
import type { Library } from './library.ts'
import { batchDim, crossEntropy, f32, i32, logits, rowDim, rowsOf, timeDim, weightState, type Shape } from './network.ts'
import { firstScale, LossScaler } from './scaler.ts'

export interface TrainSpec {
  readonly model: Model
  readonly optimizer: OptimizerSpec
  /** Sequences of an optimizer step; a run of the device takes those of its shape. */
  readonly batch: number
  /** Whether gradients pass through f16, and so need their loss scaled. */
  readonly scaled: boolean
}

/** One named graph. */
export interface Program {
  readonly name: string
  readonly graph: Graph
}

/** Inputs tokens, row, target, weight → result `loss`, the sum over rows. */
export function lossGraph(model: Model, shape: Shape, library: Library): Graph {
  const b = new GraphBuilder()
  const row = rowDim(shape)
  const tokens = b.input('tokens', 'data', i32(batchDim(shape), timeDim(shape)))
  const nll = crossEntropy(
    b,
    library,
    rowsOf(b, logits(b, model, tokens), b.input('row', 'data', i32(row))),
    b.input('target', 'data', i32(row)),
  )
  b.result('loss', b.reduce('reduce_sum', b.binary('mul', nll, b.input('weight', 'data', f32(row))), ['row']))
  return b.finish()
}

/**
 * The programs of a train stage. `forward` turns the loss graph into what the target wants before it is differentiated
 * (composites opened or kept, rows narrowed). One program `step` for a batch of one run; else `accumulate` and `apply`.
 */
export function trainPrograms(spec: TrainSpec, shape: Shape, library: Library, forward: (graph: Graph) => Graph): readonly Program[] {
  const loss = forward(lossGraph(spec.model, shape, library))
  const scalerOf = (b: Builder): LossScaler | undefined =>
    spec.scaled ? new LossScaler(b, firstScale(spec.batch, spec.model.context)) : undefined
  if (shape.batch === spec.batch) {
    const b = new GraphBuilder()
    const scaler = scalerOf(b)
    applyGradients(b, spec, library, gradients(b, spec.model, loss, scaler), scaler)
    return [{ name: 'step', graph: b.finish() }]
  }
  const accumulate = new GraphBuilder()
  const grads = gradients(accumulate, spec.model, loss, scalerOf(accumulate))
  for (const [i, w] of spec.model.weights.entries()) {
    accumulate.update(`grad/${w.name}`, accumulate.binary('add', weightState(accumulate, 'grad', w), grads[i]!))
  }
  const apply = new GraphBuilder()
  const sums = spec.model.weights.map((w) => weightState(apply, 'grad', w))
  applyGradients(apply, spec, library, sums, scalerOf(apply))
  for (const w of spec.model.weights) apply.update(`grad/${w.name}`, apply.broadcast(apply.constant(0), w.dims))
  return [
    { name: 'accumulate', graph: accumulate.finish() },
    { name: 'apply', graph: apply.finish() },
  ]
}

/** Appends the loss graph and its gradient of every weight, dims as the weight's; scaled, if there is a scaler. */
function gradients(b: Builder, model: Model, lossProgram: Graph, scaler: LossScaler | undefined): readonly Value[] {
  const [loss] = b.inline(lossProgram, {})
  if (loss === undefined) throw new Error('the loss graph has no result')
  b.result('loss', loss)
  const weights = model.weights.map((w) => weightState(b, 'weight', w))
  const scaled = scaler ? b.binary('mul', loss, scaler.scale) : loss
  return differentiate(b, scaled, weights).map((g, i) => b.broadcast(g, model.weights[i]!.dims))
}

/** Clips by the global norm as torch.nn.utils.clip_grad_norm_ does, then AdamW (Loshchilov & Hutter 2019). */
function applyGradients(b: Builder, spec: TrainSpec, library: Library, grads: readonly Value[], scaler: LossScaler | undefined): void {
  const { betas, weightDecay, clip, eps } = spec.optimizer
  const length = b.unary('sqrt', total(b, grads))
  const norm = scaler ? b.binary('div', length, scaler.scale) : length
  b.result('norm', norm)
  const clipped = clip > 0 ? b.binary('min', b.binary('div', clip, b.binary('add', norm, 1e-6)), 1) : b.constant(1)
  const factor = scaler ? b.binary('div', clipped, scaler.scale) : clipped
  const good = scaler && b.unary('finite', norm)
  const update = (name: string, old: Value, next: Value): void => b.update(name, good ? b.select(good, next, old) : next)
  const rate = b.input('rate', 'data', f32())
  const [correction1, correction2] = corrections(b, betas, scaler)
  for (const [i, w] of spec.model.weights.entries()) {
    const [weight, m, v] = [weightState(b, 'weight', w), weightState(b, 'm', w), weightState(b, 'v', w)]
    const g = b.binary('mul', grads[i]!, factor)
    const number = (x: number): Value => b.constant(x)
    const m1 = library.apply(b, 'first_moment', [m, g, number(betas[0])])
    const v1 = library.apply(b, 'second_moment', [v, g, number(betas[1])])
    const next = library.apply(b, 'adamw', [weight, m1, v1, rate, correction1, correction2, number(eps), number(weightDecay)])
    update(`m/${w.name}`, m, m1)
    update(`v/${w.name}`, v, v1)
    update(`weight/${w.name}`, weight, next)
  }
  if (scaler && good) scaler.advance(good)
}

/** 1 - beta^s for both moments: from the host, or of the steps that were not skipped, which only the device knows. */
function corrections(b: Builder, betas: OptimizerSpec['betas'], scaler: LossScaler | undefined): readonly [Value, Value] {
  if (!scaler) return [b.input('correction1', 'data', f32()), b.input('correction2', 'data', f32())]
  const applied = scaler.applied(b.input('step', 'data', f32()))
  const correction = (beta: number): Value => b.binary('sub', 1, b.unary('exp', b.binary('mul', applied, Math.log(beta))))
  return [correction(betas[0]), correction(betas[1])]
}

/** Sum of squares over all tensors. */
function total(b: Builder, tensors: readonly Value[]): Value {
  const squares = tensors.map((g) =>
    b.reduce(
      'reduce_sum',
      b.binary('mul', g, g),
      g.type.dims.map((d) => d.name),
    ),
  )
  return squares.reduce((sum, s) => b.binary('add', sum, s))
}
