// Builder, printer, verifier, interpreter, and the random numbers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Bug } from '../compiler/bug.ts'
import { Builder } from '../compiler/graph/builder.ts'
import { shape } from '../compiler/graph/dims.ts'
import { evaluate } from '../compiler/graph/evaluate.ts'
import type { Graph } from '../compiler/graph/graph.ts'
import { philox, uniform } from '../compiler/graph/philox.ts'
import { print } from '../compiler/graph/print.ts'
import { verify } from '../compiler/graph/verify.ts'
import { composite, random, SMALL, lossGraph } from './helpers/graphs.ts'

const words = (k: readonly [number, number], c: readonly [number, number, number, number]) => {
  const out = new Uint32Array(4)
  philox(out, ...k, ...c)
  return [...out].map((x) => x.toString(16).padStart(8, '0')).join(' ')
}

test('Philox gives the known answers of its authors', () => {
  const ones = 0xffffffff
  assert.equal(words([0, 0], [0, 0, 0, 0]), '6627e8d5 e169c58d bc57ac4c 9b00dbd8')
  assert.equal(words([ones, ones], [ones, ones, ones, ones]), '408f276d 41c83b0e a20bc7c6 6d5451fd')
  assert.equal(words([0xa4093822, 0x299f31d0], [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344]), 'd16cfe09 94fdcceb 5001e420 24126ea1')
})

test('uniform numbers are f32 values inside (0, 1) with the right mean and spread', () => {
  const draws = Array.from({ length: 20000 }, (_, i) => uniform(1, 2, 3, 4, 5, i))
  assert.ok(draws.every((u) => u > 0 && u < 1 && Math.fround(u) === u))
  const mean = draws.reduce((s, u) => s + u, 0) / draws.length
  const variance = draws.reduce((s, u) => s + (u - mean) ** 2, 0) / draws.length
  assert.ok(Math.abs(mean - 0.5) < 0.01 && Math.abs(variance - 1 / 12) < 0.003)
})

test('equal nodes are one', () => {
  const b = new Builder()
  const x = b.input('x', 'data', shape('f32', { time: 3 }))
  assert.equal(b.binary('mul', x, 3), b.binary('mul', x, 3))
  assert.notEqual(b.binary('mul', x, 3), b.binary('mul', x, 4))
  assert.notEqual(b.constant(0), b.constant(-0))
  const data = (...values: number[]) => b.add('table', [], { data: Float32Array.from(values) }, shape('f32', { time: 2 }))
  assert.equal(data(1, 2), data(1, 2))
  assert.notEqual(data(1, 2), data(2, 1))
  const silu = () => composite(b, 'silu', x, (c, y) => c.binary('div', y, c.binary('add', 1, c.unary('exp', c.unary('neg', y)))))
  assert.equal(silu(), silu())
})

test('trivial nodes are not made', () => {
  const b = new Builder()
  const x = b.input('x', 'data', shape('f32', { batch: 2, time: 6 }))
  const test = b.binary('gt', x, 0)
  assert.equal(b.binary('mul', x, 1), x)
  assert.equal(b.binary('add', 0, x), x)
  assert.equal(b.unary('neg', b.unary('neg', x)), x)
  assert.equal(b.cast(x, 'f32'), x)
  assert.equal(b.broadcast(x, x.type.dims), x)
  assert.equal(b.rename(b.rename(x, 'time', 'a'), 'a', 'time'), x)
  assert.equal(b.split(b.merge(x, ['batch', 'time'], 'token'), 'token', x.type.dims), x)
  assert.equal(b.select(b.binary('lt', 1, 2), x, 0), x)
  assert.equal(b.select(b.unary('not', test), 0, x), b.select(test, x, 0))
  assert.equal(b.binary('add', b.constant(2), b.constant(3)), b.constant(5))
  assert.equal(b.add('rotate', [b.add('rotate', [x], { dim: 'time', by: 2 })], { dim: 'time', by: -2 }), x)
  assert.equal(b.binary('mul', x, b.broadcast(b.constant(2), x.type.dims)), b.binary('mul', x, 2))
  assert.equal(b.reduce('reduce_sum', b.reduce('reduce_sum', x, ['time']), ['batch']), b.reduce('reduce_sum', x, ['batch', 'time']))
  assert.equal(b.reduce('reduce_sum', b.broadcast(b.constant(2), x.type.dims), ['batch', 'time']), b.constant(24))
})

test('sums of products become contractions only where a matrix product is one', () => {
  const b = new Builder()
  const x = b.input('x', 'data', shape('f32', { time: 3, width: 4 }))
  const w = b.input('w', 'data', shape('f32', { width: 4, hidden: 5 }))
  assert.equal(b.node(b.sumProduct(x, w, ['width'])).op, 'contract')
  assert.equal(b.node(b.sumProduct(x, x, ['width'])).op, 'reduce_sum')
  // hidden is summed before the two meet.
  assert.deepEqual(b.sumProduct(x, w, ['width', 'hidden']).type, shape('f32', { time: 3 }))
  assert.equal(b.node(b.value(b.node(b.sumProduct(x, w, ['width', 'hidden'])).inputs[1]!)).op, 'reduce_sum')
})

test('an index may walk along the dim it looks into', () => {
  const b = new Builder()
  const x = b.input('x', 'data', shape('f32', { time: 3, width: 2 }))
  b.result('y', b.gather(x, 'time', b.input('i', 'data', shape('i32', { time: 3 }))))
  const i = { dims: shape('i32', { time: 3 }).dims, data: Float64Array.of(2, 0, 0) }
  const y = evaluate(b.finish(), { x: { dims: x.type.dims, data: Float64Array.of(1, 2, 3, 4, 5, 6) }, i })['y']!
  assert.deepEqual([...y.data], [5, 6, 1, 2, 1, 2])
})

test('integers wrap and truncate', () => {
  const b = new Builder()
  const x = b.input('x', 'data', shape('i32'))
  b.result('product', b.binary('mul', x, 0x12345677))
  b.result('quotient', b.binary('div', x, -3))
  b.result('cast', b.cast(b.binary('div', b.cast(x, 'f32'), -3), 'i32'))
  const { product, quotient, cast } = evaluate(b.finish(), { x: 0x12345679 })
  assert.equal(product!.data[0], Math.imul(0x12345679, 0x12345677))
  assert.equal(quotient!.data[0], Math.trunc(0x12345679 / -3))
  assert.equal(cast!.data[0], Math.trunc(0x12345679 / -3))
})

test('live dims have the extents of the run, merged ones their product', () => {
  const b = new Builder()
  const dims = [{ name: 'batch', size: 2 }, { name: 'slot', size: 8, live: true }] // prettier-ignore
  const x = b.input('x', 'data', { dtype: 'f32', dims })
  const key = b.position({ name: "slot'", size: 8, live: true })
  b.result('token', b.merge(x, ['batch', 'slot'], 'token'))
  b.result('later', b.binary('mul', x, b.cast(key, 'f32')))
  const x3 = random(shape('f32', { batch: 2, slot: 3 }), 1)
  const { token, later } = evaluate(b.finish(), { x: x3 }, { slot: 3 })
  assert.deepEqual([token!.data.length, later!.data.length], [6, 18])
})

test('a printed graph has one node a line', () => {
  const b = new Builder()
  const x = b.input('x', 'data', shape('f32', { batch: 2, width: 16 }))
  const w = b.input('w', 'state', shape('f32', { width: 16, hidden: 3 }))
  const y = b.sumProduct(x, w, ['width'])
  b.result('y', b.gather(y, 'hidden', b.position({ name: 'hidden', size: 3 })))
  b.update('w', b.binary('mul', w, -0.5))
  assert.equal(
    print(b.finish()),
    `%0 f32[batch 2, width 16] = input data x
%1 f32[width 16, hidden 3] = input state w
%2 f32[batch 2, hidden 3] = contract %0 %1 over width
%3 i32[hidden 3] = position
%4 f32[batch 2, hidden' 3] = rename %2 from hidden to hidden'
%5 f32[batch 2, hidden 3] = gather %4 %3 dim hidden' unique false
%6 f32[] = constant -0.5
%7 f32[width 16, hidden 3] = mul %1 %6
result y = %5
update w = %7
`,
  )
})

test('verify finds wrong order, wrong types and updates of nothing', () => {
  const good = lossGraph(SMALL)
  verify(good)
  const last = good.nodes.length - 1
  const change = (id: number, by: object): Graph => ({ ...good, nodes: good.nodes.map((n, i) => (i === id ? { ...n, ...by } : n)) })
  assert.throws(() => verify(change(last, { inputs: [last] })), Bug)
  assert.throws(() => verify(change(last, { type: shape('f32', { batch: 2 }) })), Bug)
  assert.throws(() => verify({ ...good, outputs: [{ kind: 'update', name: 'tokens', node: last }] }), Bug)
  assert.throws(() => verify({ ...good, outputs: [{ kind: 'result', name: 'y', node: last + 1 }] }), Bug)
})

test('operands of one name and two sizes are a bug', () => {
  const b = new Builder()
  const x = b.input('x', 'data', shape('f32', { time: 3 }))
  assert.throws(() => b.binary('add', x, b.input('y', 'data', shape('f32', { time: 4 }))), Bug)
  assert.throws(() => b.reduce('reduce_sum', x, ['width']), Bug)
})
