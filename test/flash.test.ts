// Flash attention on matrix units: against the formulas in float64, in the tiles that differ most; and as text, for devices that are not
// here, past Dawn's front end. Inputs are rounded to f16 first. What remains is f16's rounding
// of weights (at most 1, so 2^-11 each) and of results, in sums of as many terms as there are keys.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readFacts } from '../cli/device.ts'
import { attentionKernel } from '../compiler/kernels/attention.ts'
import { leavesScores } from '../compiler/kernels/attention-scores.ts'
import { flashKey, flashTiles, flashTileTable } from '../compiler/kernels/flash-tile.ts'
import {
  assertAttention,
  attentionInputs,
  attentionReference,
  keys,
  plain,
  requestOf,
  runAttention,
  sums,
  type AttentionCase,
  type Tolerance,
} from './helpers/attention.ts'
import { frontEnd } from './helpers/front-end.ts'
import { described, devicesFolder, matrixBackend } from './helpers/webgpu.ts'

const cases: Readonly<Record<string, AttentionCase>> = {
  'head 64, 130 rows': { q: plain, k: keys, sizes: { batch: 1, time: 130, heads: 1, head: 64 } },
  'head 80, causal, 33 rows': { q: plain, k: keys, sizes: { batch: 1, time: 33, heads: 2, head: 80 }, causal: true },
  'head 128, heads before time': {
    q: 'batch heads time head',
    k: "batch heads time' head",
    sizes: { batch: 1, time: 40, heads: 2, head: 128 },
  },
  'grouped queries, causal': {
    q: 'batch time heads share head',
    k: "batch time' heads head",
    sizes: { batch: 1, time: 40, heads: 2, share: 3, head: 64 },
    causal: true,
  },
  'grouped queries, 40 rows': {
    q: 'batch time heads share head',
    k: "batch time' heads head",
    sizes: { batch: 1, time: 40, heads: 1, share: 2, head: 64 },
  },
  'head 36, which fills no fragment and no vector': { q: plain, k: keys, sizes: { batch: 1, time: 24, heads: 2, head: 36 } },
  'head 64, 64 rows: every tile is full': { q: plain, k: keys, sizes: { batch: 1, time: 64, heads: 2, head: 64 } },
  'live batch and time': { q: plain, k: keys, sizes: { batch: 2, time: 19, heads: 1, head: 64 }, live: ['batch', 'time'] },
}
const kinds = ['forward', 'dq', 'dkv'] as const

/** Weights up to 1, rounded by 2^-11 each, average values up to 2: twice the bits of a result's own rounding, and 2^-10 beside it. */
const averages: Tolerance = { rms: 1e-3, relative: 2 ** -10, absolute: 2 ** -10 }
/** In backward the weights' gradients are rounded as well, in sums that are not averages. */
const gradients: Tolerance = { rms: 2e-3, relative: 2 ** -9, absolute: 2 ** -8 }

for (const [name, c] of Object.entries(cases)) {
  test(`flash attention and its gradients: ${name}`, async () => {
    const backend = await matrixBackend()
    const { facts } = backend
    const inputs = attentionInputs(requestOf(c, 'f16', 'forward', facts), c)
    const expected = attentionReference(requestOf(c, 'f16', 'forward', facts), c, inputs)
    const all = { ...inputs, lse: Float32Array.from(expected.lse), delta: Float32Array.from(expected.delta) }
    const tolerances = { forward: { y: averages, lse: sums }, dq: { dq: gradients }, dkv: { dk: gradients, dv: gradients } }
    for (const kind of kinds) {
      const request = requestOf(c, 'f16', kind, facts)
      // The first guess, and the tile that differs most from it.
      const tiles = flashTiles(request)
      for (const tile of new Set([tiles[0]!, tiles.at(-1)!])) {
        const tuned = { ...request, facts: { ...facts, tuned: { [flashKey(request)]: flashTileTable.indexOf(tile) } } }
        const kernel = attentionKernel(tuned)
        assert.match(kernel.label, /^flash/)
        assertAttention(await runAttention(backend, kernel, tuned, all, c), expected, tolerances[kind])
      }
      if (kind !== 'dkv' || !leavesScores(request)) continue
      const leaving = { ...request, wantDs: true }
      assertAttention(await runAttention(backend, attentionKernel(leaving), leaving, all, c), expected, {
        ...tolerances.dkv,
        ds: gradients,
      })
    }
  })
}

for (const file of readdirSync(devicesFolder)) {
  test(`every tile for ${file} passes Dawn's front end and fits its workgroup memory`, async () => {
    const facts = readFacts(join(devicesFolder, file))
    const check = await frontEnd(facts.features)
    for (const head of [64, 80, 128, 24, 36]) {
      for (const kind of kinds) {
        const c = { q: plain, k: keys, sizes: { batch: 2, time: 2048, heads: 4, head }, causal: head === 80 }
        const request = requestOf(c, 'f16', kind, facts)
        assert.equal(flashTiles(request).length > 0, (facts.subgroupMatrices ?? []).some((m) => m.type === 'f16' && m.result === 'f32'), `${kind} ${head}`) // prettier-ignore
        for (const tile of flashTiles(request)) {
          const asked = [request, ...(kind === 'dkv' && leavesScores(request) ? [{ ...request, wantDs: true }] : [])]
          for (const one of asked) {
            const { wgsl } = attentionKernel({ ...one, facts: { ...facts, tuned: { [flashKey(one)]: flashTileTable.indexOf(tile) } } })
            assert.deepEqual(await check(wgsl), [], `${kind} ${head} ${JSON.stringify(tile)}`)
            const [, vec4s] = /var<workgroup> pool: array<vec4<u32>, (\d+)>/.exec(wgsl) ?? []
            assert.ok(16 * Number(vec4s) <= facts.limits.maxComputeWorkgroupStorageSize)
          }
        }
      }
    }
  })
}

test('smaller matrices only where the largest ones would leave much of a head empty', () => {
  const facts = described('nvidia-h200')
  const columns = (head: number) => {
    const c = { q: plain, k: keys, sizes: { batch: 2, time: 2048, heads: 4, head } }
    return /alias Right = subgroup_matrix_right<f16, (\d+)/.exec(attentionKernel(requestOf(c, 'f16', 'forward', facts)).wgsl)?.[1]
  }
  assert.deepEqual([64, 72, 40, 24].map(columns), ['16', '16', '16', '8'])
})
