// Products of f16 matrices on a matrix unit, in every form they are written in, against the reference interpreter; then the scalar
// kernels that devices without one run, and what Dawn says of the same products for devices that are not here.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { DeviceFacts } from '../compiler/facts.ts'
import { Builder, type Value } from '../compiler/graph/builder.ts'
import { shape } from '../compiler/graph/dims.ts'
import type { Dim, Graph, Type } from '../compiler/graph/graph.ts'
import { half as inHalf } from '../compiler/passes/half.ts'
import type { KernelPlan } from '../compiler/plan/plan.ts'
import { planWebgpu } from '../compiler/plan/webgpu.ts'
import { frontEnd } from './helpers/front-end.ts'
import { joinedCases, runJoined } from './helpers/joined.ts'
import { extents as fewRows, inputsOf, training } from './helpers/transformer-programs.ts'
import { described, matrixBackend, smallMatrices } from './helpers/webgpu.ts'
import { planInWindows } from './helpers/windows.ts'
import { judge, randomInputs, type Extents } from './onnx-judge.ts'

interface Case {
  readonly name: string
  readonly graph: Graph
  /** Of each run; live dims have other extents in each. */
  readonly extents: readonly Extents[]
  /** Products on the matrix unit; the others are not regular. */
  readonly products: number
  /** Kernels in all on a matrix unit, where that is in question. */
  readonly steps?: number
  readonly tolerance: number
}

const f16 = (sizes: Readonly<Record<string, number>>): Type => shape('f16', sizes)
const f32 = (sizes: Readonly<Record<string, number>>): Type => shape('f32', sizes)

/** Products of halves are exact in f32, and rounding errors of their sums about a millionth of all that is added up: here up to 4 k. */
const exact = 1e-4
/** Half an ulp of a half, and drivers may round towards zero. */
const rounded = 2 ** -10

function program(name: string, build: (b: Builder) => void, more: Partial<Case> = {}): Case {
  const b = new Builder()
  build(b)
  return { name, graph: b.finish(), extents: [{}], products: 1, tolerance: exact, ...more }
}

const half = (b: Builder, name: string, sizes: Readonly<Record<string, number>>): Value => b.input(name, 'data', f16(sizes))

/** [m, k] times [k, n], each as it is or stored transposed. */
function product(b: Builder, form: string, { m, n, k }: { readonly m: number; readonly n: number; readonly k: number }): Value {
  const x = half(b, 'x', form[0] === 'N' ? { m, k } : { k, m })
  const y = half(b, 'y', form[1] === 'N' ? { k, n } : { n, k })
  return b.sumProduct(x, y, ['k'])
}

const whole = { m: 64, n: 64, k: 64 }
const forms = ['NN', 'NT', 'TN', 'TT'].flatMap((form) => {
  const odd = { m: form[0] === 'N' ? 37 : 40, n: form[1] === 'N' ? 72 : 45, k: form === 'TN' ? 43 : 88 }
  return [whole, odd].map((sizes) => program(`${form} ${Object.values(sizes).join('x')}`, (b) => b.result('z', product(b, form, sizes))))
})

/** Rows that end anywhere: in memory the next begins at a multiple of eight, with NaNs in between. */
const ragged = ['NN', 'NT', 'TN', 'TT'].map((form) =>
  program(`${form} 67x77x93`, (b) => b.result('z', product(b, form, { m: 67, n: 77, k: 93 }))),
)

const row: Dim = { name: 'row', size: 64, live: true }
const live = (b: Builder, name: string, ...dims: readonly Dim[]) => b.input(name, 'data', { dtype: 'f16', dims })
const lives = [
  program(
    'rows of a live number, forward and for the weight',
    (b) => {
      const x = live(b, 'x', row, { name: 'k', size: 40 })
      const y = live(b, 'y', row, { name: 'n', size: 24 })
      b.result('z', b.sumProduct(x, half(b, 'w', { n: 24, k: 40 }), ['k']))
      b.result('dw', b.sumProduct(x, y, ['row']))
    },
    { products: 2, extents: [{ row: 1 }, { row: 23 }, { row: 64 }, { row: 0 }] },
  ),
  program(
    'two live dims of rows, so that the grid is larger than the result',
    (b) => {
      const x = live(b, 'x', row, { name: 'slot', size: 9, live: true }, { name: 'k', size: 16 })
      b.result('z', b.sumProduct(x, half(b, 'w', { k: 16, n: 24 }), ['k']))
    },
    { extents: [{ row: 7, slot: 3 }, { row: 64, slot: 9 }, { row: 5, slot: 0 }] }, // prettier-ignore
  ),
]

const layouts = [
  program('batch dims in the middle', (b) => {
    const q = half(b, 'q', { batch: 2, time: 40, heads: 3, head: 16 })
    const k = half(b, 'k', { batch: 2, "time'": 33, heads: 3, head: 16 })
    b.result('z', b.sumProduct(q, k, ['head']))
  }),
  program('dims that are flattened: heads of a projection and back', (b) => {
    const x = half(b, 'x', { batch: 2, time: 20, width: 32 })
    b.result('q', b.sumProduct(x, half(b, 'w', { width: 32, heads: 3, head: 16 }), ['width']))
    const y = half(b, 'y', { batch: 2, time: 20, heads: 3, head: 16 })
    b.result('z', b.sumProduct(y, half(b, 'v', { heads: 3, head: 16, width: 40 }), ['heads', 'head']))
    b.result('dw', b.sumProduct(x, y, ['batch', 'time']))
  }, { products: 3 }), // prettier-ignore
  program('merged and split dims', (b) => {
    const x = b.merge(half(b, 'x', { batch: 2, time: 20, width: 32 }), ['batch', 'time'], 'token')
    const z = b.sumProduct(x, half(b, 'w', { hidden: 48, width: 32 }), ['width'])
    b.result('z', b.split(z, 'hidden', f32({ heads: 3, head: 16 }).dims))
  }),
  program('a matrix with itself', (b) => {
    const x = half(b, 'x', { time: 40, width: 24 })
    b.result('z', b.sumProduct(x, b.rename(x, 'time', "time'"), ['width']))
  }),
]

/** Sums over keys by heads, then a projection of both dims of heads: in half precision the sums are stored in the order that it wants. */
const mixed = ['heads head', 'head heads'].map((order): Case => {
  const b = new Builder()
  const [first, second] = order.split(' ') as [string, string]
  const sizes: Readonly<Record<string, number>> = { heads: 3, head: 16 }
  const p = b.input('p', 'data', f32({ batch: 2, heads: 3, time: 24, "time'": 24 }))
  const v = b.input('v', 'data', f32({ batch: 2, "time'": 24, heads: 3, head: 16 }))
  const o = b.input('o', 'state', f32({ [first]: sizes[first]!, [second]: sizes[second]!, width: 40 }))
  b.result('z', b.sumProduct(b.sumProduct(p, v, ["time'"]), o, ['heads', 'head']))
  return { name: `a projection of [${order}] of a sum by heads`, graph: inHalf(b.finish()), extents: [{}], products: 2, tolerance: 0.3 }
})

const long = [
  program('k in parts', (b) => {
    const x = half(b, 'x', { token: 4100, m: 16 })
    b.result('dw', b.sumProduct(x, half(b, 'y', { token: 4100, n: 24 }), ['token']))
  }, { tolerance: 4e-3 }), // prettier-ignore
  program(
    'a live k in parts, of which some are empty',
    (b) => {
      const token = { name: 'token', size: 4096, live: true }
      const dw = b.sumProduct(live(b, 'x', token, { name: 'm', size: 16 }), live(b, 'y', token, { name: 'n', size: 24 }), ['token'])
      b.update('g', b.binary('add', b.input('g', 'state', f32({ m: 16, n: 24 })), dw))
    },
    { tolerance: 4e-3, extents: [{ token: 100 }, { token: 4096 }] },
  ),
]

const vocabularies = [
  program(
    'an odd vocabulary: logits, and gradients of what they are made of',
    (b) => {
      const x = live(b, 'x', row, { name: 'width', size: 40 })
      const u = half(b, 'u', { width: 40, vocab: 77 })
      const slope = b.cast(b.unary('tanh', b.binary('mul', b.sumProduct(x, u, ['width']), 0.1)), 'f16')
      b.result('dx', b.sumProduct(slope, u, ['vocab']))
      b.update('du', b.binary('add', b.input('du', 'state', f32({ width: 40, vocab: 77 })), b.sumProduct(x, slope, ['row'])))
    },
    { products: 3, extents: [{ row: 64 }, { row: 21 }], tolerance: 0.1 },
  ),
  program('a gate in f16 of which no row is a number of fours', (b) => {
    const z = product(b, 'NT', { m: 21, n: 77, k: 40 })
    const scaled = b.binary('mul', z, b.input('scale', 'data', f32({ m: 21 })))
    b.result('z', b.cast(b.binary('mul', scaled, b.cast(half(b, 'up', { m: 21, n: 77 }), 'f32')), 'f16'))
  }, { tolerance: 64 * rounded }), // prettier-ignore
  program('k of an odd length in parts', (b) => {
    const x = half(b, 'x', { m: 16, token: 4099 })
    b.result('z', b.sumProduct(x, half(b, 'y', { n: 24, token: 4099 }), ['token']))
  }, { tolerance: 4e-3 }), // prettier-ignore
]

const silu = (b: Builder, x: Value): Value => b.binary('div', x, b.binary('add', 1, b.unary('exp', b.unary('neg', x))))
const sizes = { m: 37, n: 72, k: 40 }
const result = { m: 37, n: 72 }
const epilogues = [
  program('a residual in f32', (b) => b.result('z', b.binary('add', b.input('r', 'data', f32(result)), product(b, 'NT', sizes)))),
  program('a result in f16', (b) => b.result('z', b.cast(product(b, 'NN', sizes), 'f16')), { tolerance: rounded }),
  program('a gate with another half operand, both kept', (b) => {
    const gate = product(b, 'NT', sizes)
    b.result('gate', b.cast(gate, 'f16'))
    b.result('z', b.cast(b.binary('mul', silu(b, gate), b.cast(half(b, 'up', result), 'f32')), 'f16'))
  }, { tolerance: 2 * rounded }), // prettier-ignore
  program('accumulation into an f32 state', (b) => {
    const sum = b.binary('mul', product(b, 'TN', { ...sizes, m: 40 }), 0.5)
    b.update('g', b.binary('add', b.input('g', 'state', f32({ m: 40, n: 72 })), sum))
  }),
  program('a bias, a scale for each row, a comparison', (b) => {
    const z = b.binary('add', product(b, 'NT', sizes), b.input('bias', 'data', f32({ n: 72 })))
    const scaled = b.binary('mul', z, b.input('scale', 'data', f32({ m: 37 })))
    const chosen = b.gather(b.input('table', 'data', f32({ kinds: 3, n: 72 })), 'kinds', b.input('kind', 'data', shape('i32', { m: 37 })))
    b.result('z', b.select(b.binary('gt', scaled, 0), chosen, scaled))
    b.result('positive', b.binary('gt', scaled, 0))
  }),
  program('a result whose rows are odd', (b) => {
    const z = product(b, 'NT', { m: 20, n: 45, k: 40 })
    b.result('z', b.binary('add', b.cast(z, 'f16'), b.cast(b.input('r', 'data', f32({ m: 20, n: 45 })), 'f16')))
  }, { tolerance: 4 * rounded }), // prettier-ignore
  program('a transposed result', (b) => b.result('z', b.broadcast(b.unary('neg', product(b, 'NT', sizes)), f32({ n: 72, m: 37 }).dims))),
]

/**
 * Rotary positions behind a projection to heads: the halves of a head turned against each other, or what lies `by` apart. In f16 the
 * projection is rounded first, which the interpreter does not do, and up to 50 here.
 */
function rotary(head: number, by: number, dtype: 'f16' | 'f32', kept = false): (b: Builder) => void {
  return (b) => {
    const x = half(b, 'x', { batch: 2, time: 21, width: 40 })
    const q = b.cast(b.sumProduct(x, half(b, 'w', { width: 40, heads: 3, head }), ['width']), dtype)
    const across = b.cast(b.add('rotate', [q], { dim: 'head', by }), 'f32')
    const signed = b.select(b.binary('lt', b.position({ name: 'head', size: head }), head / 2), b.unary('neg', across), across)
    const [cosine, sine] = ['cosine', 'sine'].map((name) => b.input(name, 'data', f32({ time: 21, head }))) as [Value, Value]
    const z = b.binary('add', b.binary('mul', b.cast(q, 'f32'), cosine), b.binary('mul', signed, sine))
    if (kept) b.result('q', q)
    b.result('z', b.cast(z, dtype))
  }
}

const turns = [
  program('heads turned by rotary positions', rotary(32, 16, 'f32'), { steps: 1 }),
  program('heads turned after rounding', rotary(32, 16, 'f16'), { steps: 1, tolerance: 2 * 50 * rounded }),
  program('turned by a quarter', rotary(16, 4, 'f32'), { steps: 1 }),
  program('turned by less than what is read at once', rotary(16, 1, 'f32'), { steps: 2 }),
  program('heads that no tile holds whole', rotary(40, 20, 'f32'), { steps: 2 }),
  program('turned, and kept as it was', rotary(32, 16, 'f32', true), { steps: 2 }),
]

const irregular = [
  program('k that lies together and is no multiple of eight', (b) => b.result('z', product(b, 'NT', { m: 20, n: 24, k: 12 })), {
    products: 0,
  }),
  program('an operand that the epilogue reads', (b) => {
    const x = half(b, 'x', { time: 16, width: 16 })
    const z = b.sumProduct(x, half(b, 'w', { hidden: 16, width: 16 }), ['width'])
    b.result('z', b.binary('add', z, b.cast(b.rename(x, 'width', 'hidden'), 'f32')))
  }, { products: 0 }), // prettier-ignore
  program('rows that are turned', (b) => {
    const x = b.add('rotate', [half(b, 'x', { time: 24, width: 16 })], { dim: 'time', by: 5 })
    b.result('z', b.sumProduct(x, half(b, 'w', { width: 16, hidden: 24 }), ['width']))
  }, { products: 0 }), // prettier-ignore
]

const cases = [...forms, ...ragged, ...lives, ...layouts, ...mixed, ...long, ...vocabularies, ...epilogues, ...turns, ...irregular]
const backend = await matrixBackend()
const hardware = backend.facts

const onMatrices = (kernels: readonly KernelPlan[]) => kernels.filter((k) => k.wgsl.includes('subgroupMatrixLoad'))

async function agree({ name, graph, extents, tolerance }: Case, facts: DeviceFacts): Promise<void> {
  for (const plan of [planWebgpu([{ name, graph }], facts), planInWindows({ name, graph }, facts)]) {
    if (!plan) continue
    await using executable = await backend.load(plan)
    for (const given of extents) {
      const tensors = randomInputs(graph, given, ({ dtype }) => (dtype === 'i32' ? [0, 2] : undefined))
      await judge(executable, name, graph, tensors, given, tolerance)
    }
  }
}

describe('products on a matrix unit', () => {
  for (const each of cases) {
    test(each.name, async () => {
      const { kernels, programs } = planWebgpu([each], hardware)
      assert.equal(onMatrices(kernels).length, each.products)
      assert.equal(programs[0]!.steps.length, each.steps ?? programs[0]!.steps.length)
      await agree(each, hardware)
    })
  }
})

describe('products of one dispatch on a matrix unit', () => {
  for (const each of joinedCases('f16')) {
    test(each.name, async () => {
      assert.equal(planWebgpu([each], hardware).programs[0]!.steps.length, each.steps)
      await runJoined(backend, each, hardware, 8 * rounded)
    })
  }
})

for (const words of [11, 77]) {
  test(`a training step and scores of a small transformer with ${words} words in f16`, async () => {
    const programs = training(hardware, { layers: 2, width: 16, heads: 2, hidden: 24, words }, true, 'f16', 8)
    const plan = planWebgpu(programs, hardware)
    assert.ok(onMatrices(plan.kernels).length > 20)
    // The gradient by queries is a product of the scores' gradient, and turns them back.
    const labels = plan.kernels.map((k) => k.label)
    assert.ok(labels.includes('flash attention dkv ds') && !labels.some((label) => label.includes('dq')), labels.join('\n'))
    await using executable = await backend.load(plan)
    for (const { name, graph } of programs) await judge(executable, name, graph, inputsOf({ name, graph }), fewRows, 3 * rounded)
  })
}

describe('products of halves without a matrix unit', () => {
  for (const each of [...ragged, ...lives, ...layouts, ...epilogues]) {
    test(each.name, async () => agree(each, { ...hardware, subgroupMatrices: [] }))
  }
})

const nvidia = described('nvidia-h200')

describe('the same products for devices that are not here', () => {
  for (const facts of [nvidia, described('intel-arc-b580'), smallMatrices]) {
    test(facts.name, async () => {
      const check = await frontEnd(facts.features)
      for (const each of cases) {
        const plan = planWebgpu([each], facts)
        const kernels = onMatrices(plan.kernels)
        assert.equal(kernels.length, each.products, each.name)
        assert.equal(plan.programs[0]!.steps.length, each.steps ?? plan.programs[0]!.steps.length, each.name)
        for (const { wgsl } of kernels) assert.deepEqual(await check(wgsl), [], `${each.name}\n${wgsl}`)
      }
      for (const each of joinedCases('f16')) {
        const { kernels, programs } = planWebgpu([each], facts)
        assert.equal(programs[0]!.steps.length, each.steps, each.name)
        for (const { wgsl } of kernels) assert.deepEqual(await check(wgsl), [], `${each.name}\n${wgsl}`)
      }
    })
  }

  test('where sizes are multiples of the tile nothing is guarded', () => {
    const [first] = forms
    const [kernel] = onMatrices(planWebgpu([first!], nvidia).kernels)
    assert.doesNotMatch(kernel!.wgsl, /select|if \(m|if \(start|- 1u\)/)
  })

  test('operations and bytes are those of the product', () => {
    const [kernel] = onMatrices(planWebgpu([epilogues[1]!], nvidia).kernels)
    const { m, n, k } = sizes
    assert.equal(kernel!.flops, 2 * m * n * k)
    assert.equal(kernel!.bytes, 2 * (m * k + k * n + m * n))
  })
})
