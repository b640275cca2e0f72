// Passes on a small transformer: gradients against differences, and every rewriting against the graph as it was.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Builder, type Value } from '../compiler/graph/builder.ts'
import { shape } from '../compiler/graph/dims.ts'
import { evaluate } from '../compiler/graph/evaluate.ts'
import type { Dim, Graph, Node, OpName } from '../compiler/graph/graph.ts'
import { has } from '../compiler/graph/graph.ts'
import { verify } from '../compiler/graph/verify.ts'
import { attend } from '../compiler/passes/attend.ts'
import { differentiate } from '../compiler/passes/differentiate.ts'
import { expand } from '../compiler/passes/expand.ts'
import { keepScores } from '../compiler/passes/keep-scores.ts'
import { narrow } from '../compiler/passes/narrow.ts'
import { nondifferentiable } from '../compiler/passes/nondifferentiable.ts'
import { simplify } from '../compiler/passes/simplify.ts'
import { assertClose, composite, inputsFor, loss, lossGraph, lossInputs, random, ROWS, slope, SMALL, softmax, type Size } from './helpers/graphs.ts' // prettier-ignore

const CAUSAL: Size = { ...SMALL, causal: true }
const SHARED: Size = { ...SMALL, causal: true, shared: true }
const never = () => false
const isAttention = (node: Node) => node.op.startsWith('attention')
const ops = (graph: Graph, op: OpName) => graph.nodes.filter((n) => n.op === op)

/** The graph with the gradients of its result `loss` by every state. */
function withGradients(graph: Graph): Graph {
  const b = new Builder()
  const [y] = b.inline(graph, {})
  b.result('loss', y!)
  const weights = graph.nodes.flatMap((n) => (n.op === 'input' && n.attrs.role === 'state' ? [b.input(n.attrs.name, 'state', n.type)] : []))
  differentiate(b, y!, weights).forEach((g, i) => {
    const node = b.node(weights[i]!)
    if (node.op === 'input') b.result(`d ${node.attrs.name}`, g)
  })
  return b.finish()
}

function assertSame(before: Graph, after: Graph, size: Size, tolerance: number): void {
  verify(after)
  const inputs = inputsFor(before, lossInputs(size))
  assertClose(evaluate(after, inputs, ROWS), evaluate(before, inputs, ROWS), tolerance)
}

for (const [name, size] of [
  ['bidirectional', SMALL],
  ['causal', CAUSAL],
  ['shared keys', SHARED],
] as const) {
  // prettier-ignore
  describe(`${name} transformer`, () => {
    const plain = lossGraph(size)
    const opened = expand(plain, never)

    test('gradients agree with differences', () => {
      const graph = withGradients(plain)
      verify(graph)
      const inputs = inputsFor(graph, lossInputs(size))
      const results = evaluate(graph, inputs, ROWS)
      for (const key of Object.keys(results).filter((k) => k.startsWith('d '))) {
        for (const i of [0, results[key]!.data.length - 1]) {
          const expected = slopeOfRows(plain, inputs, key.slice(2), i)
          const value = results[key]!.data[i]!
          assert.ok(Math.abs(value - expected) < 1e-7 * (1 + Math.abs(expected)), `${key}[${i}] is ${value}, differences say ${expected}`)
        }
      }
    })

    test('expand opens every composite', () => {
      assert.ok(ops(plain, 'call').length >= 4)
      assert.equal(ops(opened, 'call').length, 0)
      assertSame(plain, opened, size, 1e-13)
      assertSame(withGradients(plain), expand(withGradients(plain), never), size, 1e-12)
    })

    test('simplify keeps values, and writes sums of products as contractions', () => {
      const simple = simplify(plain)
      // Rotary tables are float32.
      assertSame(plain, simple, size, 1e-6)
      assert.ok(!simple.nodes.some((n) => ['cos', 'sin', 'pow'].includes(n.op)))
      assert.equal(ops(simple, 'table').length, 2)
      assert.equal(ops(simple, 'contract').length, 2 * 9 + 1)
      assert.ok(ops(simple, 'select').length <= (size.causal ? 3 : 1))
      assert.deepEqual(simplify(simple), simple)
    })

    test('attend finds each layer in calls and in primitives', () => {
      for (const graph of [simplify(plain), simplify(opened)]) {
        const attended = attend(graph)
        const found = attended.nodes.filter((n) => n.op === 'attention')
        assert.equal(found.length, size.layers)
        const scale = 1 / Math.sqrt(size.width / size.heads)
        for (const { attrs } of found) assert.deepEqual({ ...attrs, scale: Math.abs(attrs.scale - scale) < 1e-15 }, { causal: size.causal, scale: true, query: 'time', key: "time'", head: 'head' }) // prettier-ignore
        assert.ok(!attended.nodes.some((n) => has(n.type, 'time') && has(n.type, "time'")))
        assertSame(graph, attended, size, 1e-12)
        const gradients = withGradients(attended)
        assert.equal(ops(gradients, 'attention_dk').length, size.layers)
        assertSame(withGradients(graph), gradients, size, 1e-12)
        assertSame(gradients, simplify(expand(gradients, isAttention)), size, 1e-12)
        assertSame(gradients, simplify(expand(gradients, never)), size, 1e-12)
        const kept = keepScores(gradients, () => true)
        assert.deepEqual([ops(kept, 'attention_dq').length, ops(kept, 'attention_ds').length], [0, size.layers])
        assertSame(gradients, kept, size, 1e-12)
      }
    })

    test('narrow computes logits and the last layer for the rows only', () => {
      for (const graph of [simplify(plain), attend(simplify(plain)), attend(simplify(opened))]) {
        const narrowed = narrow(graph)
        assert.ok(!narrowed.nodes.some((n) => has(n.type, 'vocab') && (has(n.type, 'token') || has(n.type, 'time'))))
        assert.equal(narrowed.nodes.filter((n) => n.op === 'contract' && has(n.type, 'hidden') && has(n.type, 'row')).length, 2)
        assertSame(graph, narrowed, size, 1e-13)
        assertSame(withGradients(graph), withGradients(narrowed), size, 1e-12)
      }
    })
  })
}

function slopeOfRows(graph: Graph, inputs: ReturnType<typeof inputsFor>, name: string, i: number): number {
  // slope evaluates without extents, so live dims get their size here.
  const plain: Graph = {
    ...graph,
    nodes: graph.nodes.map((n) => ({ ...n, type: { ...n.type, dims: n.type.dims.map((d) => (d.live ? { name: d.name, size: ROWS.row } : d)) } })), // prettier-ignore
  }
  return slope(plain, inputs, name, i)
}

describe('attend', () => {
  const f = (dims: Record<string, number>) => shape('f32', dims)
  const build = (score: (b: Builder, q: Value, k: Value) => Value) => {
    const b = new Builder()
    const q = b.input('q', 'data', f({ seat: 4, heads: 2, head: 3 }))
    const k = b.input('k', 'data', f({ "seat'": 4, heads: 2, head: 3 }))
    const mix = softmax(b, score(b, q, k), "seat'")
    b.result('y', b.sumProduct(mix, b.input('v', 'data', k.type), ["seat'"]))
    return b.finish()
  }
  const assertFound = (graph: Graph) => {
    const attended = attend(graph)
    verify(attended)
    assert.equal(ops(attended, 'attention').length, 1)
    const inputs = inputsFor(graph)
    assertClose(evaluate(attended, inputs), evaluate(graph, inputs), 1e-13)
  }
  const dot = (b: Builder, q: Value, k: Value) => b.sumProduct(q, k, ['head'])
  const forms: Record<string, (b: Builder, q: Value, k: Value) => Value> = {
    'no scale': dot,
    'scale before': (b, q, k) => dot(b, b.binary('mul', q, 0.3), k),
    'scale after the mask': (b, q, k) =>
      b.binary('mul', b.select(b.binary('lt', at(b, 'seat'), at(b, "seat'")), -Infinity, dot(b, q, k)), 0.3),
    'mask the other way': (b, q, k) => b.select(b.binary('ge', at(b, 'seat'), at(b, "seat'")), b.binary('div', dot(b, q, k), 2), -Infinity),
    'keys first': (b, q, k) => b.binary('mul', 0.3, dot(b, k, q)),
  }
  const at = (b: Builder, name: string) => b.position({ name, size: 4 })
  for (const [name, score] of Object.entries(forms)) {
    test(name, () => assertFound(build(score)))
  }
  test('a softmax that divides behind the sum, and values that have a name of their own', () => {
    for (const shift of [true, false]) {
      const b = new Builder()
      const q = b.input('q', 'data', f({ seat: 4, heads: 2, head: 3 }))
      const k = b.input('k', 'data', f({ "seat'": 4, heads: 2, head: 3 }))
      const score = dot(b, q, k)
      const e = b.unary('exp', shift ? b.binary('sub', score, b.reduce('reduce_max', score, ["seat'"])) : score)
      const v = b.input('v', 'data', f({ value: 3, "seat'": 4, heads: 2 }))
      b.result('y', b.binary('div', b.sumProduct(e, v, ["seat'"]), b.reduce('reduce_sum', e, ["seat'"])))
      assertFound(b.finish())
    }
  })
  test('leaves a quotient of other sums alone', () => {
    const b = new Builder()
    const q = b.input('q', 'data', f({ seat: 4, heads: 2, head: 3 }))
    const k = b.input('k', 'data', f({ "seat'": 4, heads: 2, head: 3 }))
    const e = b.unary('exp', dot(b, q, k))
    const twice = b.unary('exp', b.binary('mul', dot(b, q, k), 2))
    const v = b.input('v', 'data', k.type)
    b.result('y', b.binary('div', b.sumProduct(e, v, ["seat'"]), b.reduce('reduce_sum', twice, ["seat'"])))
    b.result('z', b.binary('div', b.sumProduct(e, v, ["seat'", 'heads']), b.reduce('reduce_sum', e, ["seat'", 'heads'])))
    assert.equal(ops(attend(b.finish()), 'attention').length, 0)
  })
  const others: Record<string, (b: Builder, q: Value, k: Value) => Value> = {
    'a bias': (b, q, k) => b.binary('add', dot(b, q, k), b.cast(at(b, "seat'"), 'f32')),
    'a mask of the past': (b, q, k) => b.select(b.binary('gt', at(b, 'seat'), at(b, "seat'")), -Infinity, dot(b, q, k)),
    'a negative scale': (b, q, k) => b.binary('mul', dot(b, q, k), -0.3),
  }
  for (const [name, score] of Object.entries(others)) {
    test(`leaves ${name} alone`, () => assert.equal(ops(attend(build(score)), 'attention').length, 0))
  }
})

describe('narrow', () => {
  test('stops at what others read, and takes positions along', () => {
    const b = new Builder()
    const x = b.input('x', 'data', shape('f32', { batch: 2, time: 3, width: 4 }))
    const table = b.input('p', 'data', shape('f32', { time: 3, width: 4 }))
    const shared = b.unary('exp', b.binary('add', x, table))
    const own = b.binary('mul', b.unary('tanh', shared), b.cast(b.position({ name: 'time', size: 3 }), 'f32'))
    const row = b.input('row', 'data', shape('i32', { row: 2 }))
    b.result('rows', b.gather(b.merge(own, ['batch', 'time'], 'token'), 'token', row, true))
    b.result('all', b.reduce('reduce_max', shared, ['time']))
    const graph = b.finish()
    const narrowed = narrow(graph)
    verify(narrowed)
    assert.deepEqual(narrowed.nodes.filter((n) => n.op === 'tanh' || n.op === 'exp').map((n) => has(n.type, 'row')), [false, true]) // prettier-ignore
    assert.ok(!narrowed.nodes.some((n) => n.op === 'position'))
    const inputs = inputsFor(graph, { row: { dims: row.type.dims, data: Float64Array.of(5, 1) } })
    assertClose(evaluate(narrowed, inputs), evaluate(graph, inputs), 0)
  })

  test('slots of each sample reach back through the keys of attention', () => {
    const b = new Builder()
    const x = b.input('x', 'data', shape('f32', { batch: 2, time: 4, head: 3 }))
    const slot = b.input('slot', 'data', shape('i32', { batch: 2, slot: 2 }))
    const q = b.unary('tanh', x)
    const score = b.sumProduct(q, b.rename(x, 'time', "time'"), ['head'])
    const mix = softmax(b, score, "time'")
    b.result('y', b.gather(b.sumProduct(mix, b.rename(x, 'time', "time'"), ["time'"]), 'time', slot))
    const graph = b.finish()
    const narrowed = narrow(graph)
    verify(narrowed)
    assert.ok(
      narrowed.nodes.every((n) => n.op === 'input' || !has(n.type, 'time')),
      'only x itself has all positions',
    )
    const inputs = inputsFor(graph, { slot: random(slot.type, 3, [0, 3]) })
    assertClose(evaluate(narrowed, inputs), evaluate(graph, inputs), 1e-15)
  })

  test('leaves lookups in tables alone', () => {
    const b = new Builder()
    const table = b.input('E', 'state', shape('f32', { symbols: 5, width: 2 }))
    b.result('y', b.gather(b.unary('exp', table), 'symbols', b.input('i', 'data', shape('i32', { time: 9 }))))
    const graph = b.finish()
    assert.equal(narrow(graph), graph)
  })

  test('of two bounds that are equal, that of a live dim is the lower', () => {
    const [time, slot] = [{ name: 'time', size: 4 }, { name: 'slot', size: 4, live: true }] // prettier-ignore
    const through = (from: Dim, to: Dim): Graph => {
      const b = new Builder()
      const x = b.input('x', 'data', { dtype: 'f32', dims: [{ name: 'batch', size: 2 }, from] })
      b.result('y', b.gather(b.unary('exp', x), from.name, b.input('to', 'data', { dtype: 'i32', dims: [to] })))
      return b.finish()
    }
    assert.deepEqual(narrow(through(slot, time)), through(slot, time))
    assert.ok(narrow(through(time, slot)).nodes.every((n) => n.op !== 'exp' || has(n.type, 'slot')))
  })
})

describe('differentiate', () => {
  const vector = shape('f32', { width: 4 })

  test('masked scores give no NaN, through the call and through primitives', () => {
    for (const open of [false, true]) {
      const b = new Builder()
      const x = b.input('x', 'data', vector)
      const seen = b.select(b.binary('lt', b.position({ name: 'width', size: 4 }), 2), x, -Infinity)
      const p = softmax(b, seen, 'width')
      b.result('loss', b.reduce('reduce_sum', b.binary('mul', p, p), ['width']))
      const graph = withGradientsOf(open ? expand(b.finish(), never) : b.finish(), 'x')
      const inputs = { x: random(vector, 5) }
      const { dx } = evaluate(graph, inputs)
      assert.equal(dx!.data[2], 0)
      assert.ok(Math.abs(dx!.data[0]! - slope(graph, inputs, 'x', 0)) < 1e-8)
    }
  })

  test("a composite's own gradient is used", () => {
    const b = new Builder()
    const x = b.input('x', 'data', vector)
    const own = new Builder()
    const inside = own.input('x', 'data', vector)
    own.result('y', own.unary('round', inside))
    const grad = new Builder()
    grad.input('x', 'data', vector)
    grad.result('dx', grad.binary('mul', grad.input('dy', 'data', vector), 7))
    const y = b.add('call', [x], { name: 'rough', body: own.finish(), grads: [grad.finish()], args: {} })
    const [dx] = differentiate(b, b.reduce('reduce_sum', y, ['width']), [x])
    b.result('dx', dx!)
    assert.deepEqual([...evaluate(b.finish(), { x: random(vector, 1) })['dx']!.data], [7, 7, 7, 7])
    assert.deepEqual(nondifferentiable(b, y, [x]), [])
  })

  test('a composite of one value twice gives both parts of the gradient', () => {
    const b = new Builder()
    const x = b.input('x', 'data', vector)
    const body = new Builder()
    body.result('y', body.binary('mul', body.input('a', 'data', vector), body.input('b', 'data', vector)))
    const y = b.add('call', [x, x], { name: 'times', body: body.finish(), args: {} })
    b.result('dx', differentiate(b, b.reduce('reduce_sum', y, ['width']), [x])[0]!)
    const inputs = { x: random(vector, 1) }
    assert.deepEqual([...evaluate(b.finish(), inputs)['dx']!.data], [...inputs.x.data].map((v) => 2 * v)) // prettier-ignore
  })

  test('what the loss does not depend on has gradient zero', () => {
    const b = new Builder()
    const [dx] = differentiate(b, b.constant(3), [b.input('x', 'data', vector)])
    b.result('dx', dx!)
    assert.deepEqual([...evaluate(b.finish(), { x: random(vector, 1) })['dx']!.data], [0, 0, 0, 0])
  })

  test('obstacles are the ops at which a gradient would end', () => {
    const b = new Builder()
    const x = b.input('x', 'data', vector)
    const y = b.input('y', 'data', vector)
    const found = (loss: Value) => nondifferentiable(b, loss, [x]).map((o) => o.op)
    assert.deepEqual(found(b.unary('exp', x)), [])
    assert.deepEqual(found(b.binary('mul', x, b.unary('floor', y))), [])
    assert.deepEqual(found(b.unary('bf16', x)), [])
    assert.deepEqual(found(b.select(b.binary('gt', x, 0), x, 0)), [])
    assert.deepEqual(found(b.unary('exp', b.unary('round', x))), ['round'])
    assert.deepEqual(found(b.cast(b.binary('gt', x, 0), 'f32')), ['gt'])
    assert.deepEqual(found(b.gather(y, 'width', b.reduce('argmax', x, ['width']))), ['argmax'])
    assert.deepEqual(found(b.cast(b.cast(x, 'i32'), 'f32')), ['cast'])
    const rough = composite(b, 'rough', x, (c, z) => c.binary('div', c.unary('round', z), 3))
    assert.deepEqual(nondifferentiable(b, rough, [x]), [{ node: rough.id, op: 'round' }])
  })
})

function withGradientsOf(graph: Graph, name: string): Graph {
  const b = new Builder()
  const [y] = b.inline(graph, {})
  b.result('loss', y!)
  const x = graph.nodes.find((n) => n.op === 'input' && n.attrs.name === name)!
  b.result(`d${name}`, differentiate(b, y!, [b.input(name, 'data', x.type)])[0]!)
  return b.finish()
}

describe('simplify', () => {
  const x = shape('f32', { time: 3, width: 4 })
  const w = shape('f32', { width: 4, hidden: 5 })
  const s = shape('f32', { time: 3 })

  const forms: Record<string, (b: Builder, x: Value, w: Value, s: Value) => Value> = {
    'the weight first': (b, x, w) => b.binary('mul', b.binary('mul', w, x), x),
    'a factor of the rows': (b, x, w, s) => b.binary('mul', b.binary('mul', s, w), x),
    'a divisor of the rows': (b, x, w, s) => b.binary('div', b.binary('mul', x, w), s),
    'a number': (b, x, w) => b.binary('mul', b.binary('mul', x, w), 0.5),
  }
  for (const [name, form] of Object.entries(forms)) {
    test(`a matrix product with ${name}`, () => {
      const b = new Builder()
      b.result('y', b.reduce('reduce_sum', form(b, b.input('x', 'data', x), b.input('w', 'data', w), b.input('s', 'data', s)), ['width']))
      const graph = b.finish()
      const simple = simplify(graph)
      verify(simple)
      assert.equal(ops(simple, 'contract').length, 1)
      assert.ok(!simple.nodes.some((n) => has(n.type, 'time') && has(n.type, 'width') && has(n.type, 'hidden')))
      const inputs = inputsFor(graph)
      assertClose(evaluate(simple, inputs), evaluate(graph, inputs), 1e-12)
    })
  }

  test('a sum of squares stays one reduction', () => {
    const b = new Builder()
    const y = b.input('x', 'data', x)
    b.result('y', b.reduce('reduce_sum', b.binary('mul', y, y), ['width']))
    assert.deepEqual(simplify(b.finish()).nodes.map((n) => n.op), ['input', 'mul', 'reduce_sum']) // prettier-ignore
  })

  test('one number along dims of size 1 keeps them', () => {
    const b = new Builder()
    const x = b.input('x', 'data', shape('f32', { time: 3, one: 1 }))
    const w = b.input('w', 'data', shape('f32', { one: 1, width: 4 }))
    const angle = b.binary('add', b.cast(b.position({ name: 'one', size: 1 }), 'f32'), 0.7)
    b.result('y', b.sumProduct(w, b.unary('cos', angle), ['one']))
    b.result('z', b.gather(b.binary('add', x, b.unary('sin', angle)), 'one', b.constant(0, 'i32')))
    const graph = b.finish()
    const simple = simplify(graph)
    verify(simple)
    const inputs = inputsFor(graph)
    assertClose(evaluate(simple, inputs), evaluate(graph, inputs), 1e-6)
  })

  test('a causal test stays a comparison of positions, and unread inputs go', () => {
    const b = new Builder()
    b.input('unread', 'data', x)
    const later = b.binary('gt', b.position({ name: "time'", size: 3 }), b.position({ name: 'time', size: 3 }))
    b.result('y', b.select(later, 0, b.input('s', 'data', s)))
    assert.deepEqual(simplify(b.finish()).nodes.map((n) => n.op).sort(), ['constant', 'gt', 'input', 'position', 'position', 'select']) // prettier-ignore
  })
})

test('a whole model: the loss narrowed and attended has the gradients of the plain one', () => {
  const b = new Builder()
  b.result('loss', loss(b, CAUSAL).loss)
  const plain = b.finish()
  const made = simplify(expand(withGradients(simplify(expand(narrow(attend(simplify(plain))), isAttention))), isAttention))
  assert.equal(ops(made, 'attention').length, CAUSAL.layers)
  assertSame(withGradients(plain), made, CAUSAL, 1e-6)
})
