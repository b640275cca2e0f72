// Kernels on GPUs that are not here: the GPU made of TypeScript carries them out with the subgroups and matrices of the described devices,
// and fails where lanes race, leave a buffer, or read what nobody wrote.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { DeviceFacts } from '../compiler/facts.ts'
import { Builder } from '../compiler/graph/builder.ts'
import { shape } from '../compiler/graph/dims.ts'
import type { Graph } from '../compiler/graph/graph.ts'
import type { WebgpuPlan } from '../compiler/plan/plan.ts'
import { planWebgpu } from '../compiler/plan/webgpu.ts'
import { strictBackend } from './gpu/device.ts'
import { randomGraph } from './helpers/random-graph.ts'
import { extents as fewRows, inputsOf, training } from './helpers/transformer-programs.ts'
import { described, smallMatrices } from './helpers/webgpu.ts'
import { judge, randomInputs } from './onnx-judge.ts'

const nvidia = described('nvidia-h200')

/** On random inputs, against the reference interpreter. */
async function agree(graph: Graph, facts: DeviceFacts, tolerance: number, change = (plan: WebgpuPlan) => plan): Promise<void> {
  await using executable = await strictBackend(facts).load(change(planWebgpu([{ name: 'program', graph }], facts)))
  await judge(executable, 'program', graph, randomInputs(graph), {}, tolerance)
}

function made(build: (b: Builder) => void): Graph {
  const b = new Builder()
  build(b)
  return b.finish()
}

for (const facts of [nvidia, described('amd-rx-7900-xtx'), described('intel-arc-b580'), smallMatrices]) {
  test(`a training step and scores of a small transformer in f16 on ${facts.name}`, async () => {
    const programs = training(facts, { layers: 2, width: 16, heads: 2, hidden: 24, words: 11 }, true, 'f16', 8)
    const plan = planWebgpu(programs, facts)
    assert.ok(
      plan.kernels.some(({ label }) => label.startsWith('flash')),
      'no attention on matrix units',
    )
    await using executable = await strictBackend(facts).load(plan)
    for (const program of programs) await judge(executable, program.name, program.graph, inputsOf(program), fewRows, 3 * 2 ** -10)
  })
}

describe('random graphs', () => {
  const few = { ...nvidia, limits: { ...nvidia.limits, maxStorageBuffersPerShaderStage: 5, maxComputeWorkgroupsPerDimension: 7 } }
  const devices = { 'an H200': nvidia, 'the least of devices': described('minimum'), 'an H200 of few bindings and small grids': few }
  for (const [name, facts] of Object.entries(devices)) {
    test(`on ${name}`, async () => {
      for (let seed = 1; seed <= 40; seed++) await agree(randomGraph(seed, 24), facts, 1e-3)
    })
  }
})

describe('a state that a kernel reads and changes', () => {
  // Threads that share a row, rows that fill no workgroup, a thread for each row; and more workgroups than fit along a grid.
  for (const [rows, width] of [[8, 1000], [300, 100], [45, 3], [2000, 70]] as const) {
    test(`${rows} rows of ${width}`, async () => {
      const graph = made((b) => {
        const x = b.input('x', 'data', shape('f32', { row: rows, width }))
        const s = b.input('s', 'state', shape('f32', { row: rows }))
        const y = b.binary('mul', x, s)
        b.result('y', y)
        b.update('s', b.binary('add', s, b.reduce('reduce_sum', y, ['width'])))
      })
      const { kernels } = planWebgpu([{ name: 'program', graph }], nvidia)
      assert.equal(kernels.length, 1, 'one kernel reads and changes it')
      await agree(graph, { ...nvidia, limits: { ...nvidia.limits, maxComputeWorkgroupsPerDimension: 7 } }, 1e-3)
    })
  }
}) // prettier-ignore

describe('no barrier can be left out', () => {
  const product = (form: 'NT' | 'TN', dtype: 'f16' | 'f32') =>
    made((b) => {
      const [m, n, k] = [100, 72, 80]
      const x = b.input('x', 'data', shape(dtype, form === 'NT' ? { m, k } : { k, m }))
      const y = b.input('y', 'data', shape(dtype, form === 'NT' ? { n, k } : { k, n }))
      b.result('z', b.cast(b.sumProduct(x, y, ['k']), 'f16'))
    })
  const sums = made((b) => b.result('y', b.reduce('reduce_sum', b.input('x', 'data', shape('f32', { row: 5, width: 1000 })), ['width'])))
  const graphs = { 'a product on a matrix unit': product('NT', 'f16'), 'of a gradient’s form': product('TN', 'f16'), 'a product': product('NT', 'f32'), sums } // prettier-ignore
  const barrier = 'workgroupBarrier();'
  for (const [name, graph] of Object.entries(graphs)) {
    test(name, async () => {
      const parts = planWebgpu([{ name: 'program', graph }], nvidia).kernels[0]!.wgsl.split(barrier)
      assert.ok(parts.length > 2)
      for (let i = 1; i < parts.length; i++) {
        const wgsl = [parts.slice(0, i).join(barrier), parts.slice(i).join(barrier)].join('')
        const without = (plan: WebgpuPlan): WebgpuPlan => ({ ...plan, kernels: [{ ...plan.kernels[0]!, wgsl }] })
        await assert.rejects(agree(graph, nvidia, 1e-3, without), /reads what|writes what/, `barrier ${i}`)
      }
    })
  }
})
