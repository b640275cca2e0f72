// Sampling: the published step tables, and samples that depend on nothing but seed, sample and position.
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import type { SampleJob } from '../compiler/plan/jobs.ts'
import type { SampleRecord } from '../runtime/sample.ts'
import { drawing } from '../runtime/random.ts'
import { ancestralSteps } from '../runtime/sampler/ancestral.ts'
import { revealCounts, revealSteps } from '../runtime/sampler/schedule.ts'
import { FakeBackend } from './helpers/fake-backend.ts'
import { keys, only, place, plan, runAll, sampleJob, trainJob, type Place } from './helpers/fake-jobs.ts'
import { run } from '../runtime/run.ts'

// Recorded from the published sampler: masked tokens, steps → tokens revealed at each step.
const recorded: readonly (readonly [number, number, readonly number[]])[] = [
  [16, 4, [3, 4, 4, 5]],
  [16, 16, [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2]],
  [100, 7, [14, 14, 14, 14, 14, 14, 16]],
  [52, 32, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3]],
  [8, 12, [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2]],
]

test('the tables of the published confidence sampler', () => {
  for (const [masked, steps, counts] of recorded) assert.deepEqual(revealCounts(masked, steps), counts, `${masked} in ${steps}`)
  const ones = (n: number): number[] => Array.from({ length: n }, () => 1)
  assert.deepEqual(revealCounts(206, 256), [...ones(51).fill(0), ...ones(204), 2])
  const long = revealCounts(1000, 128)
  const eights = long.indexOf(8)
  assert.ok(long.slice(0, eights).every((c) => c === 7) && long.slice(eights, -1).every((c) => c === 8))
  assert.equal(long.at(-1), 9)
  assert.equal(revealCounts(40, 32).at(-1), 3)
  // Computed with numpy's float32; in double precision the 27th step would reveal nothing.
  assert.deepEqual(revealCounts(129, 155).slice(24, 30), [0, 0, 1, 0, 1, 1])
})

test('idle steps are dropped, and the others keep their numbers', () => {
  const steps = revealSteps(8, 12)
  assert.deepEqual(steps.map((s) => [s.step, s.count, s.masks]), [[5, 1, 8], [6, 1, 7], [7, 1, 6], [8, 1, 5], [9, 1, 4], [10, 1, 3], [11, 2, 2]]) // prettier-ignore
  assert.deepEqual(revealSteps(0, 4), [])
})

test('ancestral steps reveal every position once, at uniform times, whatever else is in the batch', () => {
  const draw = drawing(3, 'reveal')
  const together = ancestralSteps([4, 5], 1000, 100, 10, draw)
  const alone = ancestralSteps([5], 1000, 100, 10, draw)
  const rows = together.flatMap((s) => [...s.rows])
  assert.equal(rows.length, 1800)
  assert.equal(new Set(rows).size, 1800)
  assert.ok(rows.every((r) => r % 1000 >= 100))
  for (const { step, rows } of together) assert.ok(Math.abs(rows.length - 180) < 60, `step ${step} reveals ${rows.length}`)
  assert.deepEqual(
    together.map((s) => [...s.rows].filter((r) => r >= 1000).map((r) => r - 1000)),
    alone.map((s) => [...s.rows]),
  )
})

async function trained(): Promise<Place> {
  const at = await place()
  await runAll([trainJob(at.data, { every: { log: 0, validate: 0, keep: 0 }, validation: undefined })], new FakeBackend(), at)
  return at
}

async function samplesOf(at: Place, key = keys.sample): Promise<readonly SampleRecord[]> {
  const text = await readFile(join(at.store, key.slice(0, 12), 'samples.jsonl'), 'utf8')
  return text.trimEnd().split('\n').map((line) => JSON.parse(line) as SampleRecord) // prettier-ignore
}

const kinds: readonly SampleJob['sampler'][] = [
  { kind: 'confidence', steps: 8, temperature: 1, guidance: 0, pooled: false },
  { kind: 'confidence', steps: 20, temperature: 1, guidance: 0, pooled: false },
  { kind: 'ancestral', steps: 5, temperature: 1, guidance: 0, pooled: false },
]

test('samples do not depend on their batch mates', async () => {
  const at = await trained()
  for (const [i, sampler] of kinds.entries()) {
    const results = []
    for (const micro of [6, 4, 1]) {
      const key = `${i}${micro}`.padEnd(64, '0')
      await runAll([sampleJob({ key, micro, sampler })], new FakeBackend(), at)
      results.push((await samplesOf(at, key)).map((r) => r.tokens))
    }
    assert.deepEqual(results[1], results[0])
    assert.deepEqual(results[2], results[0])
    assert.equal(new Set(results[0]!.map(String)).size, 6)
  }
})

test('a sample stage previews, counts its passes, and writes whole texts', async () => {
  const at = await trained()
  const write = join(at.root, 'out', 'story.jsonl')
  const backend = new FakeBackend()
  const job = sampleJob({ write, sampler: { kind: 'confidence', steps: 20, temperature: 0.5, guidance: 2, pooled: false } })
  const events: unknown[] = []
  for await (const e of run([{ ...plan(job), write }], backend, { ...at, signal: new AbortController().signal })) events.push(e)
  const unmasked = only(events as never, 'unmask')
  assert.deepEqual(unmasked[0]!.pieces.slice(0, 2), ['a', 'b'])
  assert.equal(unmasked[0]!.pieces.filter((p) => p === null).length, 9)
  const records = await samplesOf(at)
  assert.equal(records.length, 6)
  // Ten masks in 20 steps: the steps that reveal nothing do not run, and a guided step passes twice.
  const runs = backend.ran.length / 2
  assert.ok(runs <= 10)
  for (const r of records) {
    assert.equal(r.forwards, 2 * runs)
    assert.equal(r.tokens.length, 12)
    assert.ok(r.text.startsWith('ab') && r.prompt === 'ab' && r.seed === 7 && r.tokens.every((t) => t < 256))
  }
  assert.equal(await readFile(write, 'utf8'), await readFile(join(at.store, keys.sample.slice(0, 12), 'samples.jsonl'), 'utf8'))
  await writeFile(write, 'lost')
  const again: string[] = []
  for await (const e of run([{ ...plan(job), write }], backend, { ...at, signal: new AbortController().signal })) {
    assert.notEqual(e.kind, 'unmask', 'nothing is sampled again')
    if (e.kind === 'sampled') again.push(e.text)
  }
  assert.deepEqual(
    again,
    records.map((r) => r.text),
    'what is in the store is shown',
  )
  assert.notEqual(await readFile(write, 'utf8'), 'lost')
})

test('previews do not hold the device up: the host queues on, but not far', { timeout: 20_000 }, async () => {
  const at = await trained()
  const queued: number[] = []
  // The device does not begin before the host has nothing more to queue.
  const backend: FakeBackend = new FakeBackend({
    before: async () => {
      for (let before = -1; before !== backend.ran.length; await new Promise((resolve) => setTimeout(resolve, 5)))
        before = backend.ran.length
      queued.push(backend.ran.length)
    },
  })
  const events = await runAll([sampleJob({ micro: 3, sampler: kinds[0]! })], backend, at)
  // A look after each run: two are under way while a third waits.
  assert.equal(queued[0], 3)
  assert.ok(
    queued.every((n, i) => n - i <= 3),
    `queued ${queued.join()}`,
  )
  const order = events.flatMap((e) => (e.kind === 'unmask' || e.kind === 'sampled' ? [`${e.kind} ${e.sample}`] : []))
  assert.deepEqual(
    order.filter((o, i) => o !== order[i - 3]),
    [0, 3].flatMap((b) => ['unmask', 'sampled'].flatMap((kind) => [0, 1, 2].map((i) => `${kind} ${b + i}`))),
  )
  const steps = only(events, 'unmask').map((e) => [e.sample, e.step] as const)
  assert.ok(steps.every(([sample, step], i) => i < 3 || sample !== steps[i - 3]![0] || step > steps[i - 3]![1]))
})

test('stopped between batches, the samples done are kept and the rest is the same', async () => {
  const [whole, parted] = [await trained(), await trained()]
  await runAll([sampleJob({ micro: 2 })], new FakeBackend(), whole)
  const controller = new AbortController()
  const first = await runAll([sampleJob({ micro: 2 })], new FakeBackend(), parted, controller.signal, (e) => {
    if (e.kind === 'progress') controller.abort()
  })
  assert.deepEqual(first.at(-1), { kind: 'stopped', stage: 'story', step: 2, total: 6 })
  const second = await runAll([sampleJob({ micro: 2 })], new FakeBackend(), parted)
  assert.equal(only(second, 'stage')[0]!.state, 'resumed')
  assert.equal(only(second, 'sampled').length, 4)
  assert.deepEqual(await samplesOf(parted), await samplesOf(whole))
})

test('a prompt longer than the text is a failure, one of the same length leaves nothing to do', async () => {
  const at = await trained()
  const long = (await runAll([sampleJob({ prompt: 'x'.repeat(13) })], new FakeBackend(), at)).at(-1)!
  assert.ok(long.kind === 'failed' && long.code === 'prompt-too-long')
  const backend = new FakeBackend()
  await runAll([sampleJob({ prompt: 'x'.repeat(12) })], backend, at)
  assert.equal(backend.ran.length, 0)
  assert.equal((await samplesOf(at))[5]!.text, 'x'.repeat(12))
})
