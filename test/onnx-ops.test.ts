// Every op of the table on the CPU backend, against the reference interpreter; and what layouts make of them.
import { after, before, describe, test } from 'node:test'
import { Builder } from '../compiler/graph/builder.ts'
import { shape } from '../compiler/graph/dims.ts'
import type { Graph, OpName, Type } from '../compiler/graph/graph.ts'
import type { Example } from '../compiler/graph/ops/op.ts'
import { table } from '../compiler/graph/ops/table.ts'
import { planOnnx } from '../compiler/plan/onnx.ts'
import type { Backend, Executable } from '../runtime/backend.ts'
import { cpuBackend, cpuFacts } from '../runtime/onnx/backend.ts'
import { judge, randomInputs, type Extents, type Range } from './onnx-judge.ts'

interface Case {
  readonly name: string
  readonly graph: Graph
  readonly range?: Range
  readonly extents?: Extents
}

const f32 = (sizes: Readonly<Record<string, number>>): Type => shape('f32', sizes)

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
    { range: example.range },
  )
}

const examples = (Object.keys(table) as OpName[])
  .filter((op) => !op.startsWith('attention') && op !== 'native')
  .flatMap((op) => table[op].examples.map((example, n) => exampleCase(op, example as Example<typeof op>, n)))

const row = { name: 'row', size: 12, live: true }
const layouts: readonly Case[] = [
  program('operands whose dims are interleaved', (b) => {
    const x = b.input('x', 'data', f32({ a: 2, k: 3, b: 4, l: 2 }))
    const y = b.input('y', 'data', f32({ l: 2, n: 5, k: 3 }))
    b.result('y', b.sumProduct(x, y, ['k', 'l']))
  }),
  program('batch dims in the middle, in different orders', (b) => {
    const q = b.input('q', 'data', f32({ batch: 2, time: 3, groups: 2, share: 2, head: 4 }))
    const k = b.input('k', 'data', f32({ groups: 2, "time'": 3, head: 4, batch: 2 }))
    const score = b.sumProduct(q, k, ['head'])
    b.result('score', score)
    b.result('back', b.sumProduct(score, q, ['time', 'share']))
  }),
  program('products of whole numbers', (b) => {
    const x = b.input('x', 'data', shape('i32', { k: 3, a: 2, l: 4 }))
    const y = b.input('y', 'data', shape('i32', { c: 5, l: 4 }))
    b.result('y', b.sumProduct(x, y, ['l']))
    b.result('z', b.sumProduct(x, b.input('z', 'data', shape('i32', { k: 3, d: 2, l: 4 })), ['l']))
  }),
  program('transposed outputs', (b) => {
    const x = b.input('x', 'data', f32({ time: 3, width: 4 }))
    const w = b.input('w', 'data', f32({ width: 4, hidden: 5 }))
    const y = b.sumProduct(x, w, ['width'])
    b.result('y', b.broadcast(y, shape('f32', { hidden: 5, extra: 2, time: 3 }).dims))
  }),
  program('operands that repeat along what is summed', (b) => {
    const x = b.input('x', 'data', f32({ time: 3 }))
    const w = b.input('w', 'data', f32({ width: 4, hidden: 5 }))
    const wide = b.broadcast(x, shape('f32', { time: 3, width: 4 }).dims)
    b.result('y', b.add('contract', [wide, w], { over: ['width'] }))
    b.result('z', b.add('reduce_sum', [wide], { over: ['width'] }))
    b.result('m', b.add('reduce_max', [wide], { over: ['width', 'time'] }))
  }),
  program('a merge of dims that do not lie together', (b) => {
    const x = b.input('x', 'data', f32({ batch: 2, heads: 3, time: 4 }))
    const y = b.merge(b.broadcast(x, shape('f32', { batch: 2, time: 4, heads: 3 }).dims), ['batch', 'time'], 'token')
    b.result('y', b.split(b.unary('neg', y), 'token', shape('f32', { outer: 4, inner: 2 }).dims))
  }),
  program(
    'rows of a live number, gathered, multiplied and scattered back',
    (b) => {
      const x = b.input('x', 'data', f32({ batch: 3, time: 4, width: 2 }))
      const index = b.input('index', 'data', { dtype: 'i32', dims: [row] })
      const w = b.input('w', 'data', f32({ width: 2, vocab: 5 }))
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
      const x = b.input('x', 'data', { dtype: 'f32', dims: [{ name: 'batch', size: 2 }, row, { name: 'width', size: 3 }] })
      const other = b.input('y', 'data', { dtype: 'f32', dims: [{ name: 'batch', size: 2 }, row, { name: 'width', size: 3 }] })
      b.result('pairs', b.sumProduct(x, b.rename(other, 'row', "row'"), ['width']))
      b.result('flat', b.merge(x, ['batch', 'row'], 'all'))
      b.result('wide', b.broadcast(b.reduce('reduce_sum', x, ['row', 'width']), [row, { name: 'batch', size: 2 }]))
    },
    { extents: { row: 5 } },
  ),
  program('truth values at the border', (b) => {
    const x = b.input('x', 'data', shape('bool', { time: 4 }))
    b.result('y', b.unary('not', x))
    b.update('s', b.binary('and', b.input('s', 'state', shape('bool', { time: 4 })), x))
  }, { range: [0, 1] }), // prettier-ignore
]

describe('ONNX means what the interpreter means', () => {
  const cases = [...examples, ...layouts]
  let backend: Backend
  let executable: Executable
  before(async () => {
    backend = await cpuBackend({ threads: 1 })
    executable = await backend.load(planOnnx(cases, cpuFacts(1)))
  })
  after(async () => {
    await executable[Symbol.asyncDispose]()
    await backend[Symbol.asyncDispose]()
  })
  for (const { name, graph, range, extents = {} } of cases) {
    test(name, async () => {
      const inputs = randomInputs(graph, extents, () => range)
      await judge(executable, name, graph, inputs, extents)
    })
  }
})
