// Loss scaling: the programs of a training in f16 do what those in f32 do, skip what overflows, and find a scale that does not.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import type { DeviceFacts } from '../compiler/facts.ts'
import { evaluate } from '../compiler/graph/evaluate.ts'
import type { Tensor } from '../compiler/graph/ops/op.ts'
import { assertClose, type Tensors } from './helpers/graphs.ts'
import { extents, inputsOf, training } from './helpers/transformer-programs.ts'

const facts = JSON.parse(readFileSync('test/devices/nvidia-h200.json', 'utf8')) as DeviceFacts
const sizes = { layers: 1, width: 4, heads: 2, hidden: 6 }
const named = (name: string, precision: 'f32' | 'f16', time?: number) =>
  training(facts, sizes, false, precision, time).find((p) => p.name === name)!
const number = (x: number): Tensor => ({ dims: [], data: Float64Array.of(x) })
const fresh = { 'scaler/scale': number(0), 'scaler/steady': number(0), 'scaler/skipped': number(0) }
/** Batch 4 of 6 tokens. */
const first = 32

const apply = named('apply', 'f16')
const plain = named('apply', 'f32')
const begin: Tensors = { ...inputsOf(plain), correction1: number(1 - 0.9 ** 3), correction2: number(1 - 0.95 ** 3) }
const scaled = (by: number): Tensors =>
  Object.fromEntries(Object.entries(begin).map(([name, t]) => [name, name.startsWith('grad/') ? { ...t, data: t.data.map((x) => x * by) } : t])) // prettier-ignore
const at = (result: Tensors, name: string): number => result[name]!.data[0]!

test('gradients of a scaled loss, scaled back, move the weights as plain ones do', () => {
  const expected = evaluate(plain.graph, begin)
  const found = evaluate(apply.graph, { ...scaled(first), ...fresh, step: number(3) })
  const shared = Object.fromEntries(Object.keys(expected).map((name) => [name, found[name]!]))
  assertClose(shared, expected, 1e-12)
  assert.deepEqual([at(found, 'scaler/scale'), at(found, 'scaler/steady'), at(found, 'scaler/skipped')], [first, 1, 0])
})

// Gradients of sequences of several lengths add up: all of them are scaled by the same.
for (const time of [6, 3]) {
  test(`accumulated gradients of sequences of ${time} tokens are those of the scaled loss`, () => {
    const [half, whole] = [named('accumulate', 'f16', time), named('accumulate', 'f32', time)]
    const inputs = inputsOf(whole)
    inputs['tokens']!.data.fill(1)
    inputs['row']!.data.forEach((_, i) => (inputs['row']!.data[i] = i))
    for (const name of Object.keys(inputs)) if (name.startsWith('grad/')) inputs[name]!.data.fill(0)
    const expected = evaluate(whole.graph, inputs, extents)
    const copies = Object.fromEntries(Object.entries(inputs).map(([name, t]) => [`half/${name}`, t]))
    const found = evaluate(half.graph, { ...inputs, ...copies, ...fresh }, extents)
    const unscaled = Object.fromEntries(
      Object.keys(expected).map((name) => [
        name,
        name === 'loss' ? found[name]! : { ...found[name]!, data: found[name]!.data.map((x) => x / first) },
      ]),
    )
    assertClose(unscaled, expected, 1e-10)
  })
}

test('a step whose gradients overflow changes nothing and halves the scale', () => {
  const inputs: Tensors = { ...scaled(first), ...fresh, step: number(3), 'scaler/steady': number(7) }
  const spoilt = Object.keys(inputs).find((name) => name.startsWith('grad/'))!
  for (const bad of [Infinity, NaN]) {
    const data = inputs[spoilt]!.data.slice()
    data[0] = bad
    const found = evaluate(apply.graph, { ...inputs, [spoilt]: { ...inputs[spoilt]!, data } })
    for (const name of Object.keys(found)) {
      if (/^(weight|m|v)\//.test(name)) assert.deepEqual(found[name]!.data, inputs[name]!.data, name)
    }
    assert.deepEqual([at(found, 'scaler/scale'), at(found, 'scaler/steady'), at(found, 'scaler/skipped')], [first / 2, 0, 1])
  }
})

test('a thousand good steps double the scale; skipped steps do not count in the correction of the moments', () => {
  const grown = evaluate(apply.graph, { ...scaled(first), ...fresh, step: number(1000), 'scaler/steady': number(999) })
  assert.deepEqual([at(grown, 'scaler/scale'), at(grown, 'scaler/steady')], [2 * first, 0])
  const late = evaluate(apply.graph, { ...scaled(8), ...fresh, 'scaler/scale': number(8), 'scaler/skipped': number(5), step: number(8) })
  const expected = evaluate(plain.graph, begin)
  const weights = Object.keys(expected).filter((name) => name.startsWith('weight/'))
  for (const name of weights) assertClose({ [name]: late[name]! }, { [name]: expected[name]! }, 1e-12)
})
