// The search for the fastest tiles: its trials, what wins, and what is kept of it for later runs.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { presetPage } from '../cli/bench/page.ts'
import { Library } from '../compiler/build/library.ts'
import { compile, isCompiled } from '../compiler/compile.ts'
import type { DeviceFacts } from '../compiler/facts.ts'
import type { Tuning, WebgpuPlan } from '../compiler/plan/plan.ts'
import { trialsOf, tune, type Tuned } from '../runtime/bench/tune.ts'
import { keepTuning, readTuning } from '../runtime/webgpu/tuning.ts'
import { described } from './helpers/webgpu.ts'

const products: Tuning = { key: 'product', places: [4, 0, 2] }
const attention: Tuning = { key: 'attention', places: [7, 3] }

/** A clock by what each tile takes, the same at each trial unless there are several times of one. */
function clock(seconds: Readonly<Record<string, Readonly<Record<number, number | readonly number[]>>>>, asked: Tuned[] = []) {
  return (tuned: Tuned) => {
    asked.push(tuned)
    const trial = asked.length - 1
    const times = Object.entries(tuned).map(([key, place]) => {
      const all = [seconds[key]![place]!].flat()
      return [key, all[trial % all.length]!] as const
    })
    return Promise.resolve(new Map(times))
  }
}
const quiet = () => undefined

test('each trial gives every kernel its next tile; the last ones keep their first', () => {
  assert.deepEqual(trialsOf([products, attention]), [
    { product: 4, attention: 7 },
    { product: 0, attention: 3 },
    { product: 2, attention: 7 },
  ])
  assert.deepEqual(trialsOf([]), [])
  const many = { key: 'many', places: Array.from({ length: 30 }, (_, i) => i) }
  assert.equal(trialsOf([many]).length, 8)
})

test('the fastest tile wins if it is clearly faster than the first', async () => {
  const asked: Tuned[] = []
  const heard: (readonly [number, number])[] = []
  const time = clock({ product: { 4: 10, 0: 9.9, 2: 6 }, attention: { 7: 5, 3: 4.95 } }, asked)
  const choices = await tune([products, attention], time, (done, of) => heard.push([done, of]))
  assert.deepEqual(choices, [
    { key: 'product', place: 2, seconds: 6, before: 10 },
    { key: 'attention', place: 7, seconds: 5, before: 5 },
  ])
  assert.deepEqual(asked, trialsOf([products, attention]))
  assert.deepEqual(heard, [[1, 3], [2, 3], [3, 3]]) // prettier-ignore
})

test('of several times of one tile the least counts, and a kernel that did not run loses nothing', async () => {
  const [, second] = await tune([products, attention], clock({ product: { 4: 1, 0: 1, 2: 1 }, attention: { 7: [9, 9, 2], 3: 3 } }), quiet)
  assert.deepEqual(second, { key: 'attention', place: 7, seconds: 2, before: 2 })
  const [first] = await tune([products], () => Promise.resolve(new Map()), quiet)
  assert.equal(first!.place, 4)
})

const device = { name: 'NVIDIA H200', driver: '570' }

test('choices are kept for the device and its driver, and added to', async () => {
  const cache = await mkdtemp(join(tmpdir(), 'smdmc-tuning-'))
  assert.deepEqual(await readTuning(cache, device), {})
  const path = await keepTuning(cache, device, { a: 1, b: 2 })
  assert.match(path, /tuning\/[0-9a-f]{16}\.json$/)
  assert.deepEqual(await readTuning(cache, device), { tuned: { a: 1, b: 2 } })
  await keepTuning(cache, device, { b: 3, c: 4 })
  assert.deepEqual(await readTuning(cache, device), { tuned: { a: 1, b: 3, c: 4 } })
  assert.deepEqual(await readTuning(cache, { ...device, name: 'NVIDIA H100' }), {})
})

test('those of another driver are not used, with a note, and give way to new ones', async () => {
  const cache = await mkdtemp(join(tmpdir(), 'smdmc-tuning-'))
  await keepTuning(cache, device, { a: 1 })
  const newer = { ...device, driver: '580' }
  const { tuned, note } = await readTuning(cache, newer)
  assert.equal(tuned, undefined)
  assert.match(note!, /measured with 570, and the driver is 580\. smdmc bench kernels --tune measures again/)
  await keepTuning(cache, newer, { b: 2 })
  assert.deepEqual(await readTuning(cache, newer), { tuned: { b: 2 } })
})

test('a broken file is not used, with a note', async () => {
  const cache = await mkdtemp(join(tmpdir(), 'smdmc-tuning-'))
  const path = await keepTuning(cache, device, { a: 1 })
  const whole = await readFile(path, 'utf8')
  const broken: readonly (readonly [string, RegExp])[] = [
    [whole.slice(0, 20), /it is not JSON/],
    ['null', /another version, or broken/],
    [whole.replace('"format": 1', '"format": 0'), /another version/],
    [whole.replace('"a": 1', '"a": "fast"'), /broken/],
    [whole.replace('NVIDIA H200', 'a fake'), /broken/],
  ]
  for (const [text, reason] of broken) {
    await writeFile(path, text)
    const { tuned, note } = await readTuning(cache, device)
    assert.equal(tuned, undefined)
    assert.match(note!, reason)
  }
})

test('a plan for a matrix unit tells the choices, and takes those that are made', () => {
  const facts = described('nvidia-h200')
  const { pipeline, prelude } = presetPage('6M', { context: 512 })
  const stage = pipeline!.stages[0]!
  const planOn = (on: DeviceFacts): WebgpuPlan => {
    assert.ok(isCompiled(stage))
    return compile(stage, { facts: on, library: new Library(prelude), micro: 2 }).plan as WebgpuPlan
  }
  const plain = planOn(facts)
  const tunings = plain.kernels.flatMap(({ tuning }) => (tuning ? [tuning] : []))
  const keys = [...new Set(tunings.map(({ key }) => key.split(' ').slice(0, 2).join(' ')))].sort()
  assert.deepEqual(keys, ['attention dkv', 'attention forward', 'product NN', 'product NT', 'product TN'])
  assert.ok(tunings.every(({ places }) => places.length > 1 && new Set(places).size === places.length))
  const tuned = Object.fromEntries(tunings.map(({ key, places }) => [key, places[1]!]))
  const changed = planOn({ ...facts, tuned })
  for (const [i, { tuning, wgsl }] of changed.kernels.entries()) {
    if (tuning) assert.equal(tuning.places[0], tuned[tuning.key])
    assert.equal(wgsl === plain.kernels[i]!.wgsl, tuning === undefined, `kernel ${i}`)
  }
  assert.ok(planOn({ ...facts, software: true }).kernels.every(({ tuning }) => tuning === undefined))
})
