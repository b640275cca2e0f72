// Half precision as a pass: the same numbers up to rounding, operands of products in f16, and what must not be rounded left alone.
import assert from 'node:assert/strict'
import test from 'node:test'
import { Builder } from '../compiler/graph/builder.ts'
import { shape } from '../compiler/graph/dims.ts'
import { evaluate } from '../compiler/graph/evaluate.ts'
import type { Graph, Node } from '../compiler/graph/graph.ts'
import { verify } from '../compiler/graph/verify.ts'
import { copyWeights, half, readByProducts } from '../compiler/passes/half.ts'
import { assertClose, inputsFor } from './helpers/graphs.ts'

function made(build: (b: Builder) => void): Graph {
  const b = new Builder()
  build(b)
  return b.finish()
}

const f32 = (sizes: Readonly<Record<string, number>>) => shape('f32', sizes)
const products = (graph: Graph): readonly Node[] => graph.nodes.filter((n) => n.op === 'contract')
const dtypes = (graph: Graph, node: Node): readonly string[] => node.inputs.map((id) => graph.nodes[id]!.type.dtype)

/** x W1 gated by x W2, back to the width, added to x. */
const gated = made((b) => {
  const x = b.input('x', 'data', f32({ time: 3, width: 4 }))
  const gate = b.sumProduct(x, b.input('W1', 'state', f32({ width: 4, hidden: 5 })), ['width'])
  const up = b.sumProduct(x, b.input('W2', 'state', f32({ width: 4, hidden: 5 })), ['width'])
  const act = b.binary('mul', b.unary('tanh', gate), up)
  const y = b.binary('add', x, b.sumProduct(act, b.input('W3', 'state', f32({ hidden: 5, width: 4 })), ['hidden']))
  b.result('y', y)
  b.update('g', b.binary('add', b.input('g', 'state', f32({ width: 4, hidden: 5 })), b.sumProduct(x, act, ['time'])))
})

test('the pass changes no number but by rounding, and no type at the border', () => {
  const graph = half(gated)
  verify(graph)
  assertClose(evaluate(graph, inputsFor(gated)), evaluate(gated, inputsFor(gated)), 1e-12)
  for (const [i, output] of graph.outputs.entries()) {
    assert.deepEqual(graph.nodes[output.node]!.type, gated.nodes[gated.outputs[i]!.node]!.type)
  }
})

test('products read f16 and give f32; only what later products read is rounded', () => {
  const graph = half(gated)
  for (const node of products(graph)) assert.deepEqual([...dtypes(graph, node), node.type.dtype], ['f16', 'f16', 'f32'])
  const users = (id: number) => graph.nodes.filter((n) => n.inputs.includes(id)).map((n) => `${n.op} ${n.type.dtype}`)
  const [gate, up, back, gradient] = graph.nodes.flatMap((n, id) => (n.op === 'contract' ? [users(id)] : []))
  assert.deepEqual([gate, up], [['cast f16'], ['cast f16']])
  assert.deepEqual([back, gradient], [['add f32'], ['add f32']])
})

test('what no product reads may be kept as f16, too, unless it is added to something', () => {
  const users = (graph: Graph): readonly (readonly string[])[] =>
    graph.nodes.flatMap((n, id) => (n.op === 'contract' ? [graph.nodes.filter((m) => m.inputs.includes(id)).map((m) => m.op)] : []))
  const scores = made((b) => {
    const logits = b.sumProduct(b.input('x', 'data', f32({ row: 3, width: 4 })), b.input('U', 'state', f32({ width: 4, vocab: 5 })), [
      'width',
    ])
    b.result('lse', b.unary('log', b.reduce('reduce_sum', b.unary('exp', logits), ['vocab'])))
  })
  assert.deepEqual(users(half(scores)), [['exp']])
  assert.deepEqual(users(half(scores, undefined, true)), [['cast']])
  assert.deepEqual(users(half(gated, undefined, true)).slice(2), [['add'], ['add']])
})

test('views of one value share its cast', () => {
  const graph = half(
    made((b) => {
      const k = b.unary('exp', b.input('k', 'data', f32({ time: 3, head: 4 })))
      const q = b.input('q', 'data', f32({ time: 3, head: 4 }))
      b.result('score', b.sumProduct(q, b.rename(k, 'time', "time'"), ['head']))
      b.result('other', b.sumProduct(b.input('w', 'data', f32({ head: 4, out: 2 })), k, ['head']))
    }),
  )
  assert.equal(graph.nodes.filter((n) => n.op === 'cast' && n.type.dtype === 'f16').length, 3)
})

test('a product along a vector stays f32', () => {
  const graph = half(made((b) => b.result('y', b.sumProduct(b.input('x', 'data', f32({ width: 4 })), b.input('w', 'data', f32({ width: 4, out: 3 })), ['width'])))) // prettier-ignore
  assert.deepEqual(dtypes(graph, products(graph)[0]!), ['f32', 'f32'])
})

test('states that are only multiplied can be f16; those that are updated, added or given out cannot', () => {
  const graph = made((b) => {
    const x = b.input('x', 'data', f32({ time: 3, width: 4 }))
    const w = (name: string) => b.input(name, 'state', f32({ width: 4, out: 3 }))
    b.result('y', b.sumProduct(x, w('multiplied'), ['width']))
    b.result('z', b.sumProduct(x, b.unary('exp', w('computed')), ['width']))
    b.result('u', b.sumProduct(x, w('updated'), ['width']))
    b.update('updated', b.binary('mul', w('updated'), 2))
  })
  const { all, only } = readByProducts(graph)
  assert.deepEqual([[...all], [...only]], [['multiplied', 'updated'], ['multiplied']])
  const inputs = half(graph, { only, copied: new Set() }).nodes.flatMap((n) => (n.op === 'input' ? [[n.attrs.name, n.type.dtype]] : []))
  assert.deepEqual(Object.fromEntries(inputs), { x: 'f32', multiplied: 'f16', computed: 'f32', updated: 'f32' })
})

test('a weight with a copy: products read the copy, and every update of the weight is one of the copy', () => {
  const graph = made((b) => {
    const w = b.input('w', 'state', f32({ width: 4, out: 3 }))
    b.result('y', b.sumProduct(b.input('x', 'data', f32({ time: 3, width: 4 })), w, ['width']))
    b.update('w', b.binary('mul', w, 2))
  })
  const copied = readByProducts(graph).all
  const copying = half(graph, { only: new Set(), copied })
  verify(copying)
  const w = inputsFor(graph)['w']!
  // The copy holds other numbers here, so that it shows who reads it.
  const zero = { ...w, data: w.data.map(() => 0) }
  const found = evaluate(copying, { ...inputsFor(graph), 'half/w': zero })
  assert.ok(found['y']!.data.every((x) => x === 0))
  assert.deepEqual(found['half/w']!.data, found['w']!.data)
  assert.deepEqual(evaluate(copyWeights(graph, copied), { w })['half/w']!.data, w.data)
})
