// Every op of the table, and graphs that fuse in all the ways there are, as WGSL on whatever device the machine has,
// against the reference interpreter.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Builder } from '../compiler/graph/builder.ts'
import { shape } from '../compiler/graph/dims.ts'
import type { DeviceFacts } from '../compiler/facts.ts'
import type { Graph, OpName, Type } from '../compiler/graph/graph.ts'
import type { Example } from '../compiler/graph/ops/op.ts'
import { table } from '../compiler/graph/ops/table.ts'
import { fuse } from '../compiler/kernels/fuse.ts'
import { differentiate } from '../compiler/passes/differentiate.ts'
import { planWebgpu } from '../compiler/plan/webgpu.ts'
import type { Executable } from '../runtime/backend.ts'
import { randomGraph } from './helpers/random-graph.ts'
import { testBackend } from './helpers/webgpu.ts'
import { planInWindows } from './helpers/windows.ts'
import { judge, randomInputs, type Extents, type Range } from './onnx-judge.ts'

interface Case {
  readonly name: string
  readonly graph: Graph
  readonly range?: Range
  readonly extents?: Extents
  readonly tolerance?: number
}

const hardware: DeviceFacts = {
  backend: 'webgpu',
  name: 'a GPU',
  features: [],
  limits: {
    maxBufferSize: 2 ** 31,
    maxStorageBufferBindingSize: 2 ** 31 - 4,
    maxComputeWorkgroupStorageSize: 16384,
    maxComputeInvocationsPerWorkgroup: 256,
    maxComputeWorkgroupSizeX: 256,
    maxComputeWorkgroupsPerDimension: 65535,
    maxStorageBuffersPerShaderStage: 10,
    minStorageBufferOffsetAlignment: 256,
  },
  software: false,
}

const f32 = (sizes: Readonly<Record<string, number>>): Type => shape('f32', sizes)
const i32 = (sizes: Readonly<Record<string, number>>): Type => shape('i32', sizes)

function program(name: string, build: (b: Builder) => void, more: Omit<Case, 'name' | 'graph'> = {}): Case {
  const b = new Builder()
  build(b)
  return { name, graph: b.finish(), ...more }
}

function exampleCase<K extends OpName>(op: K, example: Example<K>, n: number): Case {
  return program(
    `${op} ${n}`,
    (b) => {
      const inputs = example.inputs.map((type, i) => b.input(`x${i}`, 'data', type))
      const type: Type | undefined = op === 'cast' ? { ...example.inputs[0]!, dtype: 'i32' } : undefined
      b.result('y', b.add(op, inputs, example.attrs, type))
    },
    { range: example.range, tolerance: rough.has(op) ? 5e-4 : undefined },
  )
}

/** WGSL asks no more of sines than an absolute error of 2^-11. */
const rough: ReadonlySet<OpName> = new Set(['sin', 'cos'])
const examples = (Object.keys(table) as OpName[]).flatMap((op) =>
  table[op].examples.map((example, n) => exampleCase(op, example as Example<typeof op>, n)),
)

const row = { name: 'row', size: 12, live: true }
const fused: readonly Case[] = [
  program('softmax', (b) => {
    const x = b.input('x', 'data', f32({ time: 70, vocab: 37 }))
    const e = b.unary('exp', b.binary('sub', x, b.reduce('reduce_max', x, ['vocab'])))
    b.result('y', b.binary('div', e, b.reduce('reduce_sum', e, ['vocab'])))
  }),
  program('norm with gain, and what follows', (b) => {
    const x = b.input('x', 'data', f32({ batch: 2, time: 9, width: 24 }))
    const gain = b.input('gain', 'data', f32({ width: 24 }))
    const mean = b.binary('div', b.reduce('reduce_sum', b.binary('mul', x, x), ['width']), 24)
    const y = b.binary('mul', b.binary('mul', x, b.binary('div', 1, b.unary('sqrt', b.binary('add', mean, 1e-5)))), gain)
    const w = b.input('w', 'data', f32({ hidden: 20, width: 24 }))
    const h = b.sumProduct(y, w, ['width'])
    b.result('h', b.binary('add', b.binary('mul', h, 0.5), b.reduce('reduce_max', h, ['batch'])))
    b.result('columns', b.reduce('reduce_sum', b.binary('mul', y, x), ['batch', 'time']))
  }),
  program('powers of numbers below and above zero, and of zero', (b) => {
    const x = b.input('x', 'data', f32({ time: 6, width: 8 }))
    const exponent = b.binary('sub', b.cast(b.position({ name: 'power', size: 7 }), 'f32'), 3)
    b.result('y', b.binary('pow', x, exponent))
    b.result('zero', b.binary('pow', b.binary('mul', b.unary('floor', b.unary('abs', b.binary('mul', x, 0.1))), x), b.binary('max', exponent, 0))) // prettier-ignore
    for (const power of [-3, 9, 1 / 3]) b.result(`to ${power}`, b.binary('pow', x, power))
  }),
  program('a quotient by 1 + exp(-x) and its gradient, where exp overflows', (b) => {
    const x = b.input('x', 'data', f32({ time: 6, width: 8 }))
    const y = b.binary('div', x, b.binary('add', 1, b.unary('exp', b.unary('neg', x))))
    b.result('y', y)
    b.result('dx', differentiate(b, b.reduce('reduce_sum', y, ['time', 'width']), [x])[0]!)
  }, { range: [-120, 120] }), // prettier-ignore
  program('rotary', (b) => {
    const x = b.input('x', 'data', f32({ time: 6, width: 8 }))
    const w = b.input('w', 'data', f32({ width: 8, heads: 2, head: 8 }))
    const q = b.sumProduct(x, w, ['width'])
    const angle = b.binary('mul', b.cast(b.position({ name: 'time', size: 6 }), 'f32'), b.input('speed', 'data', f32({ head: 8 })))
    const turned = b.add('rotate', [q], { dim: 'head', by: 4 })
    b.result('y', b.binary('add', b.binary('mul', q, b.unary('cos', angle)), b.binary('mul', turned, b.unary('sin', angle))))
  }, { tolerance: 1e-3 }), // prettier-ignore
  program('a product whose operand is the same for all columns, and what follows from it', (b) => {
    const x = b.input('x', 'data', f32({ time: 6, width: 8 }))
    const v = b.broadcast(b.input('v', 'data', f32({ width: 8 })), f32({ hidden: 12, width: 8 }).dims)
    b.result('y', b.unary('tanh', b.sumProduct(x, v, ['width'])))
  }),
  program('large products', (b) => {
    const x = b.input('x', 'data', f32({ batch: 3, time: 50, width: 70 }))
    const w = b.input('w', 'data', f32({ width: 70, hidden: 130 }))
    const y = b.sumProduct(x, w, ['width'])
    b.result('y', b.binary('add', y, b.input('bias', 'data', f32({ hidden: 130 }))))
    b.result('dw', b.sumProduct(x, y, ['batch', 'time']))
    b.result('dx', b.sumProduct(y, w, ['hidden']))
  }, { tolerance: 2e-4 }), // prettier-ignore
  program(
    'many large products, whose tiles are the largest',
    (b) => {
      const x = b.input('x', 'data', f32({ batch: 65, time: 130, width: 3 }))
      const y = b.input('y', 'data', f32({ width: 3, batch: 65, hidden: 72 }))
      b.result('y', b.binary('sub', b.sumProduct(x, y, ['width']), 1))
    },
    { tolerance: 2e-4 },
  ),
  program('more products than a grid has room for', (b) => {
    const x = b.input('x', 'data', f32({ batch: 150, time: 5, width: 3 }))
    const y = b.input('y', 'data', f32({ width: 3, batch: 150, hidden: 7 }))
    b.result('y', b.sumProduct(x, y, ['width']))
  }),
  program('a product in parts', (b) => {
    const x = b.input('x', 'data', f32({ token: 2500, width: 9 }))
    const y = b.input('y', 'data', f32({ token: 2500, hidden: 7 }))
    const g = b.input('g', 'state', f32({ width: 9, hidden: 7 }))
    b.update('g', b.binary('add', g, b.sumProduct(x, y, ['token'])))
  }, { tolerance: 2e-4 }), // prettier-ignore
  program('few rows of many', (b) => {
    const x = b.input('x', 'data', f32({ token: 5000, width: 3 }))
    const norm = b.unary('sqrt', b.reduce('reduce_sum', b.binary('mul', x, x), ['token', 'width']))
    b.result('norm', norm)
    b.result('y', b.binary('div', x, norm))
    b.result('top', b.reduce('reduce_max', x, ['token']))
    b.result('best', b.reduce('argmax', x, ['token']))
  }),
  program('operands whose dims are interleaved', (b) => {
    const x = b.input('x', 'data', f32({ a: 2, k: 3, b: 4, l: 2 }))
    const y = b.input('y', 'data', f32({ l: 2, n: 5, k: 3 }))
    b.result('y', b.sumProduct(x, y, ['k', 'l']))
  }),
  program('batch dims in the middle, in different orders', (b) => {
    const q = b.input('q', 'data', f32({ batch: 2, time: 3, groups: 2, share: 2, head: 4 }))
    const k = b.input('k', 'data', f32({ groups: 2, "time'": 5, head: 4, batch: 2 }))
    const score = b.sumProduct(q, k, ['head'])
    b.result('score', score)
    b.result('back', b.sumProduct(score, q, ['time', 'share']))
  }),
  program('transposed outputs', (b) => {
    const x = b.input('x', 'data', f32({ time: 3, width: 4 }))
    const w = b.input('w', 'data', f32({ width: 4, hidden: 5 }))
    b.result('y', b.broadcast(b.sumProduct(x, w, ['width']), f32({ hidden: 5, extra: 2, time: 3 }).dims))
  }),
  program('operands that repeat along what is summed', (b) => {
    const x = b.input('x', 'data', f32({ time: 5 }))
    const w = b.input('w', 'data', f32({ width: 4, hidden: 5 }))
    const wide = b.broadcast(x, f32({ time: 5, width: 4 }).dims)
    b.result('y', b.add('contract', [wide, w], { over: ['width'] }))
    b.result('z', b.add('reduce_sum', [wide], { over: ['width'] }))
    b.result('m', b.add('reduce_max', [wide], { over: ['width', 'time'] }))
  }),
  program('a merge of dims that do not lie together', (b) => {
    const x = b.input('x', 'data', f32({ batch: 2, heads: 3, time: 4 }))
    const y = b.merge(b.broadcast(x, f32({ batch: 2, time: 4, heads: 3 }).dims), ['batch', 'time'], 'token')
    b.result('y', b.split(b.unary('neg', y), 'token', f32({ outer: 4, inner: 2 }).dims))
  }),
  program('states that exchange values, one that is given, one that stays', (b) => {
    const a = b.input('a', 'state', f32({ time: 4 }))
    const c = b.input('c', 'state', f32({ time: 4 }))
    b.update('a', b.add('rotate', [c], { dim: 'time', by: 1 }))
    b.update('c', b.add('rotate', [a], { dim: 'time', by: 1 }))
    b.update('d', b.broadcast(b.constant(0.25), f32({ time: 4 }).dims))
    b.update('e', b.broadcast(b.constant(0.25), f32({ time: 4 }).dims))
    b.update('f', b.input('x', 'data', f32({ time: 4 })))
    b.update('turned', b.add('rotate', [b.input('turned', 'state', f32({ time: 4 }))], { dim: 'time', by: 1 }))
    b.result('before', a)
  }),
  program('adamw', (b) => {
    const type = f32({ width: 5, hidden: 6 })
    const [w, m, v, g] = (['w', 'm', 'v', 'g'] as const).map((name) => b.input(name, 'state', type)) as [ReturnType<Builder['input']>, ReturnType<Builder['input']>, ReturnType<Builder['input']>, ReturnType<Builder['input']>]
    const rate = b.input('rate', 'data', f32({}))
    const norm = b.unary('sqrt', b.reduce('reduce_sum', b.binary('mul', g, g), ['width', 'hidden']))
    const clipped = b.binary('mul', g, b.binary('min', 1, b.binary('div', 1, norm)))
    const m1 = b.binary('add', b.binary('mul', m, 0.9), b.binary('mul', clipped, 0.1))
    const v1 = b.binary('add', b.binary('mul', v, 0.95), b.binary('mul', b.binary('mul', clipped, clipped), 0.05))
    const change = b.binary('div', b.binary('mul', m1, rate), b.binary('add', b.unary('sqrt', v1), 1e-8))
    b.update('w', b.binary('sub', b.binary('mul', w, 0.99), change))
    b.update('m', m1)
    b.update('v', v1)
    b.update('g', b.broadcast(b.constant(0), type.dims))
    b.result('norm', norm)
  }, { range: [0.1, 2] }), // prettier-ignore
  program('embedding and its gradient', (b) => {
    const tokens = b.input('tokens', 'data', i32({ batch: 3, time: 200 }))
    const e = b.input('e', 'state', f32({ symbols: 11, width: 300 }))
    const x = b.gather(e, 'symbols', tokens)
    b.result('x', b.reduce('reduce_sum', x, ['width']))
    const d = b.add('scatter', [b.binary('mul', x, 0.01), tokens], { dim: { name: 'symbols', size: 11 }, over: ['batch', 'time'], unique: false })
    b.update('e', b.binary('add', e, d))
  }, { range: [0, 10], tolerance: 1e-4 }), // prettier-ignore
  program('an embedding of which one row is read all the time', (b) => {
    const tokens = b.binary('min', b.input('tokens', 'data', i32({ time: 2500 })), 3)
    const d = b.input('d', 'data', f32({ time: 2500, width: 256 }))
    b.result('dE', b.add('scatter', [d, tokens], { dim: { name: 'symbols', size: 4 }, over: ['time'], unique: false }))
  }, { range: [0, 10], tolerance: 1e-4 }), // prettier-ignore
  program('cross-entropy of a gathered class', (b) => {
    const x = b.input('x', 'data', f32({ time: 40, vocab: 29 }))
    const target = b.input('target', 'data', i32({ time: 40 }))
    const top = b.reduce('reduce_max', x, ['vocab'])
    const lse = b.binary('add', top, b.unary('log', b.reduce('reduce_sum', b.unary('exp', b.binary('sub', x, top)), ['vocab'])))
    const nll = b.binary('sub', lse, b.gather(x, 'vocab', target))
    b.result('loss', b.reduce('reduce_sum', nll, ['time']))
    const hit = b.cast(b.binary('eq', b.position({ name: 'vocab', size: 29 }), target), 'f32')
    b.result('dx', b.binary('sub', b.unary('exp', b.binary('sub', x, lse)), hit))
    b.result('chosen', b.gather(b.unary('exp', b.binary('sub', x, lse)), 'vocab', b.reduce('argmax', x, ['vocab'])))
  }, { range: [0, 28], tolerance: 1e-4 }), // prettier-ignore
  program('many summands', (b) => {
    const xs = Array.from({ length: 20 }, (_, i) => b.input(`x${i}`, 'data', f32({ time: 3 + i })))
    const sums = xs.map((x) => b.reduce('reduce_sum', b.rename(b.binary('mul', x, x), 'time', 'any'), ['any']))
    b.result(
      'norm',
      b.unary(
        'sqrt',
        sums.reduce((a, c) => b.binary('add', a, c)),
      ),
    )
    const same = Array.from({ length: 20 }, (_, i) => b.input(`y${i}`, 'data', f32({ width: 5 })))
    b.result(
      'sum',
      same.reduce((a, c) => b.binary('add', a, c)),
    )
  }),
  program(
    'rows of a live number, gathered, multiplied and scattered back',
    (b) => {
      const x = b.input('x', 'data', f32({ batch: 3, time: 4, width: 6 }))
      const index = b.input('index', 'data', { dtype: 'i32', dims: [row] })
      const w = b.input('w', 'data', f32({ width: 6, vocab: 5 }))
      const rows = b.gather(b.merge(x, ['batch', 'time'], 'token'), 'token', index, true)
      const logits = b.sumProduct(rows, w, ['width'])
      b.result('logits', logits)
      b.result('best', b.gather(logits, 'vocab', b.binary('mod', index, 5)))
      b.result('sum', b.reduce('reduce_sum', logits, ['row']))
      b.result('dw', b.sumProduct(rows, logits, ['row']))
      b.result('back', b.add('scatter', [rows, index], { dim: { name: 'token', size: 12 }, over: ['row'], unique: true }))
      b.result('order', b.binary('lt', b.rename(b.position(row), 'row', "row'"), b.position(row)))
    },
    { range: [0, 11], extents: { row: 1 } },
  ),
  program(
    'a live dim beside others that are merged',
    (b) => {
      const type: Type = { dtype: 'f32', dims: [{ name: 'batch', size: 2 }, row, { name: 'width', size: 3 }] }
      const x = b.input('x', 'data', type)
      const other = b.input('y', 'data', type)
      b.result('pairs', b.sumProduct(x, b.rename(other, 'row', "row'"), ['width']))
      b.result('flat', b.unary('neg', b.merge(x, ['batch', 'row'], 'all')))
      b.result('wide', b.broadcast(b.reduce('reduce_sum', x, ['row', 'width']), [row, { name: 'batch', size: 2 }]))
    },
    { extents: { row: 5 } },
  ),
  program('truth values at the border', (b) => {
    const x = b.input('x', 'data', shape('bool', { time: 4 }))
    b.result('y', b.unary('not', x))
    b.update('s', b.binary('and', b.input('s', 'state', shape('bool', { time: 4 })), x))
  }, { range: [0, 1] }), // prettier-ignore
  program('powers', (b) => {
    const x = b.input('x', 'data', f32({ time: 8 }))
    for (const p of [2, 3, -1, -2]) b.result(`p${p}`, b.binary('pow', x, p))
    for (const p of [0.5, -0.5, 1.5]) b.result(`p${p}`, b.binary('pow', b.unary('abs', x), p))
  }, { tolerance: 1e-4 }), // prettier-ignore
]

async function compare({ name, graph, range, extents = {}, tolerance = 3e-5 }: Case, executable: Executable): Promise<void> {
  await judge(
    executable,
    name,
    graph,
    randomInputs(graph, extents, () => range),
    extents,
    tolerance,
  )
}

describe('ops mean what the interpreter means', () => {
  const loaded: Executable[] = []
  before(async () => {
    const backend = await testBackend()
    loaded.push(await backend.load(planWebgpu(examples, backend.facts)))
  })
  after(async () => loaded[0]![Symbol.asyncDispose]())
  for (const example of examples) test(example.name, async () => compare(example, loaded[0]!))
})

describe('fused kernels mean what the interpreter means', () => {
  for (const graph of fused) {
    test(graph.name, async () => {
      const backend = await testBackend()
      // Products have a form for hardware; grids may have to be folded.
      const folded = { ...backend.facts, software: false, limits: { ...backend.facts.limits, maxComputeWorkgroupsPerDimension: 70 } }
      const plans = [planWebgpu([graph], backend.facts), planInWindows(graph, backend.facts)]
      if (graph.graph.nodes.some((n) => n.op === 'contract')) plans.push(planWebgpu([graph], folded))
      for (const plan of plans) {
        if (!plan) continue
        await using executable = await backend.load(plan)
        await compare(graph, executable)
      }
    })
  }
})

test('a function written in WGSL', async () => {
  const b = new Builder()
  const x = b.input('x', 'data', f32({ time: 3 }))
  b.result('y', b.unary('neg', b.add('native', [x, b.constant(2)], { name: 'n', code: 'return a * a + scale;', params: ['a', 'scale'] })))
  const backend = await testBackend()
  await using executable = await backend.load(planWebgpu([{ name: 'square', graph: b.finish() }], backend.facts))
  assert.deepEqual(await executable.run('square', { x: Float32Array.of(1, 2, 3) }), { y: Float32Array.of(-3, -6, -11) })
})

test('a function written in WGSL that takes nothing', async () => {
  const b = new Builder()
  const two = b.add('native', [], { name: 'two', code: 'return 2.0;', params: [] })
  b.result('y', b.binary('mul', b.input('x', 'data', f32({ time: 3 })), two))
  b.result('two', two)
  const backend = await testBackend()
  await using executable = await backend.load(planWebgpu([{ name: 'double', graph: b.finish() }], backend.facts))
  assert.deepEqual(await executable.run('double', { x: Float32Array.of(1, 2, 3) }), {
    y: Float32Array.of(2, 4, 6),
    two: Float32Array.of(2),
  })
})

describe('random graphs mean what the interpreter means', () => {
  for (let seed = 1; seed <= 8; seed++) {
    test(`seed ${seed}`, async () => {
      const backend = await testBackend()
      const graph = { name: 'random', graph: randomGraph(seed, 24), tolerance: 1e-3 }
      await using executable = await backend.load(planWebgpu([graph], backend.facts))
      await compare(graph, executable)
    })
  }
})

describe('what shares a kernel', () => {
  const kernelsOf = (name: string): readonly string[] => {
    const { graph } = fused.find((c) => c.name === name)!
    return fuse(graph, hardware).kernels.map((k) => k.kind)
  }
  test('softmax: both reductions and the division', () => assert.deepEqual(kernelsOf('softmax'), ['reduction']))
  test('embedding: lookup with its sum; gradient with its addition, and a copy since it reads other rows of the state', () => {
    assert.deepEqual(kernelsOf('embedding and its gradient'), ['reduction', 'scatter', 'pointwise'])
  })
  test('adamw of a small weight: its norm, moments, weight and zeroed gradient', () => assert.deepEqual(kernelsOf('adamw'), ['reduction']))
  test('a product, its scaling and a sum into a state: one kernel, in place', () => {
    const b = new Builder()
    const g = b.input('g', 'state', f32({ width: 64, hidden: 64 }))
    const dw = b.sumProduct(b.input('x', 'data', f32({ time: 8, width: 64 })), b.input('y', 'data', f32({ time: 8, hidden: 64 })), ['time'])
    b.update('g', b.binary('add', g, b.binary('mul', dw, 0.5)))
    const { kernels, tensors } = fuse(b.finish(), hardware)
    assert.deepEqual(
      kernels.map((k) => k.kind),
      ['matmul'],
    )
    assert.deepEqual(
      tensors.map((t) => t.source.kind),
      ['state', 'data', 'data'],
    )
  })
})
