// A device that does not tell its memory: plans are tried until one fits.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TrainJob } from '../compiler/plan/jobs.ts'
import type { OnnxPlan } from '../compiler/plan/plan.ts'
import { DoesNotFit, Failure, type RunEvent } from '../runtime/events.ts'
import { run, type StagePlan } from '../runtime/run.ts'
import { deviceLost, FakeBackend, fakePlan } from './helpers/fake-backend.ts'
import { only, place, plan, trainJob, type Place } from './helpers/fake-jobs.ts'

const perSequence = 100

/** A compiler that leaves a tenth of the memory free, and so takes as many sequences as fit the rest. */
function stage(at: Place, asked: (number | undefined)[]): StagePlan {
  const made = (micro: number): TrainJob => {
    const memory = { states: 0, activations: perSequence * micro, largest: { name: '', bytes: 0 } }
    return trainJob(at.data, { micro, plan: { ...fakePlan(micro, 16, micro === 4), memory } })
  }
  const fits = (micro: number, memory: number): boolean => perSequence * micro <= 0.9 * memory
  return {
    ...plan(made(4)),
    job: (memory = Infinity) => {
      asked.push(memory)
      return Promise.resolve(made([4, 2].find((micro) => fits(micro, memory)) ?? 1))
    },
  }
}

class SmallBackend extends FakeBackend {
  readonly #memory: number

  constructor(memory: number) {
    super()
    this.#memory = memory
  }

  override load(made: OnnxPlan): ReturnType<FakeBackend['load']> {
    if (made.memory.activations <= this.#memory) return super.load(made)
    return Promise.reject(new DoesNotFit({ code: 'out-of-memory', message: `full at ${made.memory.activations}`, advice: [] }))
  }
}

async function eventsOf(at: Place, stage: StagePlan, backend: FakeBackend): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = []
  for await (const e of run([stage], backend, { ...at, signal: new AbortController().signal })) events.push(e)
  return events
}

test('what does not fit is tried with fewer sequences at once', async () => {
  const at = await place()
  const asked: (number | undefined)[] = []
  const events = await eventsOf(at, stage(at, asked), new SmallBackend(150))
  assert.deepEqual(asked, [Infinity, 400, 200])
  assert.deepEqual(
    only(events, 'note').flatMap(({ text }) => (text.includes('fit') ? [text] : [])),
    ['4 sequences at once do not fit the device, trying 2', '2 sequences at once do not fit the device, trying 1'],
  )
  assert.equal(only(events, 'step').length, 12)
  assert.equal(events.at(-1)!.kind, 'done')
  assert.equal(only(events, 'stage').length, 1)
})

test('as many sequences with less kept of each are tried, too', async () => {
  const at = await place()
  const made = (activations: number): TrainJob =>
    trainJob(at.data, { plan: { ...fakePlan(4, 16, true), memory: { states: 0, activations, largest: { name: '', bytes: 0 } } } })
  const events = await eventsOf(at, { ...plan(made(400)), job: (memory = 800) => Promise.resolve(made(memory / 2)) }, new SmallBackend(200))
  const notes = only(events, 'note').filter(({ text }) => text.includes('fit'))
  assert.deepEqual(
    notes.map(({ text }) => text),
    ['4 sequences at once do not fit the device, trying to keep fewer of their activations'],
  )
  assert.equal(events.at(-1)!.kind, 'done')
})

test('where not even one fits, the run fails and says what the last one lacked', async () => {
  const at = await place()
  const last = (await eventsOf(at, stage(at, []), new SmallBackend(50))).at(-1)!
  assert.ok(last.kind === 'failed' && last.code === 'out-of-memory')
  assert.equal(last.message, 'full at 100')
})

test('other failures, also of memory while a plan runs, are not tried again', async () => {
  const full = new Failure({ code: 'out-of-memory', message: 'full', advice: [] })
  for (const failure of [full, deviceLost()]) {
    const at = await place()
    const asked: (number | undefined)[] = []
    const backend = new FakeBackend({
      before: () => {
        throw failure
      },
    })
    const last = (await eventsOf(at, stage(at, asked), backend)).at(-1)!
    assert.ok(last.kind === 'failed' && last.code === failure.code)
    assert.equal(asked.length, 1)
  }
})
