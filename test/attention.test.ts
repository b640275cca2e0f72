// Scalar attention kernels against the formulas in float64: every head size, odd lengths, dims in any order, grouped queries, live extents,
// in f32 and f16, on devices with and without shuffles and with the least workgroup memory that WebGPU grants.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attentionKernel } from '../compiler/kernels/attention.ts'
import {
  assertAttention,
  attentionInputs,
  attentionReference,
  halves,
  keys,
  plain,
  requestOf,
  runAttention,
  sums,
  type AttentionCase,
} from './helpers/attention.ts'
import { matrixBackend, testBackend } from './helpers/webgpu.ts'

const cases: Readonly<Record<string, AttentionCase>> = {
  'bidirectional, head 64': { q: plain, k: keys, sizes: { batch: 2, time: 17, heads: 2, head: 64 } },
  'causal, head 64, several tiles': { q: plain, k: keys, sizes: { batch: 1, time: 97, heads: 1, head: 64 }, causal: true },
  'head 8, 17 queries on 33 keys': {
    q: 'batch query heads head',
    k: 'batch key heads head',
    sizes: { batch: 3, query: 17, key: 33, heads: 2, head: 8 },
  },
  'head 80, heads before time': {
    q: 'batch heads time head',
    k: "batch heads time' head",
    sizes: { batch: 1, time: 33, heads: 2, head: 80 },
    causal: true,
  },
  'head 128': { q: plain, k: keys, sizes: { batch: 1, time: 33, heads: 1, head: 128 } },
  'head 6, not last': {
    q: 'head batch time heads',
    k: "time' heads head batch",
    v: "batch head heads time'",
    sizes: { batch: 2, time: 17, heads: 2, head: 6 },
    causal: true,
  },
  'grouped queries': {
    q: 'batch time heads share head',
    k: "batch time' heads head",
    sizes: { batch: 2, time: 40, heads: 2, share: 3, head: 16 },
    causal: true,
  },
  'live batch and time': { q: plain, k: keys, sizes: { batch: 2, time: 19, heads: 2, head: 16 }, live: ['batch', 'time'] },
  'written out for hardware': {
    q: plain,
    k: keys,
    sizes: { batch: 1, time: 19, heads: 2, head: 4 },
    facts: (f) => ({ ...f, software: false }),
  },
  'no shuffles': { q: plain, k: keys, sizes: { batch: 1, time: 40, heads: 2, head: 80 }, facts: (f) => ({ ...f, features: [] }) },
  '16 KiB of workgroup memory': {
    q: plain, k: keys, sizes: { batch: 1, time: 40, heads: 1, head: 128 },
    facts: (f) => ({ ...f, features: [], limits: { ...f.limits, maxComputeWorkgroupStorageSize: 16384 } }),
  }, // prettier-ignore
}

for (const dtype of ['f32', 'f16'] as const) {
  for (const [name, c] of Object.entries(cases)) {
    test(`attention and its gradients in ${dtype}: ${name}`, async () => {
      const backend = dtype === 'f16' ? await matrixBackend() : await testBackend()
      // Matrix units have kernels of their own: flash.test.ts.
      const facts = { ...backend.facts, subgroupMatrices: [] }
      const request = (kind: 'forward' | 'dq' | 'dkv') => requestOf(c, dtype, kind, facts)
      const inputs = attentionInputs(request('forward'), c)
      const expected = attentionReference(request('forward'), c, inputs)
      const all = { ...inputs, lse: Float32Array.from(expected.lse), delta: Float32Array.from(expected.delta) }
      const run = (kind: 'forward' | 'dq' | 'dkv') => runAttention(backend, attentionKernel(request(kind)), request(kind), all, c)
      const rounded = dtype === 'f16' ? halves : sums
      assertAttention(await run('forward'), expected, { y: rounded, lse: sums })
      assertAttention(await run('dq'), expected, { dq: rounded })
      assertAttention(await run('dkv'), expected, { dk: rounded, dv: rounded })
      const leaving = { ...request('dkv'), wantDs: true }
      const left = await runAttention(backend, attentionKernel(leaving), leaving, all, c)
      assertAttention(left, expected, { dk: rounded, dv: rounded, ds: rounded })
    })
  }
}

test('without LSE the forward kernel does not bind it, and work is counted', async () => {
  const facts = { ...(await testBackend()).facts, subgroupMatrices: [] }
  for (const [dtype, bytes] of [
    ['f32', 4],
    ['f16', 2],
  ] as const) {
    // prettier-ignore
    const kernel = attentionKernel({ ...requestOf(cases['bidirectional, head 64']!, dtype, 'forward', facts), wantLse: false })
    assert.deepEqual(kernel.bindings, ['read', 'read', 'read', 'write'])
    assert.equal(kernel.flops, 4 * 2 * 2 * 17 * 17 * 64)
    assert.equal(kernel.bytes, 4 * 2 * 17 * 2 * 64 * bytes)
    assert.deepEqual(kernel.groups, [1, 4, 1])
  }
})
