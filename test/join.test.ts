// Products that share a dispatch, as WGSL on whatever device the machine has: against the reference interpreter, and to the bit
// against the same products alone. On matrix units: matmul-matrix.test.ts.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Builder } from '../compiler/graph/builder.ts'
import { shape } from '../compiler/graph/dims.ts'
import { fuse } from '../compiler/kernels/fuse.ts'
import { joinProducts } from '../compiler/kernels/join.ts'
import { printKernels } from '../compiler/kernels/print.ts'
import { planWebgpu } from '../compiler/plan/webgpu.ts'
import { joinedCases, runJoined } from './helpers/joined.ts'
import { testBackend } from './helpers/webgpu.ts'

const backend = await testBackend()

describe('products of one dispatch', () => {
  for (const each of joinedCases('f32')) {
    test(each.name, async () => {
      assert.equal(planWebgpu([each], backend.facts).programs[0]!.steps.length, each.steps)
      await runJoined(backend, each, backend.facts, 2e-4)
    })
  }
})

test('explain shows each product of a dispatch', () => {
  const { graph } = joinedCases('f32')[0]!
  const lines = printKernels(joinProducts(fuse(graph, backend.facts), backend.facts)).split('\n')
  assert.deepEqual(
    lines.filter((line) => line.includes('kernel') || line.includes('matmul')),
    [
      'kernel 0 products 3 beside each other: contract',
      ...Array<string>(3).fill('  matmul [] [time 37] x [head 48] over [width 40]: contract'),
    ],
  )
})

describe('which products share a dispatch', () => {
  const labels = (build: (b: Builder) => void, buffers = 10): readonly string[] => {
    const b = new Builder()
    build(b)
    const facts = { ...backend.facts, limits: { ...backend.facts.limits, maxStorageBuffersPerShaderStage: buffers } }
    const { kernels, programs } = planWebgpu([{ name: 'p', graph: b.finish() }], facts)
    return programs[0]!.steps.map(({ kernel }) => `${kernels[kernel]!.bindings.length} ${kernels[kernel]!.label}`)
  }
  const weights = (b: Builder, count: number): void => {
    const x = b.input('x', 'data', shape('f32', { time: 16, width: 16 }))
    for (let i = 0; i < count; i++)
      b.result(`y${i}`, b.sumProduct(x, b.input(`w${i}`, 'data', shape('f32', { width: 16, hidden: 16 })), ['width']))
  }

  test('as many as the device has bindings for', () => {
    assert.deepEqual(labels((b) => weights(b, 4)), ['9 contract']) // prettier-ignore
    assert.deepEqual(labels((b) => weights(b, 4), 8), ['7 contract', '3 contract']) // prettier-ignore
  })

  test('not those of other operands, nor of other rows', () => {
    const other = (sizes: Readonly<Record<string, number>>) => (b: Builder) => {
      weights(b, 1)
      b.result('z', b.sumProduct(b.input('u', 'data', shape('f32', sizes)), b.input('v', 'data', shape('f32', { width: 16, hidden: 16 })), ['width'])) // prettier-ignore
    }
    assert.equal(labels(other({ time: 16, width: 16 })).length, 2)
    assert.equal(labels(other({ row: 24, width: 16 })).length, 2)
  })

  test('not one that writes over what another reads', () => {
    const found = labels((b) => {
      const [w, x] = [b.input('w', 'state', shape('f32', { time: 16, hidden: 16 })), b.input('x', 'data', shape('f32', { time: 16, width: 16 }))]
      b.result('y', b.sumProduct(w, b.input('v', 'data', shape('f32', { hidden: 16, width: 16 })), ['hidden']))
      b.update('w', b.binary('sub', w, b.sumProduct(x, b.input('u', 'data', shape('f32', { width: 16, hidden: 16 })), ['width'])))
    }) // prettier-ignore
    assert.equal(found.length, 2)
  })
})
