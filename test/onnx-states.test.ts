// When a state may be overwritten while the program runs; and the format of the model's bytes.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Builder, type Value } from '../compiler/graph/builder.ts'
import { shape } from '../compiler/graph/dims.ts'
import type { Graph, Type } from '../compiler/graph/graph.ts'
import type { OnnxNode } from '../compiler/plan/onnx-model.ts'
import { writableInPlace } from '../compiler/plan/onnx-states.ts'
import { planOnnx } from '../compiler/plan/onnx.ts'
import { encode, float, int, message, text } from '../compiler/plan/protobuf.ts'
import type { Backend } from '../runtime/backend.ts'
import { cpuBackend, cpuFacts } from '../runtime/onnx/backend.ts'
import { judge, randomTensor } from './onnx-judge.ts'

const matrix: Type = shape('f32', { a: 3, b: 3 })

function graphOf(build: (b: Builder, state: Value, x: Value) => void): Graph {
  const b = new Builder()
  build(b, b.input('s', 'state', matrix), b.input('x', 'data', matrix))
  return b.finish()
}

const square = (b: Builder, x: Value): Value => b.sumProduct(b.rename(x, 'b', 'c'), b.rename(x, 'a', 'c'), ['c'])

const cases: readonly { readonly name: string; readonly inPlace: boolean; readonly graph: Graph }[] = [
  { name: 'read by the writer alone', inPlace: true, graph: graphOf((b, s, x) => b.update('s', b.binary('add', s, x))) },
  {
    name: 'read before, by what the writer depends on',
    inPlace: true,
    graph: graphOf((b, s, x) => {
      const norm = b.reduce('reduce_sum', b.binary('mul', s, s), ['a', 'b'])
      b.update('s', b.binary('sub', s, b.binary('mul', x, norm)))
    }),
  },
  {
    name: 'read by a result that the writer does not depend on',
    inPlace: false,
    graph: graphOf((b, s, x) => {
      b.update('s', b.binary('add', s, x))
      b.result('old', b.reduce('reduce_sum', b.binary('mul', s, x), ['a', 'b']))
    }),
  },
  {
    name: 'shown as it was',
    inPlace: false,
    graph: graphOf((b, s, x) => {
      b.update('s', b.binary('add', s, x))
      b.result('old', s)
    }),
  },
  { name: 'read across by the writer', inPlace: false, graph: graphOf((b, s) => b.update('s', square(b, s))) },
  {
    name: 'read across, after something elementwise',
    inPlace: false,
    graph: graphOf((b, s) => b.update('s', b.broadcast(b.rename(b.rename(b.rename(s, 'a', 'c'), 'b', 'a'), 'c', 'b'), matrix.dims))),
  },
  { name: 'not read at all', inPlace: false, graph: graphOf((b, s, x) => (b.result('old', s), b.update('s', x))) },
]

describe('states', () => {
  let backend: Backend
  before(async () => void (backend = await cpuBackend({ threads: 1 })))
  after(() => backend[Symbol.asyncDispose]())
  for (const { name, graph, inPlace } of cases) {
    test(name, async () => {
      const plan = planOnnx([{ name: 'p', graph }], cpuFacts(1))
      assert.equal(plan.programs[0]!.updates[0]!.inPlace, inPlace)
      const executable = await backend.load(plan)
      await judge(executable, 'p', graph, { s: randomTensor(matrix, 1, {}), x: randomTensor(matrix, 2, {}) })
      await executable[Symbol.asyncDispose]()
    })
  }

  test('two states that change places', async () => {
    const b = new Builder()
    const [s, t] = [b.input('s', 'state', matrix), b.input('t', 'state', matrix)]
    b.update('s', t)
    b.update('t', s)
    const graph = b.finish()
    const executable = await backend.load(planOnnx([{ name: 'p', graph }], cpuFacts(1)))
    await judge(executable, 'p', graph, { s: randomTensor(matrix, 1, {}), t: randomTensor(matrix, 2, {}) })
    await executable[Symbol.asyncDispose]()
  })

  test('a reader through a view counts as a reader', () => {
    const node = (op: string, inputs: readonly string[], output: string): OnnxNode => ({
      op,
      domain: '',
      inputs,
      outputs: [output],
      attrs: {},
    })
    const writer = node('Add', ['s', 'x'], 'n')
    assert.equal(writableInPlace([writer], 's', 'n'), true)
    assert.equal(writableInPlace([node('Reshape', ['s'], 'v'), node('Exp', ['v'], 'r'), writer], 's', 'n'), false)
    assert.equal(writableInPlace([node('Reshape', ['s'], 'v'), node('Exp', ['v'], 'x'), writer], 's', 'n'), true)
    assert.equal(writableInPlace([node('Reshape', ['s'], 'v'), node('Add', ['v', 'x'], 'n')], 's', 'n'), false)
  })
})

test('scatter with repeated indices never becomes ScatterND', () => {
  const b = new Builder()
  const x = b.input('x', 'data', shape('f32', { time: 4, width: 2 }))
  const index = b.input('index', 'data', shape('i32', { time: 4 }))
  for (const unique of [false, true]) {
    b.result(`y${unique}`, b.add('scatter', [x, index], { dim: { name: 'symbols', size: 9 }, over: ['time'], unique }))
  }
  const { programs } = planOnnx([{ name: 'p', graph: b.finish() }], cpuFacts(1))
  const ops = new TextDecoder('latin1').decode(programs[0]!.model)
  assert.equal(ops.split('ScatterND').length - 1, 1)
  assert.equal(ops.split('ScatterElements').length - 1, 1)
})

test('protobuf: numbers seven bits a byte, messages inside messages, text as UTF-8', () => {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
  assert.equal(hex(encode([int(1, 150)])), '089601')
  assert.equal(hex(encode([int(2, -1)])), '10ffffffffffffffffff01')
  assert.equal(hex(encode([text(2, 'é')])), '1202c3a9')
  assert.equal(hex(encode([float(3, 1)])), '1d0000803f')
  assert.equal(hex(encode([message(20, [int(1, 0), text(2, '')])])), 'a2010408001200')
})
