// The random op is the same number, bit by bit, on the host, in ONNX and in a kernel; and so are the other ops that promise
// an exact result: rounding to bfloat16 and to whole numbers, and arithmetic of integers.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Builder } from '../compiler/graph/builder.ts'
import { shape } from '../compiler/graph/dims.ts'
import { evaluate } from '../compiler/graph/evaluate.ts'
import type { Tensor } from '../compiler/graph/ops/op.ts'
import { planOnnx } from '../compiler/plan/onnx.ts'
import { planWebgpu } from '../compiler/plan/webgpu.ts'
import type { Data, Executable, Tensors } from '../runtime/backend.ts'
import { cpuBackend, cpuFacts } from '../runtime/onnx/backend.ts'
import { testBackend } from './helpers/webgpu.ts'

const SEED = -12345
const floats = Float32Array.from({ length: 60 }, (_, i) => [1 + 2 ** -8, 1 + 3 * 2 ** -8, 0.5, 1.5, 2.5, -0.5, -3.5, 1 / 3, 30.4, -0.1][i % 10]! * (i < 30 ? 1 : 0.37 * i)) // prettier-ignore
const integers = Int32Array.from({ length: 60 }, (_, i) => Math.imul(i * i + 1, 0x12345679))

function program() {
  const b = new Builder()
  const f = b.input('f', 'data', shape('f32', { n: 60 }))
  const i = b.input('i', 'data', shape('i32', { n: 60 }))
  const whole = (value: number) => b.constant(value, 'i32')
  const draw = [b.input('seed', 'data', shape('i32')), whole(3), i, whole(-7), b.position({ name: 'time', size: 5 }), i]
  b.result('uniform', b.add('uniform', draw, undefined))
  b.result('bf16', b.unary('bf16', f))
  b.result('round', b.unary('round', f))
  b.result('mod', b.binary('mod', i, 7))
  b.result('div', b.binary('div', i, -7))
  b.result('product', b.binary('mul', i, i))
  b.result('chosen', b.select(b.binary('ge', f, 0.4), i, b.binary('add', i, -(2 ** 31))))
  return { name: 'exact', graph: b.finish() }
}

describe('exact on every target', () => {
  const exact = program()
  const tensor = (data: Float32Array | Int32Array): Tensor => ({ dims: [{ name: 'n', size: 60 }], data: Float64Array.from(data) })
  const expected = evaluate(exact.graph, { f: tensor(floats), i: tensor(integers), seed: SEED })

  async function check(executable: Executable): Promise<void> {
    const got: Tensors = await executable.run('exact', { f: floats, i: integers, seed: Int32Array.of(SEED) })
    for (const [name, { data }] of Object.entries(expected)) assert.deepEqual(plain(got[name]!), plain(data), name)
  }
  // Negative and positive zero are one number here.
  const plain = (data: Data | Float64Array) => Array.from(data, (x) => x + 0)

  test('ONNX', async () => {
    await using backend = await cpuBackend({ threads: 1 })
    await using executable = await backend.load(planOnnx([exact], cpuFacts(1)))
    await check(executable)
  })

  test('WebGPU', async () => {
    const backend = await testBackend()
    await using executable = await backend.load(planWebgpu([exact], backend.facts))
    await check(executable)
  })
})
