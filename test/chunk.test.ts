// Heads whose logits are too large: kernels over them run for one stretch of rows after the other. The numbers are those of the reference
// interpreter and of the same program in one piece, whatever rows there are; no tensor of logits is larger than it may be; and what
// cannot be cut stays whole.
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { preludeScope } from '../cli/library.ts'
import { Library } from '../compiler/build/library.ts'
import { trainingPrograms, type Precision, type Purpose } from '../compiler/build/programs.ts'
import { choose } from '../compiler/compile.ts'
import { elaborateModel, type Model } from '../compiler/elaborate/model.ts'
import type { DeviceFacts } from '../compiler/facts.ts'
import { Builder, type Value } from '../compiler/graph/builder.ts'
import { has, type Dim, type Graph } from '../compiler/graph/graph.ts'
import type { Tensor } from '../compiler/graph/ops/op.ts'
import { fuse } from '../compiler/kernels/fuse.ts'
import { stretchDim } from '../compiler/kernels/kernel.ts'
import { bytesOf } from '../compiler/kernels/rows.ts'
import { differentiate } from '../compiler/passes/differentiate.ts'
import { half } from '../compiler/passes/half.ts'
import { simplify } from '../compiler/passes/simplify.ts'
import type { WebgpuPlan } from '../compiler/plan/plan.ts'
import { fits } from '../compiler/plan/micro.ts'
import { planWebgpu } from '../compiler/plan/webgpu.ts'
import { loweringFor } from '../compiler/target.ts'
import { Report } from '../grammar/diagnostic.ts'
import type { WebgpuBackend } from '../runtime/webgpu/backend.ts'
import { folder, modelSpec, scopeOf } from './elaborate-fixture.ts'
import { page, trainOf } from './helpers/check.ts'
import { frontEnd } from './helpers/front-end.ts'
import { described, matrixBackend, testBackend } from './helpers/webgpu.ts'
import { binding } from './helpers/windows.ts'
import { judge, outputsOf, randomTensor } from './onnx-judge.ts'

const h200 = described('nvidia-h200')
const minimum = described('minimum')

const width: Dim = { name: 'width', size: 16 }
const vocab: Dim = { name: 'vocab', size: 128 }
/** Bytes of 256 rows of logits in f32: what some devices here can bind. */
const stretch = 256 * vocab.size * 4
const rows = 700
const rowDim = (size: number): Dim => ({ name: 'row', size, live: true })

type Head = (b: Builder, hidden: Value, weights: Value) => Value

const product: Head = (b, hidden, weights) => b.sumProduct(hidden, weights, ['width'])
const heads: Readonly<Record<string, Head>> = {
  'a product': product,
  'a product of squashed weights, whose gradient is more than a sum': (b, h, u) => product(b, h, b.unary('tanh', u)),
  'a capped product with a bias made of its weights': (b, h, u) =>
    b.binary('mul', b.unary('tanh', b.binary('add', product(b, h, u), b.reduce('reduce_max', u, ['width']))), 3),
  'the transpose of a product': (b, h, u) => product(b, u, h),
  'a product of weights that embed tokens, too': (b, h, u) =>
    product(b, b.binary('mul', h, b.gather(u, 'vocab', b.input('target', 'data', { dtype: 'i32', dims: [rowDim(rows)] }))), u),
}

const crossEntropy = (b: Builder, logits: Value, target: Value): Value => {
  const top = b.reduce('reduce_max', logits, ['vocab'])
  const total = b.binary('add', top, b.unary('log', b.reduce('reduce_sum', b.unary('exp', b.binary('sub', logits, top)), ['vocab'])))
  return b.binary('sub', total, b.gather(logits, 'vocab', target))
}

interface Parts {
  readonly b: Builder
  readonly row: Dim
  readonly hidden: Value
  readonly weights: Value
  readonly nll: Value
}

/** Hidden states of all tokens, of which some rows are read, and a head behind them. */
function withHead(head: Head, finish: (parts: Parts) => void, size = rows): Graph {
  const b = new Builder()
  const [row, token] = [rowDim(size), { name: 'token', size }]
  const float = (...dims: readonly Dim[]) => ({ dtype: 'f32', dims }) as const
  const hidden = b.input('hidden', 'state', float(token, width))
  const weights = b.input('weights', 'state', float(vocab, width))
  const at = b.gather(hidden, 'token', b.input('row', 'data', { dtype: 'i32', dims: [row] }), true)
  const nll = crossEntropy(b, head(b, b.binary('mul', at, 2), weights), b.input('target', 'data', { dtype: 'i32', dims: [row] }))
  finish({ b, row, hidden, weights, nll })
  return simplify(b.finish())
}

const weighted = ({ b, row, nll }: Parts): Value =>
  b.reduce('reduce_sum', b.binary('mul', nll, b.input('weight', 'data', { dtype: 'f32', dims: [row] })), ['row'])

/** Loss and gradients; those of the weights are added to what is there, or not. */
const training = (head: Head, accumulate = false, size = rows): Graph =>
  withHead(
    head,
    (parts) => {
      const { b, hidden, weights } = parts
      const loss = weighted(parts)
      b.result('loss', loss)
      const [byHidden, byWeights] = differentiate(b, loss, [hidden, weights])
      b.result('by hidden', byHidden!)
      if (accumulate) b.update('grad', b.binary('add', b.input('grad', 'state', weights.type), byWeights!))
      else b.result('by weights', byWeights!)
    },
    size,
  )

const scoring = (head: Head): Graph => withHead(head, ({ b, nll }) => b.result('nll', nll))

function inputsOf(graph: Graph, extents: Readonly<Record<string, number>>): Record<string, Tensor> {
  const inputs = graph.nodes.flatMap((n) => (n.op === 'input' ? [n] : []))
  return Object.fromEntries(
    inputs.map(({ attrs, type }, i) => {
      const tensor = randomTensor(type, i + 1, extents, type.dtype === 'i32' ? [0, vocab.size - 1] : [-1, 1])
      if (attrs.name === 'row') tensor.data.forEach((_, k) => (tensor.data[k] = (k * 11) % type.dims[0]!.size))
      return [attrs.name, tensor]
    }),
  )
}

/** Where the stretches of each program begin. */
const startsOf = ({ programs }: WebgpuPlan): readonly (readonly number[])[] =>
  programs.map(({ steps, stretches }) => [
    ...new Set(steps.flatMap(({ stretch }) => (stretch === undefined ? [] : [stretch * stretches!.size]))),
  ])

/** Extents that leave stretches full, partly full, and empty; the largest first, so that memory holds other rows than it should. */
const counts = [rows, 300, 256, 5, 0, 513]

/** What drivers make of exp, log and tanh. */
const inexact = 5e-4

/** Cut as for a device that binds less, and in one piece. */
function bothPlans(graph: Graph, facts: DeviceFacts, limit = stretch): readonly [WebgpuPlan, WebgpuPlan] {
  const plans = [planWebgpu([{ name: 'p', graph }], binding(facts, limit)), planWebgpu([{ name: 'p', graph }], facts)] as const
  assert.deepEqual(plans.map(startsOf), [[[0, 256, 512]], [[]]])
  return plans
}

/** What comes of each row is the same to the bit; sums of rows are added up in another order, and each addition rounds. */
function same(name: string, found: ArrayLike<number>, expected: ArrayLike<number>): void {
  const largest = Math.max(1, ...Array.from(expected, Math.abs))
  const bound = name === 'nll' || name === 'by hidden' ? 0 : rows * 2 ** -24 * largest
  const off = Math.max(0, ...Array.from(expected, (x, i) => Math.abs(x - found[i]!)))
  assert.ok(off <= bound, `${name} is off by ${off}, more than ${bound}`)
}

describe('heads in stretches', () => {
  let backend: WebgpuBackend
  before(async () => void (backend = await testBackend()))

  const agree = async (graph: Graph, extents = counts, tolerance = inexact, limit = stretch, on = backend): Promise<void> => {
    const [inPieces, inOne] = bothPlans(graph, on.facts, limit)
    await using cut = await on.load(inPieces)
    await using whole = await on.load(inOne)
    for (const row of extents) {
      const inputs = inputsOf(graph, { row })
      const found = await judge(cut, 'p', graph, inputs, { row }, tolerance)
      const expected = await outputsOf(whole, 'p', graph, inputs, { row })
      for (const name of Object.keys(expected)) same(name, found[name]!, expected[name]!)
    }
  }

  test('losses', async () => agree(scoring(product)))
  for (const [name, head] of Object.entries(heads)) test(`gradients through ${name}`, async () => agree(training(head), [rows, 300, 0]))
  test('gradients added to what is there', async () => agree(training(product, true)))

  test('sums of so many rows that they are made in parts', async () => {
    const size = 4500
    const graph = training(product, false, size)
    const plan = planWebgpu([{ name: 'p', graph }], binding(backend.facts, 8 * stretch))
    assert.deepEqual(startsOf(plan), [[0, 1536, 3072]])
    assert.ok(plan.kernels.some(({ label }) => label.endsWith('in parts, added')))
    await using executable = await backend.load(plan)
    for (const row of [size, 2000]) await judge(executable, 'p', graph, inputsOf(graph, { row }), { row }, inexact)
  })

  test('a training step and scores of a transformer, also where memory is short', async () => {
    const scope = scopeOf(folder('std'))
    const spec = modelSpec(scope, { layers: 1, heads: 2, width: 16, hidden: 24, context: rows / 2 })
    const model = elaborateModel(spec, { vocab: vocab.size, report: new Report() })!
    const purpose = { library: new Library(scope), lowering: loweringFor(backend.facts), micro: 2 }
    // A large epsilon: with a small one AdamW's first step is the sign of the gradient, and rounding errors turn signs.
    const optimizer = { ...trainOf(page()).optimizer, eps: 1e-2 }
    const programs = trainingPrograms({ model, optimizer, batch: 2, context: rows / 2 }, purpose)
    const { memory } = planWebgpu(programs, binding(backend.facts, stretch))
    const plan = planWebgpu(programs, binding(backend.facts, stretch), memory.activations * 0.6)
    assert.ok(plan.memory.again !== undefined && plan.memory.activations < memory.activations)
    assert.deepEqual(startsOf(plan), [[0, 256, 512], [0, 256, 512]]) // prettier-ignore
    await using executable = await backend.load(plan)
    for (const { name, graph } of programs) {
      const inputs = inputsOf(graph, { row: 300 })
      for (const [input, { data }] of Object.entries(inputs)) {
        if (input.startsWith('v/')) data.forEach((x, i) => (data[i] = Math.abs(x)))
        if (input === 'rate' || input.startsWith('correction')) data.fill(0.1)
      }
      await judge(executable, name, graph, inputs, { row: 300 }, inexact)
    }
  })

  test('operands in f16', async () => {
    // Half a unit in the last place of a half, of operands and of what products leave.
    await agree(half(training(product, true)), counts, 3 * 2 ** -10, stretch / 2, await matrixBackend())
  })
})

test('kernels of all stretches are the same but for what adds to sums', () => {
  const facts = binding(h200, stretch / 2)
  const { kernels, programs } = planWebgpu([{ name: 'p', graph: half(training(product)) }], facts)
  const steps = programs[0]!.steps.filter((step) => step.stretch !== undefined)
  const of = (stretch: number) => steps.filter((step) => step.stretch === stretch)
  assert.deepEqual(of(1).map(({ kernel }) => kernel), of(2).map(({ kernel }) => kernel)) // prettier-ignore
  const others = of(1).filter(({ kernel }, i) => kernel !== of(0)[i]!.kernel)
  assert.deepEqual(others.map(({ kernel }) => kernels[kernel]!.label.endsWith(', added')), [true, true]) // prettier-ignore
  const work = (size: number) => planWebgpu([{ name: 'p', graph: half(training(product, false, size)) }], facts).kernels
  const ofLogits = (size: number) => work(size).flatMap(({ label, bytes }) => (label === 'contract' ? [bytes] : []))
  assert.deepEqual(ofLogits(2 * rows), ofLogits(rows))
  const products = steps.filter(({ kernel }) => kernels[kernel]!.label.startsWith('contract'))
  assert.equal(products.length, 9)
  assert.ok(products.every(({ kernel }) => kernels[kernel]!.wgsl.includes('subgroupMatrixMultiplyAccumulate')))
})

test('what more becomes of a sum is done once all rows are in', () => {
  const labelsOf = (head: Head) =>
    planWebgpu([{ name: 'p', graph: training(head) }], binding(h200, stretch)).kernels.map(({ label }) => label)
  const finished = Object.entries(heads).flatMap(([name, head]) => (labelsOf(head).some((l) => l.endsWith('finished')) ? [name] : []))
  assert.deepEqual(finished, Object.keys(heads).filter((name) => name.includes('squashed') || name.includes('bias'))) // prettier-ignore
})

test('what needs a sum of all rows before it can go on stays whole', () => {
  const squared = withHead(product, (parts) => {
    const loss = weighted(parts)
    const { b, weights } = parts
    b.result('by weights', differentiate(b, b.binary('mul', loss, loss), [weights])[0]!)
  })
  const plan = planWebgpu([{ name: 'p', graph: squared }], binding(h200, stretch))
  assert.deepEqual(startsOf(plan), [[]])
  assert.equal(plan.memory.largest.bytes, 4 * rows * vocab.size)
  // As many products as there are: nothing is computed twice.
  assert.deepEqual(plan.programs[0]!.steps.length, planWebgpu([{ name: 'p', graph: squared }], h200).programs[0]!.steps.length)
})

describe('models as wide as those of the family, with 32,000 words at 2048 tokens', () => {
  const library = new Library(preludeScope())
  const [context, words] = [2048, 32_000]
  const model = (heads: number, width: number): Model => {
    const spec = modelSpec(scopeOf(folder('std')), { layers: 3, heads, width, context })
    return elaborateModel(spec, { vocab: words, report: new Report() }) ?? assert.fail('the model is wrong')
  }
  const [narrow, usual, wide] = [model(6, 384), model(12, 768), model(14, 1792)]

  /** Bytes of the largest tensor of logits, and the stretches in which the programs of a training make them. */
  const logitsOf = (built: Model, facts: DeviceFacts, micro: number, precision: Precision) => {
    const purpose: Purpose = { library, lowering: loweringFor(facts), micro, precision }
    const graphs = trainingPrograms({ ...trainOf(page()), model: built, context, batch: 256 }, purpose).map(({ graph }) =>
      fuse(graph, facts),
    )
    const types = graphs.flatMap(({ tensors }) => tensors.map(({ type }) => type))
    const logits = types.filter((type) => (has(type, 'row') || has(type, stretchDim)) && has(type, 'vocab'))
    assert.ok(logits.length >= 3)
    const numbers = graphs.flatMap(({ kernels }) => kernels.flatMap(({ stretch }) => stretch ?? []))
    return { bytes: Math.max(...logits.map(({ dims, dtype }) => bytesOf({ dims, dtype }))), stretches: new Set(numbers).size }
  }
  const MiB = 2 ** 20

  test('half a gibibyte of logits is made at a time, or what the device can bind', () => {
    assert.deepEqual(logitsOf(narrow, h200, 16, 'f16'), { bytes: 500 * MiB, stretches: 4 })
    assert.deepEqual(logitsOf(usual, h200, 16, 'f32'), { bytes: 500 * MiB, stretches: 8 })
    // Of so many heads the scores' gradient is larger still; it has no rows.
    assert.deepEqual(logitsOf(model(16, 1024), h200, 16, 'f16'), { bytes: 500 * MiB, stretches: 4 })
    assert.deepEqual(logitsOf(usual, minimum, 2, 'f32'), { bytes: 125 * MiB, stretches: 4 })
  })

  test('fewer are made at once', () => {
    assert.deepEqual(logitsOf(wide, h200, 4, 'f16'), { bytes: 500 * MiB, stretches: 0 })
  })

  test('the least device that WebGPU allows trains one of width 768; logits do not bound what an H200 takes at a time', () => {
    const stage = { ...trainOf(page()), model: usual, context, batch: 256 }
    const least = choose(stage, { facts: minimum, library })
    assert.ok(fits(least.plan, minimum) && least.micro > 1, `${least.micro}`)
    assert.equal(choose(stage, { facts: h200, library }).micro * context, 32_768)
  })
})

test('Dawn has nothing to say against kernels of stretches, on any device', async () => {
  for (const facts of [h200, minimum]) {
    const check = await frontEnd(facts.features)
    const precise = facts === h200 ? half : (graph: Graph) => graph
    const plan = planWebgpu([{ name: 'p', graph: precise(training(product)) }], binding(facts, facts === h200 ? stretch / 2 : stretch))
    assert.ok(startsOf(plan)[0]!.length > 0)
    for (const { label, wgsl } of plan.kernels) assert.deepEqual(await check(wgsl), [], `${label}\n${wgsl}`)
  }
})
