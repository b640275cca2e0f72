// Programs of a small transformer, as the compiler builds them for a device, and inputs that mean something to them.
import { samplePrograms, trainingPrograms, type Precision, type Program, type Purpose } from '../../compiler/build/programs.ts'
import { Library } from '../../compiler/build/library.ts'
import type { OptimizerSpec, SamplerSpec } from '../../compiler/check/pipeline.ts'
import { elaborateModel } from '../../compiler/elaborate/model.ts'
import type { DeviceFacts } from '../../compiler/facts.ts'
import type { Type } from '../../compiler/graph/graph.ts'
import type { Tensor } from '../../compiler/graph/ops/op.ts'
import { loweringFor } from '../../compiler/target.ts'
import { Report } from '../../grammar/diagnostic.ts'
import { modelSpec, page } from '../elaborate-fixture.ts'
import { randomTensor, type Range } from '../onnx-judge.ts'

const batch = 2
const context = 6
const vocab = 11
export const extents = { row: 5, slot: 4 }

const scope = page('')
// A large epsilon: with a small one AdamW's first step is the sign of the gradient, and rounding errors turn signs.
const optimizer: OptimizerSpec = { kind: 'adamw', rate: 1, warmup: 0, decay: 'constant', floor: 0, betas: [0.9, 0.95], weightDecay: 0.1, clip: 0.5, eps: 1e-2 } // prettier-ignore

export interface Sizes {
  readonly layers: number
  readonly width: number
  readonly heads: number
  readonly hidden: number
  /** Words; of more than there are tokens for in the inputs the others are never met. */
  readonly words?: number
}

const modelOf = ({ words = vocab, ...sizes }: Sizes) =>
  elaborateModel(modelSpec(scope, { context, ...sizes }), { vocab: words, report: new Report() })!
const purpose = (facts: DeviceFacts, precision: Precision): Purpose => ({
  library: new Library(scope),
  lowering: loweringFor(facts),
  micro: batch,
  precision,
})

/** One program `step`, and others, where the batch is a micro-batch; else `accumulate`, `apply` and others. `time`: tokens of a sequence. */
export function training(
  facts: DeviceFacts,
  sizes: Sizes,
  whole: boolean,
  precision: Precision = 'f32',
  time = context,
): readonly Program[] {
  return trainingPrograms({ model: modelOf(sizes), optimizer, batch: whole ? batch : 2 * batch, context: time }, purpose(facts, precision))
}

export function sampling(facts: DeviceFacts, sizes: Sizes, more: Partial<SamplerSpec>, precision: Precision = 'f32'): readonly Program[] {
  const sampler: SamplerSpec = { kind: 'confidence', steps: 4, temperature: 0.5, guidance: 0, pooled: false, ...more }
  return samplePrograms({ model: modelOf(sizes), sampler, length: context }, purpose(facts, precision))
}

/** Data of the right kind for each input: distinct rows, tokens in range, small weights, positive second moments. */
export function inputsOf({ graph }: Program): Record<string, Tensor> {
  const given = graph.nodes.flatMap((n) => (n.op === 'input' ? [n] : []))
  return Object.fromEntries(given.map(({ attrs, type }, i) => [attrs.name, inputFor(attrs.name, i + 1, type)]))
}

function inputFor(name: string, seed: number, type: Type): Tensor {
  const given = randomTensor(type, seed, extents, rangeOf(name))
  if (name === 'row') given.data.forEach((_, i) => (given.data[i] = 2 * i))
  // Two masks in the first sample, four in the second.
  if (name === 'tokens' && type.dims.length === 2) [1, 4, 6, 7, 9, 10].forEach((i) => (given.data[i] = vocab))
  if (name === 'count') given.data.fill(2)
  if (name.endsWith('gain')) given.data.forEach((x, i) => (given.data[i] = 1 + x))
  return given
}

function rangeOf(name: string): Range {
  if (name === 'tokens' || name === 'target') return [0, vocab - 1]
  if (name === 'prompt') return [0, 2]
  if (name === 'rate' || name.startsWith('correction')) return [0.1, 0.1]
  if (name.startsWith('v/')) return [0, 1]
  return name === 'seed' || name === 'sample' || name === 'step' ? [0, 99] : [-0.5, 0.5]
}
