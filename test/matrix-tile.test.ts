// Tiles for matrix units: which a device can run, which is tried first, and that a measured choice changes no bit of a result.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { DeviceFacts } from '../compiler/facts.ts'
import { Builder } from '../compiler/graph/builder.ts'
import { shape } from '../compiler/graph/dims.ts'
import { matrixTiles, matrixTileTable, tuningKey, type Form, type ProductShape } from '../compiler/kernels/matrix-tile.ts'
import { matrixUnit } from '../compiler/kernels/matrix-unit.ts'
import { matmulParts } from '../compiler/kernels/tile.ts'
import { planWebgpu } from '../compiler/plan/webgpu.ts'
import { described, matrixBackend } from './helpers/webgpu.ts'
import { randomTensor } from './onnx-judge.ts'

const nvidia = described('nvidia-h200')
const amd = described('amd-rx-7900-xtx')
const intel = described('intel-arc-b580')
const product = (form: Form, m: number, n: number, k: number, batch = 1): ProductShape => ({ form, m, n: [n], k, batch })
const first = (shape: ProductShape, facts: DeviceFacts): string => {
  const { m, n, k } = matrixTiles(shape, facts)[0]!
  return `${m}x${n}x${k}`
}

describe('tiles of a matrix unit', () => {
  test('large products take large tiles, thin ones enough small ones to fill the device', () => {
    assert.equal(first(product('NT', 16384, 3072, 768), nvidia), '128x128x32')
    assert.equal(first(product('NT', 16384, 32000, 1024), nvidia), '128x128x32')
    assert.equal(first(product('NT', 64, 2048, 768), nvidia), '32x32x64')
    assert.equal(first(product('NT', 300, 768, 768), nvidia), '32x64x32')
    assert.equal(first(product('TN', 768, 768, 16384, 3), nvidia), '128x128x32')
  })

  test('k is cut where results alone would not fill the device, or not to the end, whatever was measured', () => {
    const parts = (m: number, n: number, k: number, facts = nvidia) => matmulParts(m, n, k, 1, 'f16', facts)
    assert.equal(parts(768, 768, 16384), 7)
    assert.equal(parts(768, 2048, 16384), 4)
    assert.equal(parts(4096, 4096, 16384), 1)
    assert.equal(parts(16384, 768, 2048), 1)
    assert.equal(parts(768, 768, 2047), 1)
    const tuned = Object.fromEntries(matrixTileTable.map((_, i) => [tuningKey(product('TN', 768, 768, 16384, 3)), i]))
    assert.equal(parts(768, 768, 16384, { ...nvidia, tuned }), 7)
  })

  test('every tile fits the device that it is for', () => {
    for (const facts of [nvidia, amd, intel]) {
      const { M, N, K, subgroup } = matrixUnit(facts)!
      for (const form of ['NN', 'NT', 'TN', 'TT'] as const) {
        const tiles = matrixTiles(product(form, 4096, 4096, 4096), facts)
        assert.ok(tiles.length >= 6, `${facts.name} ${form}: ${tiles.length}`)
        for (const tile of tiles) {
          assert.deepEqual([tile.m % (M * tile.warpsM), tile.n % (N * tile.warpsN), tile.k % K], [0, 0, 0])
          assert.ok(tile.warpsM * tile.warpsN * subgroup <= facts.limits.maxComputeInvocationsPerWorkgroup)
          assert.ok(2 * 2 * (tile.m + tile.n) * tile.k <= facts.limits.maxComputeWorkgroupStorageSize)
        }
      }
    }
  })

  test('the largest usable matrices, in subgroups of 32 where the device leaves a choice', () => {
    assert.deepEqual(matrixUnit(nvidia), { M: 16, N: 16, K: 16, subgroup: 32, largest: 32, sized: false })
    assert.deepEqual(matrixUnit(amd), { M: 16, N: 16, K: 16, subgroup: 32, largest: 64, sized: true })
    assert.deepEqual(matrixUnit(intel), { M: 8, N: 16, K: 16, subgroup: 32, largest: 32, sized: true })
    const small = { M: 16, N: 8, K: 8, type: 'f16', result: 'f32' }
    assert.equal(matrixUnit({ ...nvidia, subgroupMatrices: [small, ...nvidia.subgroupMatrices!] })!.N, 16)
    assert.equal(matrixUnit({ ...nvidia, subgroupMatrices: [{ ...small, result: 'f16' }] }), undefined)
    assert.equal(matrixUnit({ ...nvidia, features: [] }), undefined)
    assert.equal(matrixUnit({ ...nvidia, software: true }), undefined)
  })

  test('a measured tile comes first for all shapes of its class, unless the device cannot run it', () => {
    const shape = product('NT', 16384, 3072, 768)
    const tuned = (place: number): DeviceFacts => ({ ...nvidia, tuned: { [tuningKey(shape)]: place } })
    assert.equal(matrixTiles(shape, tuned(5))[0], matrixTileTable[5])
    assert.equal(matrixTiles({ ...shape, m: 16000 }, tuned(5))[0], matrixTileTable[5])
    assert.equal(first({ ...shape, m: 20000 }, tuned(5)), '128x128x32')
    assert.equal(first(shape, tuned(99)), '128x128x32')
    assert.equal(matrixTiles(shape, tuned(5)).length, matrixTiles(shape, nvidia).length)
    assert.notEqual(tuningKey(shape), tuningKey({ ...shape, form: 'NN' }))
  })
})

test('results do not depend on the tile', async () => {
  const backend = await matrixBackend()
  const [m, n, k] = [300, 72, 136]
  const b = new Builder()
  const x = b.input('x', 'data', shape('f16', { m, k }))
  b.result('z', b.sumProduct(x, b.input('w', 'data', shape('f16', { n, k })), ['k']))
  const graph = b.finish()
  const shapeOf = product('NT', m, n, k)
  const inputs = {
    x: Float32Array.from(randomTensor(x.type, 1, {}).data),
    w: Float32Array.from(randomTensor(shape('f16', { n, k }), 2, {}).data),
  }
  const run = async (place: number) => {
    const facts = { ...backend.facts, tuned: { [tuningKey(shapeOf)]: place } }
    await using executable = await backend.load(planWebgpu([{ name: 'z', graph }], facts))
    return (await executable.run('z', inputs))['z']
  }
  const places = matrixTiles(shapeOf, backend.facts).map((tile) => matrixTileTable.indexOf(tile))
  assert.ok(places.length >= 4)
  const [expected, ...others] = await Promise.all(places.map(run))
  for (const [i, result] of others.entries()) assert.deepEqual(result, expected, JSON.stringify(matrixTileTable[places[i + 1]!]))
})
