// Walks the op table: each example's type against what evaluate gives, and its gradient against central differences.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Builder } from '../compiler/graph/builder.ts'
import { names } from '../compiler/graph/dims.ts'
import { evaluate, evaluateNode } from '../compiler/graph/evaluate.ts'
import type { Node, OpName, Type } from '../compiler/graph/graph.ts'
import { attentionBody } from '../compiler/graph/ops/attention.ts'
import type { Example } from '../compiler/graph/ops/op.ts'
import { opOf, table } from '../compiler/graph/ops/table.ts'
import { count } from '../compiler/graph/tensor.ts'
import { verify } from '../compiler/graph/verify.ts'
import { differentiate } from '../compiler/passes/differentiate.ts'
import { difference, random, slope } from './helpers/graphs.ts'

const ops = Object.keys(table) as OpName[]
const isFloat = (type: Type) => type.dtype === 'f32'

function exampleGraph(op: OpName, { inputs, attrs }: Example<OpName>) {
  const b = new Builder()
  const values = inputs.map((type, i) => b.input(`x${i}`, 'data', type))
  const y = b.add(op, values, attrs, op === 'cast' ? { dtype: 'f32', dims: inputs[0]!.dims } : undefined)
  return { b, values, y }
}

for (const op of ops) {
  const record = opOf(op)
  describe(op, () => {
    test('says what it is', () => {
      assert.equal(record.name, op)
      assert.match(record.doc, /\.$/)
      if (record.scalar) assert.ok(record.wgsl && record.onnx && record.examples.length > 0, 'an elementwise op says itself everywhere')
      else assert.ok(record.evaluate || ['input', 'call', 'native'].includes(op))
    })
    record.examples.forEach((example, n) => {
      const tensors = example.inputs.map((type, i) => random(type, 10 * n + i, example.range))
      test(`example ${n} has the type of its rule`, () => {
        const type = op === 'cast' ? { dtype: 'f32' as const, dims: example.inputs[0]!.dims } : record.type(example.inputs, example.attrs)
        const y = evaluateNode({ op, inputs: tensors.map((_, i) => i), attrs: example.attrs, type } as Node, tensors)
        assert.deepEqual(names(y.dims), names(type.dims))
        assert.equal(y.data.length, count(type.dims))
        assert.ok(y.data.every(Number.isFinite))
      })
      if (record.grad && op !== 'bf16') test(`example ${n} has the gradient of its differences`, () => checkGradient(op, example, n)) // prettier-ignore
    })
  })
}

function checkGradient(op: OpName, example: Example<OpName>, seed: number): void {
  const { b, values, y } = exampleGraph(op, example)
  const weight = b.input('weight', 'data', y.type)
  b.result('loss', b.reduce('reduce_sum', b.binary('mul', y, weight), names(y.type.dims)))
  const forward = b.finish()
  const wrt = values.filter((x) => isFloat(x.type))
  const gradients = differentiate(b, b.reduce('reduce_sum', b.binary('mul', y, weight), names(y.type.dims)), wrt)
  gradients.forEach((g, i) => b.result(`d${i}`, g))
  const graph = b.finish()
  verify(graph)
  const inputs = Object.fromEntries([
    ...example.inputs.map((type, i) => [`x${i}`, random(type, 10 * seed + i, example.range)] as const),
    ['weight', random(y.type, 99)] as const,
  ])
  const results = evaluate(graph, inputs)
  wrt.forEach((x, k) => {
    const name = `x${values.indexOf(x)}`
    const d = results[`d${k}`]!
    assert.deepEqual(names(d.dims), names(x.type.dims))
    d.data.forEach((value, i) => {
      const expected = slope(forward, inputs, name, i)
      assert.ok(
        Math.abs(value - expected) < 1e-6 * (1 + Math.abs(expected)),
        `d ${op} / d ${name}[${i}] is ${value}, differences say ${expected}`,
      )
    })
  })
}

test('bf16 rounds to 8 bits, ties to even, and passes its gradient through', () => {
  const bf16 = table.bf16.scalar!
  assert.equal(bf16(1 + 2 ** -8), 1)
  assert.equal(bf16(1 + 3 * 2 ** -8), 1 + 2 ** -6)
  assert.equal(bf16(1 + 2 ** -8 + 2 ** -20), 1 + 2 ** -7)
  assert.equal(bf16(-Infinity), -Infinity)
  const b = new Builder()
  const x = b.input('x', 'data', { dtype: 'f32', dims: [] })
  assert.equal(b.node(differentiate(b, b.unary('bf16', x), [x])[0]!).op, 'constant')
})

test('round takes the even of two, mod the sign of its divisor', () => {
  assert.deepEqual([0.5, 1.5, 2.5, -0.5, -1.5, 2.4, -2.6].map((x) => table.round.scalar!(x) + 0), [0, 2, 2, 0, -2, 2, -3]) // prettier-ignore
  assert.deepEqual([[5, 3], [-5, 3], [5, -3], [-5, -3], [6, 3]].map(([x, y]) => table.mod.scalar!(x!, y!) + 0), [2, 1, -1, -2, 0]) // prettier-ignore
})

for (const [op, body] of Object.entries(attentionBody)) {
  test(`${op} equals its formula in primitives`, () => {
    opOf(op as keyof typeof attentionBody).examples.forEach((example, n) => {
      const { b, values, y } = exampleGraph(op as OpName, example)
      b.result('y', y)
      b.result('body', b.broadcast(body(b, example.attrs, values), y.type.dims))
      const results = evaluate(b.finish(), Object.fromEntries(example.inputs.map((type, i) => [`x${i}`, random(type, 10 * n + i)])))
      assert.ok(difference(results['y']!, results['body']!) < 1e-13)
    })
  })
}
