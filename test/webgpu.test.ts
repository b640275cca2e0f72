// The WebGPU backend runs plans made by hand. Whatever adapter the machine has will do; a machine without one fails here.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KernelPlan, WebgpuPlan } from '../compiler/plan/plan.ts'
import type { Dim } from '../compiler/graph/graph.ts'
import { Failure } from '../runtime/events.ts'
import { listAdapters } from '../runtime/webgpu/adapters.ts'
import { webgpuBackend } from '../runtime/webgpu/backend.ts'
import { Faults } from '../runtime/webgpu/faults.ts'
import { testBackend } from './helpers/webgpu.ts'

const n: Dim = { name: 'n', size: 1000, live: true }
const fixed: Dim = { name: 'n', size: 1000 }

/** total += x over the live n; the result is x + total + table[0]. */
const addKernel: KernelPlan = {
  label: 'add',
  wgsl: `
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> total: array<f32>;
@group(0) @binding(2) var<storage, read> table: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> extents: array<vec4<u32>, 1>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x;
  if (i >= extents[0].x) { return; }
  total[i] = total[i] + x[i];
  y[i] = x[i] + total[i] + table[0];
}`,
  bindings: ['read', 'write', 'read', 'write', 'extents'],
  flops: 2000,
  bytes: 16000,
}

function plan(kernel: KernelPlan = addKernel): WebgpuPlan {
  const step = {
    kernel: 0,
    buffers: [1, 0, 3, 2, -1],
    groups: [{ live: 'n', factor: 1, divisor: 64 }, 1, 1],
  } as const
  const program = {
    inputs: [{ name: 'x', type: { dtype: 'f32', dims: [n] } }],
    states: ['total'],
    live: [n],
    steps: [step],
    inputBuffers: [1],
  } as const
  return {
    target: 'webgpu',
    states: [{ name: 'total', type: { dtype: 'f32', dims: [fixed] } }],
    memory: { states: 4000, activations: 8004, largest: { name: 'total', bytes: 4000 } },
    buffers: [
      { bytes: 4000, label: 'total' },
      { bytes: 4000, label: 'x' },
      { bytes: 4000, label: 'y' },
      { bytes: 4, label: 'table', data: Float32Array.of(0.5) },
    ],
    kernels: [kernel],
    programs: [
      { ...program, name: 'add', results: [{ name: 'y', type: { dtype: 'f32', dims: [n] } }], resultBuffers: [2] },
      { ...program, name: 'silent', results: [], resultBuffers: [] },
    ],
  }
}

test('runs update states, follow the extents and keep their order when several are in flight', async () => {
  const backend = await testBackend()
  await using executable = await backend.load(plan())
  await executable.write('total', new Float32Array(1000).fill(10))
  const first = executable.run('add', { x: Float32Array.from({ length: 130 }, (_, i) => i) }, { n: 130 })
  const silent = executable.run('silent', { x: new Float32Array(1000).fill(1) }, { n: 1000 })
  const second = executable.run('add', { x: Float32Array.of(1, 2, 3) }, { n: 3 })
  const total = executable.read('total')

  assert.deepEqual(
    (await first)['y'],
    Float32Array.from({ length: 130 }, (_, i) => 2 * i + 10.5),
  )
  assert.deepEqual(await silent, {})
  assert.deepEqual((await second)['y'], Float32Array.of(13.5, 16.5, 19.5))
  const expected = Float32Array.from({ length: 1000 }, (_, i) => 11 + (i < 130 ? i : 0) + (i < 3 ? i + 1 : 0))
  assert.deepEqual(await total, expected)
  assert.equal(executable.memory, 3 * 4000 + 16)
})

test('states are zero until written, and many runs reuse their readback buffers', async () => {
  const backend = await testBackend()
  await using executable = await backend.load(plan())
  assert.ok((await executable.read('total')).every((x) => x === 0))
  const runs = Array.from({ length: 20 }, (_, i) => executable.run('add', { x: Float32Array.of(i) }, { n: 1 }))
  const results = await Promise.all(runs)
  assert.deepEqual(
    results.map((r) => r['y']![0]),
    runs.map((_, i) => i + (i * (i + 1)) / 2 + 0.5),
  )
})

test('halves cross the border as floats, rounded to nearest, also an odd number of them', async () => {
  const backend = await testBackend()
  const three: Dim = { name: 'n', size: 3 }
  const tensor = (name: string) => ({ name, type: { dtype: 'f16', dims: [three] } }) as const
  // Two halves to a word: a device need not have f16 for this.
  const double: KernelPlan = {
    label: 'double',
    wgsl: `
@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> kept: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;
@compute @workgroup_size(2) fn main(@builtin(local_invocation_index) i: u32) {
  y[i] = pack2x16float(2.0 * unpack2x16float(x[i]) + unpack2x16float(kept[i]));
}`,
    bindings: ['read', 'write', 'write'],
    flops: 0,
    bytes: 0,
  }
  const buffers = ['kept', 'x', 'y'].map((label) => ({ bytes: 6, label }))
  const steps = [{ kernel: 0, buffers: [1, 0, 2], groups: [1, 1, 1] }] as const
  const sides = { inputs: [tensor('x')], results: [tensor('y')], inputBuffers: [1], resultBuffers: [2] }
  await using executable = await backend.load({
    target: 'webgpu',
    states: [tensor('kept')],
    memory: { states: 6, activations: 12, largest: { name: 'kept', bytes: 6 } },
    buffers,
    kernels: [double],
    programs: [{ name: 'double', states: ['kept'], live: [], steps, ...sides }],
  })
  await executable.write('kept', Float32Array.of(1 / 3, 70_000, -0.5))
  assert.deepEqual(await executable.read('kept'), Float32Array.of(0.333251953125, Infinity, -0.5))
  const { y } = await executable.run('double', { x: Float32Array.of(1, 2, 2049) })
  assert.deepEqual([y![0], y![2]], [2.333984375, 4096])
})

test('wrong use is a bug that names what is wrong', async () => {
  const backend = await testBackend()
  await using executable = await backend.load(plan())
  await assert.rejects(executable.run('add', {}, { n: 1 }), /without its input x/)
  await assert.rejects(executable.run('add', { x: new Float32Array(2) }, { n: 1 }), /has 2 elements instead of 1/)
  await assert.rejects(executable.run('add', { x: new Float32Array(2) }, { n: 1001 }), /above its bound/)
  await assert.rejects(executable.run('multiply', {}), /no program multiply/)
  await assert.rejects(executable.write('weights', new Float32Array(1)), /no state weights/)
})

test('a kernel that does not compile is shown at its first error', async () => {
  const backend = await testBackend()
  const broken = { ...addKernel, label: 'broken', wgsl: addKernel.wgsl.replace('let i = id.x;', 'let i = idx;') }
  await assert.rejects(backend.load(plan(broken)), /kernel broken does not compile: unresolved value 'idx'[^]*>\s+8\s+let i = idx;/)
})

test('a tensor beyond the limits of buffers is a Failure before anything is allocated', async () => {
  const backend = await testBackend()
  const large = plan()
  const buffers = [...large.buffers, { bytes: backend.facts.limits.maxBufferSize + 4, label: 'logits' }]
  await assert.rejects(backend.load({ ...large, buffers }), (error) => {
    assert.ok(error instanceof Failure)
    assert.equal(error.code, 'out-of-memory')
    assert.match(error.message, /logits/)
    return true
  })
})

test('a command that the device refuses surfaces as a Failure, then and ever after', async () => {
  await using backend = await webgpuBackend()
  const aliased = plan()
  const programs = aliased.programs.map((p) => ({ ...p, steps: p.steps.map((s) => ({ ...s, buffers: [0, 0, 3, 2, -1] })) }))
  const executable = await backend.load({ ...aliased, programs })
  const refused = (error: unknown) => error instanceof Failure && error.code === 'gpu-error' && /writable usage/.test(error.message)
  await assert.rejects(executable.run('add', { x: new Float32Array(1) }, { n: 1 }), refused)
  await assert.rejects(executable.read('total'), refused)
})

test('a lost device is a Failure, in place of the rejection that it causes', async () => {
  const lost = Promise.resolve({ reason: 'unknown', message: 'the cable came loose' })
  const faults = new Faults(Object.assign(new EventTarget(), { lost }) as unknown as GPUDevice)
  const expected = (error: unknown) => error instanceof Failure && error.code === 'device-lost' && /cable/.test(error.message)
  await assert.rejects(faults.guard(Promise.reject(new Error('AbortError'))), expected)
  assert.throws(() => faults.check(), expected)
})

test('a profile has the time of every dispatch and still updates states', async (t) => {
  const backend = await testBackend()
  await using executable = await backend.load(plan())
  if (!backend.facts.features.includes('timestamp-query')) {
    await assert.rejects(executable.profile('add', { x: Float32Array.of(1) }, { n: 1 }), /cannot time/)
    return t.diagnostic('this adapter has no timestamps')
  }
  const times = await executable.profile('add', { x: Float32Array.of(5) }, { n: 1 })
  assert.deepEqual(
    times.map(({ kernel }) => kernel),
    [0],
  )
  assert.ok(times[0]!.seconds >= 0 && times[0]!.seconds < 10)
  assert.equal((await executable.read('total'))[0], 5)
})

test('the time of the host is that of a run, which it is, too', async () => {
  const backend = await testBackend()
  await using executable = await backend.load(plan())
  const { record, submit } = await executable.hostTime('add', { x: Float32Array.of(5) }, { n: 1 })
  assert.ok(record > 0 && record < 1 && submit > 0 && submit < 1, `${record} and ${submit} seconds`)
  assert.ok(executable.compiling > 0)
  assert.equal((await executable.read('total'))[0], 5)
})

test('a device with guards reads nothing beyond a buffer; one without computes the same of what stays inside', async () => {
  const reads = (at: string): KernelPlan => ({
    label: 'reads',
    wgsl: `
@group(0) @binding(0) var<storage, read_write> total: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@compute @workgroup_size(1) fn main() {
  for (var i: u32 = 0u; i < 4u; i++) { total[i] = x[${at}]; }
}`,
    bindings: ['write', 'read'],
    flops: 0,
    bytes: 0,
  })
  const totalOf = async (robust: boolean, at: string) => {
    await using backend = await webgpuBackend({ robust })
    const made = plan(reads(at))
    const programs = made.programs.map((p) => ({ ...p, steps: [{ kernel: 0, buffers: [0, 1], groups: [1, 1, 1] as const }] }))
    await using executable = await backend.load({ ...made, programs })
    await executable.run('silent', { x: Float32Array.from({ length: 1000 }, (_, i) => 1 + i) }, { n: 1000 })
    return [...(await executable.read('total')).slice(0, 4)]
  }
  // Dawn takes the last element, some drivers zero.
  const beyond = await totalOf(true, '(i + 1u) * 100000u')
  assert.ok(
    beyond.every((x) => Number.isInteger(x) && x >= 0 && x <= 1000),
    `read ${beyond.join()}`,
  )
  assert.deepEqual(await totalOf(false, 'i * 300u'), [1, 301, 601, 901])
})

test('doctor sees at least one usable adapter, and unknown names are a Failure that lists the known', async () => {
  const adapters = await listAdapters()
  const usable = adapters.filter((a) => a.usable)
  assert.ok(usable.length > 0)
  await assert.rejects(webgpuBackend({ adapter: 'no such card' }), (error) => {
    assert.ok(error instanceof Failure)
    assert.equal(error.code, 'no-such-adapter')
    assert.ok(error.advice.join().includes(usable[0]!.name))
    return true
  })
})
