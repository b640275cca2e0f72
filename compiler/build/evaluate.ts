// A model → the programs that score text: nll of rows, the same under guidance, and plain logits; names and inputs in plan/jobs.ts.
import { Builder } from '../graph/builder.ts'
import type { Model } from '../elaborate/model.ts'
import type { Library } from './library.ts'
import { batchDim, crossEntropy, f32, guided, i32, logits, rowDim, rowsOf, timeDim, type Shape } from './network.ts'
import type { Program } from './train.ts'

/** tokens, row, target → nll f32 [row]. */
export function nllProgram(model: Model, shape: Shape, library: Library): Program {
  const b = new Builder()
  const row = rowDim(shape)
  const all = logits(b, model, b.input('tokens', 'data', i32(batchDim(shape), timeDim(shape))))
  const at = rowsOf(b, all, b.input('row', 'data', i32(row)))
  b.result('nll', crossEntropy(b, library, at, b.input('target', 'data', i32(row))))
  return { name: 'nll', graph: b.finish() }
}

/** tokens, row, clear, target, guidance → nll f32 [row]; `clear` are the rows of the same positions where the prompt is masked. */
export function guidedNllProgram(model: Model, shape: Shape, library: Library): Program {
  const b = new Builder()
  const row = rowDim(shape)
  const all = logits(b, model, b.input('tokens', 'data', i32(batchDim(shape), timeDim(shape))))
  const seen = rowsOf(b, all, b.input('row', 'data', i32(row)))
  const clear = rowsOf(b, all, b.input('clear', 'data', i32(row)))
  const mixed = guided(b, seen, clear, b.input('guidance', 'data', f32()))
  b.result('nll', crossEntropy(b, library, mixed, b.input('target', 'data', i32(row))))
  return { name: 'guided_nll', graph: b.finish() }
}

/** tokens → logits f32 [batch, time, vocab]. */
export function logitsProgram(model: Model, shape: Shape): Program {
  const b = new Builder()
  b.result('logits', logits(b, model, b.input('tokens', 'data', i32(batchDim(shape), timeDim(shape)))))
  return { name: 'logits', graph: b.finish() }
}
