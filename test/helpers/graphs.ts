// Graphs and tensors for tests: random inputs from a seed, comparison, and a small transformer written with the Builder
// just as the standard library writes it, with softmax and silu as composites.
import assert from 'node:assert/strict'
import { Builder, type Value } from '../../compiler/graph/builder.ts'
import { shape } from '../../compiler/graph/dims.ts'
import { evaluate } from '../../compiler/graph/evaluate.ts'
import type { Dim, Graph, Type } from '../../compiler/graph/graph.ts'
import type { Tensor } from '../../compiler/graph/ops/op.ts'
import { uniform } from '../../compiler/graph/philox.ts'
import { count } from '../../compiler/graph/tensor.ts'

export type Tensors = Record<string, Tensor>

/** Numbers in a range, the same for the same seed; integers for integer dtypes. */
export function random(type: Type, seed: number, [low, high]: readonly [number, number] = [-2, 2]): Tensor {
  const whole = type.dtype !== 'f32' && type.dtype !== 'f16'
  const data = Float64Array.from({ length: count(type.dims) }, (_, i) => {
    const u = uniform(seed, 0, 0, 0, 0, i)
    if (type.dtype === 'bool') return Number(u < 0.5)
    return whole ? Math.floor(low + u * (high - low + 1)) : low + u * (high - low)
  })
  return { dims: type.dims, data }
}

/** Random values for every float input that `known` lacks. */
export function inputsFor(graph: Graph, known: Tensors = {}): Tensors {
  const all = { ...known }
  graph.nodes.forEach((node, id) => {
    if (node.op === 'input') all[node.attrs.name] ??= random(node.type, 100 + id, [-1, 1])
  })
  return all
}

/** Largest difference, relative to the largest value. */
export function difference(a: Tensor, b: Tensor): number {
  assert.equal(a.data.length, b.data.length)
  let worst = 0
  let scale = 1e-300
  a.data.forEach((x, i) => {
    const y = b.data[i]!
    if (x === y) return
    worst = Math.max(worst, Number.isFinite(x - y) ? Math.abs(x - y) : Infinity)
    scale = Math.max(scale, Math.abs(y))
  })
  return worst === 0 ? 0 : worst / Math.max(scale, 1e-6)
}

export function assertClose(a: Tensors, b: Tensors, tolerance: number): void {
  assert.deepEqual(Object.keys(a), Object.keys(b))
  for (const name of Object.keys(a)) {
    assert.deepEqual(a[name]!.dims.map((d) => d.name), b[name]!.dims.map((d) => d.name)) // prettier-ignore
    const off = difference(a[name]!, b[name]!)
    assert.ok(off <= tolerance, `${name} differs by ${off}`)
  }
}

/** Derivative of the scalar result `loss` by entry `i` of an input, from both sides. */
export function slope(graph: Graph, inputs: Tensors, name: string, i: number, step = 1e-5): number {
  const moved = (by: number) => {
    const data = Float64Array.from(inputs[name]!.data)
    data[i]! += by
    return evaluate(graph, { ...inputs, [name]: { dims: inputs[name]!.dims, data } })['loss']!.data[0]!
  }
  return (moved(step) - moved(-step)) / (2 * step)
}

export interface Size {
  readonly layers: number
  readonly batch: number
  readonly time: number
  readonly width: number
  readonly heads: number
  readonly vocab: number
  readonly causal: boolean
  /** Whether keys and values have no `heads`. */
  readonly shared?: boolean
}

export const SMALL: Size = { layers: 2, batch: 2, time: 4, width: 6, heads: 3, vocab: 5, causal: false }

const sum = (b: Builder, x: Value, ...over: string[]) => b.reduce('reduce_sum', x, over)
const mul = (b: Builder, x: Value, y: Value | number) => b.binary('mul', x, y)

/** A call whose body is `f`. */
export function composite(b: Builder, name: string, x: Value, f: (b: Builder, x: Value) => Value): Value {
  const inner = new Builder()
  inner.result('y', f(inner, inner.input('x', 'data', x.type)))
  return b.add('call', [x], { name, body: inner.finish(), args: {} })
}

export function softmax(b: Builder, x: Value, dim: string): Value {
  return composite(b, 'softmax', x, (c, y) => {
    const e = c.unary('exp', c.binary('sub', y, c.reduce('reduce_max', y, [dim])))
    return c.binary('div', e, sum(c, e, dim))
  })
}

function rope(b: Builder, x: Value, dim: Dim, head: Dim): Value {
  const half = head.size / 2
  const power = b.binary('div', b.unary('neg', b.cast(b.binary('mod', b.position(head), half), 'f32')), half)
  const angle = mul(b, b.cast(b.position(dim), 'f32'), b.binary('pow', 10000, power))
  const sign = b.select(b.binary('lt', b.position(head), half), b.constant(-1), b.constant(1))
  const turned = mul(b, b.add('rotate', [x], { dim: 'head', by: half }), sign)
  return b.binary('add', mul(b, x, b.unary('cos', angle)), mul(b, turned, b.unary('sin', angle)))
}

function rmsnorm(b: Builder, x: Value, gain: Value): Value {
  const mean = b.binary('div', sum(b, mul(b, x, x), 'width'), 6)
  return b.binary('div', mul(b, x, gain), b.unary('sqrt', b.binary('add', mean, 1e-5)))
}

/** Logits [batch, time, vocab] of tokens [batch, time]; weights are states of the given names. */
export function transformer(b: Builder, tokens: Value, size: Size): { logits: Value; weights: Value[] } {
  const { width, heads, vocab } = size
  const head = width / heads
  const time = tokens.type.dims[1]!
  const weights: Value[] = []
  const weight = (name: string, dims: Record<string, number>) => {
    const value = b.input(name, 'state', shape('f32', dims))
    weights.push(value)
    return value
  }
  const project = (x: Value, name: string, dims: Record<string, number>) => sum(b, mul(b, x, weight(name, { width, ...dims })), 'width')
  let x = b.gather(weight('E', { symbols: vocab + 1, width }), 'symbols', tokens)
  for (let i = 0; i < size.layers; i++) {
    const n = rmsnorm(b, x, weight(`gain${i}`, { width }))
    const keys: Record<string, number> = size.shared ? { head } : { heads, head }
    const q = rope(b, project(n, `Wq${i}`, { heads, head }), time, { name: 'head', size: head })
    const k = rope(b, project(n, `Wk${i}`, keys), time, { name: 'head', size: head })
    const v = project(n, `Wv${i}`, keys)
    const score = b.binary('div', sum(b, mul(b, q, b.rename(k, 'time', "time'")), 'head'), Math.sqrt(head))
    const later = b.binary('gt', b.position({ ...time, name: "time'" }), b.position(time))
    const mix = softmax(b, size.causal ? b.select(later, -Infinity, score) : score, "time'")
    const mixed = sum(b, mul(b, mix, b.rename(v, 'time', "time'")), "time'")
    const y = b.binary('add', x, sum(b, mul(b, mixed, weight(`Wo${i}`, { heads, head, width })), 'heads', 'head'))
    const m = rmsnorm(b, y, weight(`gain'${i}`, { width }))
    const gate = composite(b, 'silu', project(m, `Wgate${i}`, { hidden: 4 }), (c, z) =>
      c.binary('div', z, c.binary('add', 1, c.unary('exp', c.unary('neg', z)))),
    )
    const up = mul(b, gate, project(m, `Win${i}`, { hidden: 4 }))
    x = b.binary('add', y, sum(b, mul(b, up, weight(`Wout${i}`, { hidden: 4, width })), 'hidden'))
  }
  return { logits: project(rmsnorm(b, x, weight('gain', { width })), 'U', { vocab }), weights }
}

/** Sum over rows of weight * cross-entropy, as the train programs write it. */
export function loss(b: Builder, size: Size): { loss: Value; weights: Value[] } {
  const tokens = b.input('tokens', 'data', shape('i32', { batch: size.batch, time: size.time }))
  const { logits, weights } = transformer(b, tokens, size)
  const row: Dim = { name: 'row', size: size.batch * size.time, live: true }
  const rows = b.gather(b.merge(logits, ['batch', 'time'], 'token'), 'token', b.input('row', 'data', { dtype: 'i32', dims: [row] }), true)
  const top = b.reduce('reduce_max', rows, ['vocab'])
  const lse = b.binary('add', top, b.unary('log', sum(b, b.unary('exp', b.binary('sub', rows, top)), 'vocab')))
  const nll = b.binary('sub', lse, b.gather(rows, 'vocab', b.input('target', 'data', { dtype: 'i32', dims: [row] })))
  return { loss: sum(b, mul(b, nll, b.input('weight', 'data', { dtype: 'f32', dims: [row] })), 'row'), weights }
}

/** Values for the data inputs of `loss`: three rows. */
export function lossInputs(size: Size): Tensors {
  const vector = (name: string, ...data: number[]): Tensor => ({ dims: [{ name, size: data.length }], data: Float64Array.from(data) })
  const tokens = random(shape('i32', { batch: size.batch, time: size.time }), 7, [0, size.vocab])
  return { tokens, row: vector('row', 1, 2, 6), target: vector('row', 0, 3, 4), weight: vector('row', 0.5, 1, 2) }
}
export const ROWS = { row: 3 }

export function lossGraph(size: Size): Graph {
  const b = new Builder()
  b.result('loss', loss(b, size).loss)
  return b.finish()
}
