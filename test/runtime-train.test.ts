// Training as a whole: what comes out does not depend on how it was cut into runs, micro-batches and processes.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { cpSync } from 'node:fs'
import { readFile, readdir, readlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { readLines } from '../runtime/store/journal.ts'
import { openSafetensors } from '../runtime/checkpoint/safetensors.ts'
import type { RunEvent } from '../runtime/events.ts'
import { deviceLost, FakeBackend } from './helpers/fake-backend.ts'
import { keys, only, place, plan, runAll, trainJob, type Place } from './helpers/fake-jobs.ts'
import { run } from '../runtime/run.ts'

const folder = (at: Place): string => join(at.store, keys.train.slice(0, 12))
const digest = async (at: Place): Promise<string> =>
  createHash('sha256')
    .update(await readFile(join(folder(at), 'model.safetensors')))
    .digest('hex')
const stop = (when: (event: RunEvent) => boolean): [AbortSignal, (event: RunEvent) => void] => {
  const controller = new AbortController()
  return [controller.signal, (event) => when(event) && controller.abort()]
}

test('a training learns, logs, validates, and leaves its weights under a link', async () => {
  const at = await place()
  const job = trainJob(at.data, { steps: 60, every: { log: 20, validate: 30, keep: 0 } })
  const events = await runAll([job], new FakeBackend(), at)
  assert.deepEqual(events[0], { kind: 'run', device: 'fake', stages: [{ stage: 'base', what: 'train', key: keys.train, state: 'new' }] })
  assert.deepEqual(
    only(events, 'step').map((e) => e.step),
    [1, 20, 40, 60],
  )
  const bounds = only(events, 'validation')
  assert.deepEqual(
    bounds.map((e) => e.step),
    [30, 60],
  )
  assert.ok(bounds[1]!.bound < bounds[0]!.bound && bounds[0]!.bound < Math.log(256))
  assert.ok(bounds[0]!.error > 0 && bounds[0]!.error < 0.5)
  assert.ok(bounds[0]!.unigram > 2 && bounds[0]!.unigram < 3.3)
  assert.equal(events.at(-1)!.kind, 'done')
  assert.equal(await readlink(join(at.runs, 'base')), join('..', '..', '.smdmc', 'store', keys.train.slice(0, 12)))
  assert.deepEqual((await readdir(join(at.runs, 'base'))).sort(), ['log.jsonl', 'model.safetensors', 'stage.json'])
  await using model = await openSafetensors(join(at.runs, 'base', 'model.safetensors'))
  assert.equal(model.metadata['key'], keys.train)
  assert.deepEqual(
    model.tensors.map((t) => t.name),
    ['bias', 'left', 'right'],
  )
  const logged = (await readLines(join(folder(at), 'log.jsonl'))) as RunEvent[]
  assert.deepEqual(
    logged.map((e) => e.kind),
    ['step', 'step', 'validation', 'step', 'step', 'validation'],
  )
})

test('a rate is that of all steps since the last one told, not of the last step alone', async () => {
  const at = await place()
  const job = trainJob(at.data, { steps: 40, every: { log: 10, validate: 0, keep: 0 }, validation: undefined })
  const told = only(await runAll([job], new FakeBackend(), at), 'step')
  told.slice(1).forEach(({ tokens, seconds, tokensPerSecond }, i) => {
    const took = (tokens - told[i]!.tokens) / tokensPerSecond
    assert.ok(Math.abs(took - (seconds - told[i]!.seconds)) < 1e-6, `${took} of ${seconds - told[i]!.seconds} s`)
  })
})

test('a finished stage is cached and never compiled', async () => {
  const at = await place()
  await runAll([trainJob(at.data)], new FakeBackend(), at)
  const backend = new FakeBackend()
  const header = { ...plan(trainJob(at.data)), job: () => Promise.reject(new Error('compiled')) }
  const events: RunEvent[] = []
  for await (const e of run([header], backend, { ...at, signal: new AbortController().signal })) events.push(e)
  assert.deepEqual(
    events.map((e) => e.kind),
    ['run', 'stage', 'done'],
  )
  assert.deepEqual(
    only(events, 'stage').map((e) => [e.state, e.total]),
    [['cached', 12]],
  )
  assert.equal(backend.loads, 0)
})

test('stopped at any step and resumed, the weights are those of an uninterrupted run', async () => {
  const whole = await place()
  await runAll([trainJob(whole.data)], new FakeBackend(), whole)
  for (const at of [1, 4, 9]) {
    const parted = await place()
    const [signal, each] = stop((e) => e.kind === 'step' && e.step === at)
    const first = await runAll([trainJob(parted.data)], new FakeBackend(), parted, signal, each)
    const stopped = first.at(-1)!
    assert.equal(stopped.kind, 'stopped')
    assert.ok(only(first, 'checkpoint').at(-1)!.step === (stopped.kind === 'stopped' ? stopped.step : -1))
    const second = await runAll([trainJob(parted.data)], new FakeBackend(), parted)
    assert.equal(only(second, 'stage')[0]!.state, 'resumed')
    assert.ok(only(second, 'step')[0]!.step > at)
    assert.equal(await digest(parted), await digest(whole))
  }
})

test('stopped in the middle of a step of many micro-batches, nothing of that step remains', async () => {
  const changes = { batch: 6, micro: 2 }
  const [whole, parted] = [await place(), await place()]
  await runAll([trainJob(whole.data, changes)], new FakeBackend(), whole)
  const controller = new AbortController()
  // Run 4 * 3 + 2 is the second of the fourth step's three micro-batches.
  const backend = new FakeBackend({ before: (_, runs) => void (runs >= 14 && controller.abort()) })
  const events = await runAll([trainJob(parted.data, changes)], backend, parted, controller.signal)
  assert.equal(events.at(-1)!.kind, 'stopped')
  await runAll([trainJob(parted.data, changes)], new FakeBackend(), parted)
  assert.equal(await digest(parted), await digest(whole))
})

test('micro-batches change results by rounding only, and the losses are the same draw', async () => {
  const losses: number[][] = []
  for (const micro of [6, 3, 1]) {
    const at = await place()
    const events = await runAll([trainJob(at.data, { batch: 6, micro, steps: 5 })], new FakeBackend(), at)
    losses.push(only(events, 'step').map((e) => e.loss))
  }
  for (const other of losses.slice(1)) for (const [i, loss] of other.entries()) assert.ok(Math.abs(loss / losses[0]![i]! - 1) < 1e-5)
})

test('a micro-batch without any mask still runs, with one row that weighs nothing', async () => {
  const at = await place()
  const backend = new FakeBackend()
  const never = { p: () => 0, weight: () => Infinity }
  const events = await runAll([trainJob(at.data, { noise: never, steps: 2, validation: undefined })], backend, at)
  assert.deepEqual(
    only(events, 'step').map((e) => e.loss),
    [0, 0],
  )
  assert.deepEqual([...backend.ran[0]!.inputs['weight']!], [0])
  assert.equal(backend.ran[0]!.extents['row'], 1)
})

test('next-token training sees every position and its successor', async () => {
  const at = await place()
  const backend = new FakeBackend()
  await runAll([trainJob(at.data, { objective: 'next_token', steps: 1 })], backend, at)
  const { tokens, target } = backend.ran[0]!.inputs
  assert.equal(target!.length, 4 * 16)
  for (let i = 0; i < 64; i++) if (i % 16 !== 15) assert.equal(target![i], tokens![i + 1])
})

test('a lost device ends the run, and the next one goes on from the last checkpoint', async () => {
  const [whole, parted] = [await place(), await place()]
  await runAll([trainJob(whole.data)], new FakeBackend(), whole)
  const backend = new FakeBackend({
    before: (_, runs) => {
      if (runs >= 8) throw deviceLost()
    },
  })
  const failed = (await runAll([trainJob(parted.data)], backend, parted)).at(-1)!
  assert.ok(failed.kind === 'failed' && failed.code === 'device-lost')
  assert.deepEqual(await readdir(join(folder(parted), 'state')), ['step-6'])
  assert.deepEqual((await readdir(folder(parted))).sort(), ['log.jsonl', 'stage.json', 'state'])
  await runAll([trainJob(parted.data)], new FakeBackend(), parted)
  assert.equal(await digest(parted), await digest(whole))
  const steps = ((await readLines(join(folder(parted), 'log.jsonl'))) as { kind: string; step: number }[]).filter((e) => e.kind === 'step')
  assert.deepEqual(
    steps.map((e) => e.step),
    Array.from({ length: 12 }, (_, i) => i + 1),
  )
})

test('numbers that are not finite end the run, and nothing of them is saved', async () => {
  const at = await place()
  const events = await runAll([trainJob(at.data, { rate: (step) => (step < 5 ? 0.02 : NaN) })], new FakeBackend(), at)
  const last = events.at(-1)!
  assert.ok(last.kind === 'failed' && last.code === 'diverged', JSON.stringify(last))
  assert.match(last.advice.join(), /learning rate/)
  assert.deepEqual(await readdir(join(folder(at), 'state')), ['step-3'])
})

test('a model that gives no numbers is told from a training that diverged', async () => {
  const at = await place()
  const weight = (): number => NaN
  const events = await runAll([trainJob(at.data, { noise: { p: () => 1, weight } })], new FakeBackend(), at)
  const last = events.at(-1)!
  assert.ok(last.kind === 'failed' && last.code === 'diverged')
  assert.match(last.message, /^the model gives no numbers: at step 1, before anything is learned, the loss is NaN/)
  assert.doesNotMatch(last.advice.join(), /learning rate|checkpoint/)
})

test('a broken newest checkpoint falls back to the one before; without one, the run fails', async () => {
  const [whole, parted] = [await place(), await place()]
  await runAll([trainJob(whole.data)], new FakeBackend(), whole)
  const state = join(folder(parted), 'state')
  const controller = new AbortController()
  await runAll([trainJob(parted.data)], new FakeBackend(), parted, controller.signal, (e) => {
    if (e.kind === 'checkpoint' && e.step === 3) cpSync(e.path, join(parted.root, 'older'), { recursive: true })
    if (e.kind === 'step' && e.step === 7) controller.abort()
  })
  const [newest] = await readdir(state)
  const bytes = await readFile(join(state, newest!, 'state.safetensors'))
  await writeFile(join(state, newest!, 'state.safetensors'), bytes.subarray(0, bytes.length - 1))
  const broken = (await runAll([trainJob(parted.data)], new FakeBackend(), parted)).at(-1)!
  assert.ok(broken.kind === 'failed' && broken.code === 'bad-checkpoint')
  cpSync(join(parted.root, 'older'), join(state, 'step-3'), { recursive: true })
  const events = await runAll([trainJob(parted.data)], new FakeBackend(), parted)
  assert.equal(only(events, 'step')[0]!.step, 4)
  assert.equal(await digest(parted), await digest(whole))
})

test('fine-tuning starts from the weights of another stage', async () => {
  const at = await place()
  const next = 'c'.repeat(64)
  const tuned = trainJob(at.data, {
    stage: 'tuned',
    key: next,
    start: { kind: 'stage', stage: 'base', key: keys.train },
    rate: () => 0,
    steps: 1,
  })
  await runAll([trainJob(at.data), tuned], new FakeBackend(), at)
  await using a = await openSafetensors(join(folder(at), 'model.safetensors'))
  await using b = await openSafetensors(join(at.store, next.slice(0, 12), 'model.safetensors'))
  assert.deepEqual(await b.read('left'), await a.read('left'))
})

test('data that is too short, empty or missing is a failure with advice', async () => {
  const at = await place()
  const cases = [
    ['data-too-short', 'x'.repeat(10)],
    ['empty-data', ''],
  ] as const
  for (const [code, text] of cases) {
    await writeFile(at.data, text)
    const last = (await runAll([trainJob(at.data)], new FakeBackend(), at)).at(-1)!
    assert.ok(last.kind === 'failed' && last.code === code && last.advice.length > 0, JSON.stringify(last))
  }
  const last = (await runAll([trainJob(join(at.root, 'none'))], new FakeBackend(), at)).at(-1)!
  assert.ok(last.kind === 'failed' && last.code === 'missing-file')
})

test('a store that cannot be written, or that another process works in, is a failure', async () => {
  const at = await place()
  const elsewhere = { ...at, store: join(at.data, 'store') }
  const unwritable = (await runAll([trainJob(at.data)], new FakeBackend(), elsewhere)).at(-1)!
  assert.ok(unwritable.kind === 'failed' && unwritable.code === 'not-a-folder')
  const backend = new FakeBackend({ before: () => new Promise((go) => setTimeout(go, 20)) })
  const [one, other] = await Promise.all([runAll([trainJob(at.data)], backend, at), runAll([trainJob(at.data)], backend, at)])
  const ends = [one.at(-1)!, other.at(-1)!].sort((a, b) => (a.kind < b.kind ? -1 : 1))
  assert.deepEqual([ends[0]!.kind, ends[1]!.kind === 'failed' && ends[1].code], ['done', 'locked'])
})
