// A train stage → its programs: accumulate and apply, or both in one as step; names and inputs in plan/jobs.ts.
// The objective is Eq. 3 of the paper as the host has drawn it: sum over masked rows of weight * cross-entropy.
// Clipping and AdamW are graph like everything else; AdamW's formulas are read in pipelines/std/optimizer.smdm.
import type { Builder, Value } from '../graph/builder.ts'
import { Builder as GraphBuilder } from '../graph/builder.ts'
import type { Graph } from '../graph/graph.ts'
import { differentiate } from '../passes/differentiate.ts'
import type { OptimizerSpec } from '../check/pipeline.ts'
import type { Model } from '../elaborate/model.ts'
import type { Library } from './library.ts'
import { batchDim, crossEntropy, f32, i32, logits, rowDim, rowsOf, timeDim, weightState, type Shape } from './network.ts'

export interface TrainSpec {
  readonly model: Model
  readonly optimizer: OptimizerSpec
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
 * (composites opened or kept, rows narrowed). With `whole`, one program `step`; else `accumulate` and `apply`.
 */
export function trainPrograms(
  spec: TrainSpec,
  shape: Shape,
  library: Library,
  whole: boolean,
  forward: (graph: Graph) => Graph,
): readonly Program[] {
  const loss = forward(lossGraph(spec.model, shape, library))
  if (whole) {
    const b = new GraphBuilder()
    applyGradients(b, spec, library, gradients(b, spec.model, loss))
    return [{ name: 'step', graph: b.finish() }]
  }
  const accumulate = new GraphBuilder()
  const grads = gradients(accumulate, spec.model, loss)
  for (const [i, w] of spec.model.weights.entries()) {
    accumulate.update(`grad/${w.name}`, accumulate.binary('add', weightState(accumulate, 'grad', w), grads[i]!))
  }
  const apply = new GraphBuilder()
  const sums = spec.model.weights.map((w) => weightState(apply, 'grad', w))
  applyGradients(apply, spec, library, sums)
  for (const w of spec.model.weights) apply.update(`grad/${w.name}`, apply.broadcast(apply.constant(0), w.dims))
  return [
    { name: 'accumulate', graph: accumulate.finish() },
    { name: 'apply', graph: apply.finish() },
  ]
}

/** Appends the loss graph and its gradient of every weight, dims as the weight's. */
function gradients(b: Builder, model: Model, lossProgram: Graph): readonly Value[] {
  const [loss] = b.inline(lossProgram, {})
  if (loss === undefined) throw new Error('the loss graph has no result')
  b.result('loss', loss)
  const weights = model.weights.map((w) => weightState(b, 'weight', w))
  return differentiate(b, loss, weights).map((g, i) => b.broadcast(g, model.weights[i]!.dims))
}

/** Clips by the global norm as torch.nn.utils.clip_grad_norm_ does, then AdamW (Loshchilov & Hutter 2019). */
function applyGradients(b: Builder, spec: TrainSpec, library: Library, grads: readonly Value[]): void {
  const { betas, weightDecay, clip, eps } = spec.optimizer
  const norm = b.unary('sqrt', total(b, grads))
  b.result('norm', norm)
  const factor = clip > 0 ? b.binary('min', b.binary('div', clip, b.binary('add', norm, 1e-6)), 1) : b.constant(1)
  const scalar = (name: string): Value => b.input(name, 'data', f32())
  const [rate, correction1, correction2] = [scalar('rate'), scalar('correction1'), scalar('correction2')]
  for (const [i, w] of spec.model.weights.entries()) {
    const [weight, m, v] = [weightState(b, 'weight', w), weightState(b, 'm', w), weightState(b, 'v', w)]
    const g = b.binary('mul', grads[i]!, factor)
    const number = (x: number): Value => b.constant(x)
    const m1 = library.apply(b, 'first_moment', [m, g, number(betas[0])])
    const v1 = library.apply(b, 'second_moment', [v, g, number(betas[1])])
    b.update(`m/${w.name}`, m1)
    b.update(`v/${w.name}`, v1)
    b.update(
      `weight/${w.name}`,
      library.apply(b, 'adamw', [weight, m1, v1, rate, correction1, correction2, number(eps), number(weightDecay)]),
    )
  }
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
