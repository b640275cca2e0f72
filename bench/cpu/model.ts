// The training step that bench/cpu measures: the library's transformer with clipping and AdamW, and data for it.
import { Library } from '../../compiler/build/library.ts'
import { trainingPrograms } from '../../compiler/build/programs.ts'
import type { OptimizerSpec } from '../../compiler/check/pipeline.ts'
import { elaborateModel, type Model } from '../../compiler/elaborate/model.ts'
import type { DeviceFacts } from '../../compiler/facts.ts'
import { elements } from '../../compiler/graph/graph.ts'
import { planOnnx } from '../../compiler/plan/onnx.ts'
import type { OnnxPlan } from '../../compiler/plan/plan.ts'
import { loweringFor } from '../../compiler/target.ts'
import { preludeScope } from '../../cli/library.ts'
import { Report } from '../../grammar/diagnostic.ts'
import type { Executable, Tensors } from '../../runtime/backend.ts'

export interface Sizes {
  readonly layers: number
  readonly width: number
  readonly heads: number
  readonly hidden: number
  readonly batch: number
  readonly time: number
  readonly vocab: number
  /** Masked positions of a batch, where the loss is. */
  readonly rows: number
}

/** The 6M preset on bytes. */
export const sizes6M: Sizes = { layers: 6, width: 256, heads: 4, hidden: 1024, batch: 8, time: 256, vocab: 256, rows: 1024 }

const optimizer: OptimizerSpec = {
  kind: 'adamw',
  rate: 2e-4,
  warmup: 0,
  decay: 'constant',
  floor: 0,
  betas: [0.9, 0.95],
  weightDecay: 0.1,
  clip: 1,
  eps: 1e-8,
}

/** The plan with the program `step`, and how many weights it trains. */
export function stepPlan(sizes: Sizes, facts: DeviceFacts): { readonly plan: OnnxPlan; readonly parameters: number } {
  const scope = preludeScope()
  const model = modelOf(sizes, scope)
  const purpose = { library: new Library(scope), lowering: loweringFor(facts), micro: sizes.batch }
  const programs = trainingPrograms({ model, optimizer, batch: sizes.batch, context: sizes.time }, purpose)
  return { plan: planOnnx(programs.filter((p) => p.name === 'step'), facts), parameters: model.parameters } // prettier-ignore
}

function modelOf({ layers, width, heads, hidden, time, vocab }: Sizes, scope: ReturnType<typeof preludeScope>): Model {
  const block = scope.code(['transformer'])
  if (block?.kind !== 'block') throw new Error('the prelude has no transformer')
  const span = block.decl.span
  const settings = Object.entries({ layers, width, heads, hidden, context: time }).map(([name, value]) => [name, { value, span }] as const)
  const model = elaborateModel({ block, settings: new Map(settings), span }, { vocab, report: new Report() })
  if (model === undefined) throw new Error('the transformer cannot be elaborated at these sizes')
  return model
}

/** Small random weights, gains of one. */
export async function initialise(executable: Executable, plan: OnnxPlan): Promise<void> {
  const random = generator()
  for (const { name, type } of plan.states) {
    if (!name.startsWith('weight/')) continue
    const draw = name.endsWith('gain') ? () => 1 : () => 0.07 * (random() - 0.5)
    await executable.write(name, Float32Array.from({ length: elements(type) }, draw))
  }
}

/** Inputs of step number `step`, counted from 1. */
export function batchOf({ batch, time, vocab, rows }: Sizes, step: number): Tensors {
  const random = generator()
  const below = (n: number) => () => Math.floor(random() * n)
  return {
    tokens: Int32Array.from({ length: batch * time }, below(vocab + 1)),
    row: Int32Array.from({ length: rows }, (_, i) => Math.floor((i * batch * time) / rows)),
    target: Int32Array.from({ length: rows }, below(vocab)),
    weight: new Float32Array(rows).fill(1 / rows),
    rate: Float32Array.of(2e-4),
    correction1: Float32Array.of(1 - 0.9 ** step),
    correction2: Float32Array.of(1 - 0.95 ** step),
  }
}

/** Numbers in [0, 1), the same at every start. */
function generator(): () => number {
  let state = 1
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
