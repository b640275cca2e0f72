// Whole programs of a small transformer on the CPU backend, against the reference interpreter: training in one step and in two,
// scoring, sampling. What the planner promises about them: states in place, no racing scatter, the same bits every time.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { samplePrograms, trainingPrograms, type Program, type Purpose } from '../compiler/build/programs.ts'
import { Library } from '../compiler/build/library.ts'
import type { OpCode, OptimizerSpec, SamplerSpec } from '../compiler/check/pipeline.ts'
import { elaborateModel } from '../compiler/elaborate/model.ts'
import { evaluate } from '../compiler/graph/evaluate.ts'
import type { Tensor } from '../compiler/graph/ops/op.ts'
import { planOnnx } from '../compiler/plan/onnx.ts'
import type { OnnxPlan } from '../compiler/plan/plan.ts'
import { loweringFor } from '../compiler/target.ts'
import { Report } from '../grammar/diagnostic.ts'
import type { Backend, Executable } from '../runtime/backend.ts'
import { cpuBackend, cpuFacts } from '../runtime/onnx/backend.ts'
import { modelSpec, page } from './elaborate-fixture.ts'
import { judge, randomTensor, type Range } from './onnx-judge.ts'

const BATCH = 2
const TIME = 6
const VOCAB = 11
const extents = { row: 5, slot: 4 }

const scope = page(`op never(p: [vocab]) -> float = if max[vocab](p) > 2 then 1 else -inf
op no_number(p: [vocab]) -> float = log(-max[vocab](p))`)
const settings = { context: TIME, layers: 2, width: 8, heads: 2, hidden: 12 }
const model = elaborateModel(modelSpec(scope, settings), { vocab: VOCAB, report: new Report() })!
// A large epsilon: with a small one AdamW's first step is the sign of the gradient, and rounding errors turn signs.
const optimizer: OptimizerSpec = { kind: 'adamw', rate: 1, warmup: 0, decay: 'constant', floor: 0, betas: [0.9, 0.95], weightDecay: 0.1, clip: 0.5, eps: 1e-2 } // prettier-ignore
const purpose = (micro: number): Purpose => ({ library: new Library(scope), lowering: loweringFor(cpuFacts(1)), micro })

const whole = trainingPrograms({ model, optimizer, batch: BATCH, context: TIME }, purpose(BATCH))
const parts = trainingPrograms({ model, optimizer, batch: 2 * BATCH, context: TIME }, purpose(BATCH))
const sampler = (more: Partial<SamplerSpec>): readonly Program[] => {
  const spec: SamplerSpec = { kind: 'confidence', steps: 4, temperature: 0.5, guidance: 0, pooled: false, ...more }
  return samplePrograms({ model, sampler: spec, length: TIME }, purpose(BATCH))
}

/** Data of the right kind for each input: distinct rows, tokens in range, small weights, positive second moments. */
function inputFor(name: string, seed: number, type: Parameters<typeof randomTensor>[0]): Tensor {
  const given = randomTensor(type, seed, extents, rangeOf(name))
  if (name === 'row') given.data.forEach((_, i) => (given.data[i] = 2 * i))
  // Two masks in the first sample, four in the second.
  if (name === 'tokens' && type.dims.length === 2) [1, 4, 6, 7, 9, 10].forEach((i) => (given.data[i] = VOCAB))
  if (name === 'count') given.data.fill(2)
  if (name.endsWith('gain')) given.data.forEach((x, i) => (given.data[i] = 1 + x))
  return given
}

function rangeOf(name: string): Range {
  if (name === 'tokens' || name === 'target') return [0, VOCAB - 1]
  if (name === 'prompt') return [0, 2]
  if (name === 'rate') return [0.1, 0.1]
  if (name.startsWith('correction')) return [0.1, 0.1]
  if (name.startsWith('v/')) return [0, 1]
  return name === 'seed' || name === 'sample' || name === 'step' ? [0, 99] : [-0.5, 0.5]
}

function inputsOf({ graph }: Program): Record<string, Tensor> {
  const given = graph.nodes.flatMap((n) => (n.op === 'input' ? [n] : []))
  return Object.fromEntries(given.map(({ attrs, type }, i) => [attrs.name, inputFor(attrs.name, i + 1, type)]))
}

describe('programs of a small transformer', () => {
  let backend: Backend
  const loaded = async (programs: readonly Program[], run: (executable: Executable, plan: OnnxPlan) => Promise<unknown>): Promise<void> => {
    const plan = planOnnx(programs, cpuFacts(1))
    const executable = await backend.load(plan)
    await run(executable, plan)
    await executable[Symbol.asyncDispose]()
  }
  before(async () => void (backend = await cpuBackend({ threads: 1 })))
  after(() => backend[Symbol.asyncDispose]())

  const all = {
    whole,
    parts,
    confidence: sampler({}),
    pooled: sampler({ pooled: true, guidance: 1 }),
    ancestral: sampler({ kind: 'ancestral' }),
  }
  for (const [name, programs] of Object.entries(all)) {
    for (const program of programs) {
      test(`${name}: ${program.name}`, async () => {
        await loaded(programs, (executable) => judge(executable, program.name, program.graph, inputsOf(program), extents, 1e-4))
      })
    }
  }

  // Two masks in the first sample and four in the second, of which each reveals two, or both together.
  for (const [order, pooled, left] of [
    ['never', false, 2],
    ['never', true, 4],
    ['no_number', false, 2],
    ['no_number', true, 4],
  ] as const) {
    test(`an order that is no finite number everywhere reveals as many${pooled ? ' of a whole batch' : ''}: ${order}`, async () => {
      const programs = sampler({ order: scope.code([order]) as OpCode, pooled })
      const [program] = programs
      const inputs = inputsOf(program!)
      await loaded(programs, (executable) => judge(executable, program!.name, program!.graph, inputs, extents, 1e-4))
      const { data } = evaluate(program!.graph, inputs, extents)['tokens']!
      assert.equal([...data].filter((token) => token === VOCAB).length, left)
    })
  }

  test('training writes every state in place; zeroed gradients, which depend on nothing, become new tensors', () => {
    const fresh = (programs: readonly Program[]): readonly string[] =>
      planOnnx(programs, cpuFacts(1)).programs.flatMap((p) => p.updates.filter((u) => !u.inPlace).map((u) => u.state))
    assert.deepEqual(fresh(whole), [])
    assert.deepEqual(fresh(parts), model.weights.map((w) => `grad/${w.name}`)) // prettier-ignore
  })

  test('two runs of the same steps end in the same bits', async () => {
    const [step] = whole
    const inputs = inputsOf(step!)
    const states: Record<string, unknown>[] = []
    for (let n = 0; n < 2; n++) {
      await loaded(whole, async (executable, plan) => {
        for (let i = 0; i < 3; i++) await judge(executable, 'step', step!.graph, inputs, extents, 1e-4)
        states.push(Object.fromEntries(await Promise.all(plan.states.map(async (s) => [s.name, await executable.read(s.name)] as const))))
      })
    }
    assert.deepEqual(states[0], states[1])
  })
})
