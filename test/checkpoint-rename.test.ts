// The published layout: its header to the byte, and weights that go there and back unchanged.
import assert from 'node:assert/strict'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { printHeader } from '../runtime/checkpoint/header.ts'
import { isPublished, publishedTensors, readPublished } from '../runtime/checkpoint/rename.ts'
import { openSafetensors, writeSafetensors } from '../runtime/checkpoint/safetensors.ts'
import { Failure } from '../runtime/events.ts'
import { initialValues } from '../runtime/weights.ts'
import type { WeightSpec } from '../compiler/plan/jobs.ts'

interface Size {
  readonly layers: number
  readonly width: number
  readonly groups: number
  readonly share: number
  readonly hidden: number
  readonly vocab: number
}

/** The weights of the library's transformer. */
function transformer({ layers, width, groups, share, hidden, vocab }: Size): readonly WeightSpec[] {
  const head = width / groups / share
  const spec = (name: string, dims: Readonly<Record<string, number>>): WeightSpec => {
    return { name, dims: Object.entries(dims).map(([n, size]) => ({ name: n, size })), init: { kind: 'normal', std: 1 } }
  }
  const layer = (i: number): WeightSpec[] => [
    spec(`layers.${i}.rmsnorm.0.gain`, { width }),
    spec(`layers.${i}.attention.Wq`, { width, groups, share, head }),
    spec(`layers.${i}.attention.Wk`, { width, groups, head }),
    spec(`layers.${i}.attention.Wv`, { width, groups, head }),
    spec(`layers.${i}.attention.Wo`, { groups, share, head, width }),
    spec(`layers.${i}.rmsnorm.1.gain`, { width }),
    spec(`layers.${i}.swiglu.Win`, { width, hidden }),
    spec(`layers.${i}.swiglu.Wgate`, { width, hidden }),
    spec(`layers.${i}.swiglu.Wout`, { hidden, width }),
  ]
  const inner = Array.from({ length: layers }, (_, i) => layer(i)).flat()
  return [spec('E', { symbols: vocab + 1, width }), spec('U', { width, vocab }), ...inner, spec('rmsnorm.gain', { width })]
}

const small: Size = { layers: 2, width: 24, groups: 2, share: 3, hidden: 10, vocab: 7 }
const folder = await mkdtemp(join(tmpdir(), 'smdmc-rename-'))

test('the header of the published 170M model is 13720 bytes, its file 876215712', () => {
  const weights = transformer({ layers: 18, width: 768, groups: 12, share: 1, hidden: 3072, vocab: 32000 })
  const { json, bytes, tensors } = printHeader(publishedTensors(weights, () => new Float32Array()))
  assert.equal(json.length, 13_720)
  assert.equal(8 + json.length + bytes, 876_215_712)
  assert.equal(tensors.length, 2 + 7 * 18 + 1)
  assert.deepEqual(tensors.slice(0, 3).map((t) => [t.name, t.shape]), [
    ['lm_head.weight', [32000, 768]],
    ['transformer.h.0.attn.attn.weight', [2304, 768]],
    ['transformer.h.0.attn.proj.weight', [768, 768]],
  ]) // prettier-ignore
})

test('there and back, every number keeps its place', async () => {
  const weights = transformer(small)
  const values = new Map(weights.map((w) => [w.name, initialValues(w, 1)]))
  const path = join(folder, 'published.safetensors')
  await writeSafetensors(
    path,
    publishedTensors(weights, (w) => values.get(w.name)!),
  )
  await using file = await openSafetensors(path)
  assert.ok(isPublished(file))
  const read = readPublished(file, weights)
  for (const w of weights) assert.deepEqual(await read(w), values.get(w.name), w.name)
})

test('queries, keys and values are rows of their group, and matrices are [out, in]', async () => {
  const weights = transformer(small)
  const [width, groups, share, head] = [24, 2, 3, 4]
  const value = (w: WeightSpec): Float32Array => initialValues(w, 1)
  const path = join(folder, 'rows.safetensors')
  await writeSafetensors(path, publishedTensors(weights, value))
  await using file = await openSafetensors(path)
  const fused = await file.read('transformer.h.1.attn.attn.weight')
  const own = (leaf: string): Float32Array => value(weights.find((w) => w.name === `layers.1.attention.${leaf}`)!)
  const [q, k, v] = [own('Wq'), own('Wk'), own('Wv')]
  for (let g = 0; g < groups; g++) {
    for (let h = 0; h < head; h++) {
      for (let c = 0; c < width; c++) {
        const row = (slot: number): number => fused[((g * (share + 2) + slot) * head + h) * width + c]!
        for (let s = 0; s < share; s++) assert.equal(row(s), q[((c * groups + g) * share + s) * head + h])
        assert.equal(row(share), k[(c * groups + g) * head + h])
        assert.equal(row(share + 1), v[(c * groups + g) * head + h])
      }
    }
  }
  const [gate, w1] = [
    value(weights.find((w) => w.name === 'layers.0.swiglu.Wgate')!),
    await file.read('transformer.h.0.mlp.swiglu.w1.weight'),
  ]
  assert.equal(w1[3 * width + 5], gate[5 * small.hidden + 3])
  const norm = value(weights.find((w) => w.name === 'layers.1.rmsnorm.1.gain')!)
  assert.deepEqual(await file.read('transformer.h.1.norm_2.weight'), norm)
})

test('a checkpoint of another size, or a model of another kind, does not load', async () => {
  const path = join(folder, 'other.safetensors')
  await writeSafetensors(
    path,
    publishedTensors(transformer(small), (w) => initialValues(w, 1)),
  )
  await using file = await openSafetensors(path)
  const fails = (weights: readonly WeightSpec[], reason: RegExp): void =>
    assert.throws(() => readPublished(file, weights), (e: unknown) => e instanceof Failure && e.code === 'checkpoint-mismatch' && reason.test(e.message)) // prettier-ignore
  fails(transformer({ ...small, layers: 3 }), /transformer\.h\.2.*missing there/)
  fails(transformer({ ...small, layers: 1 }), /transformer\.h\.1.*missing in the model/)
  fails(transformer({ ...small, vocab: 8 }), /wte\.weight is 8 × 24 there and 9 × 24/)
  fails([{ ...transformer(small)[0]!, name: 'embedding' }], /embedding has no place/)
})
