// Stages that read the results of others: a table and a fit over trainings of the fake device, their files in every form, what a
// second run tells of them, and what is said when the numbers are gone or follow no law.
import assert from 'node:assert/strict'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { FitJob, Job, ReadingJob, TableJob } from '../compiler/plan/jobs.ts'
import type { RunEvent } from '../runtime/events.ts'
import type { FitRecord } from '../runtime/fit.ts'
import { power } from '../runtime/law/law.ts'
import { run, type StagePlan } from '../runtime/run.ts'
import { FakeBackend } from './helpers/fake-backend.ts'
import { evalJob, keys, only, place, trainJob, type Place } from './helpers/fake-jobs.ts'

const compute = [1e12, 2e12, 4e12]
const trainings = compute.map((_, i) => ({ stage: `run${i}`, kind: 'train' as const, key: String(i).repeat(64) }))
const bound = { stage: 'bound', kind: 'eval' as const, key: keys.eval }

const work = (at: Place): readonly Job[] => [
  ...trainings.map(({ stage, key }, i) => trainJob(at.data, { stage, key, steps: 6 * 2 ** i, every: { log: 1, validate: 6, keep: 0 } })),
  evalJob(at.data, { from: { ...bound, kind: 'stage', key: trainings[0]!.key } }),
]

const table: TableJob = { kind: 'table', stage: 'compare', key: 'd'.repeat(64), normal: {}, rows: [...trainings, bound] }
const fit: FitJob = {
  kind: 'fit',
  stage: 'law',
  key: 'e'.repeat(64),
  normal: {},
  law: 'power',
  loss: 'train',
  budgets: trainings.map((done, i) => [{ ...done, parameters: 1e4, compute: compute[i]! }]),
}

async function carriedOut(jobs: readonly (Job | ReadingJob)[], at: Place, write?: string): Promise<readonly RunEvent[]> {
  const plans = jobs.map((job): StagePlan => {
    const common = { stage: job.stage, kind: job.kind, what: job.kind, key: job.key, job: () => Promise.resolve(job) }
    return write !== undefined && (job.kind === 'fit' || job.kind === 'table') ? { ...common, write, law: fit.law } : common
  })
  const events: RunEvent[] = []
  const { store, runs, cache } = at
  for await (const event of run(plans, new FakeBackend(), { store, runs, cache, signal: new AbortController().signal })) events.push(event)
  return events
}

/** The training's loss as the log tells it: the mean of the last tenth, here of the last step or the last two. */
function lossOf(events: readonly RunEvent[], stage: string): number {
  const steps = only(events, 'step').filter((e) => e.stage === stage)
  const end = steps.filter((e) => e.step > 0.9 * e.total)
  return end.reduce((sum, e) => sum + e.loss, 0) / end.length
}

test('a table has a row for each stage and a column for each number, fresh and out of the store', async () => {
  const at = await place()
  const events = await carriedOut([...work(at), table], at)
  const [told] = only(events, 'table')
  assert.deepEqual(told!.head.slice(0, 4), ['stage', 'key', 'validation, nats per token', 'loss, nats per token'])
  assert.deepEqual(told!.rows.map(([stage]) => stage), ['run0', 'run1', 'run2', 'bound']) // prettier-ignore
  trainings.forEach(({ stage, key }, i) => {
    const row = told!.rows[i]!
    assert.equal(row[1], key.slice(0, 12))
    assert.match(row[2]!, /^\d\.\d{4} ± \d\.\d{4}$/)
    assert.equal(row[3], lossOf(events, stage).toFixed(4))
  })
  assert.equal(told!.rows[3]![2], '')
  assert.deepEqual(only(await carriedOut([table], at), 'table'), [told])
})

test('a table is written in the form of the file’s ending', async () => {
  const at = await place()
  await carriedOut([...work(at), table], at)
  const written = async (name: string): Promise<string> => {
    await carriedOut([table], at, join(at.root, 'results', name))
    return readFile(join(at.root, 'results', name), 'utf8')
  }
  const [markdown, commas, json] = [await written('t.md'), await written('t.csv'), await written('t.json')]
  assert.match(markdown, /^\| stage \| key \| validation, nats per token \|.*\n\| --- \|.*\n\| run0 \| 000000000000 \|/)
  assert.match(commas, /^stage,key,"validation, nats per token",.*\nrun0,000000000000,/)
  assert.equal((JSON.parse(json) as unknown[]).length, 4)
})

test('a fit is the law through the losses that the trainings logged, in text and as a picture', async () => {
  const at = await place()
  const events = await carriedOut([...work(at), fit], at)
  const law = power(trainings.map(({ stage }, i) => [{ stage, parameters: 1e4, compute: compute[i]!, loss: lossOf(events, stage) }]))
  if (law.kind !== 'power') assert.fail(law.kind)
  const told = only(events, 'metric')
  assert.deepEqual(told.at(-1)!.value, law.loss.slope)
  const records = JSON.parse(await readFile(join(at.store, fit.key.slice(0, 12), 'metrics.json'), 'utf8')) as readonly FitRecord[]
  assert.deepEqual(records.flatMap((r) => r.stage ?? []), trainings.map((t) => t.stage)) // prettier-ignore
  for (const name of ['law.md', 'law.svg']) await carriedOut([fit], at, join(at.root, name))
  assert.match(await readFile(join(at.root, 'law.md'), 'utf8'), /\| loss exponent \| -?0\.\d+[^]*\| run2 \| 10000 \| 4\.000e\+12 \|/)
  assert.match(await readFile(join(at.root, 'law.svg'), 'utf8'), /^<svg[^]*<\/svg>\s*$/)
  assert.deepEqual(only(await carriedOut([fit], at), 'metric').map((e) => e.value), [law.loss.slope]) // prettier-ignore
})

test('losses that follow no law, and numbers that are gone, are said; what was trained stays', async () => {
  const at = await place()
  const alone = { ...fit, budgets: fit.budgets.slice(0, 1) }
  const none = (await carriedOut([...work(at), alone], at)).at(-1)!
  assert.ok(none.kind === 'failed' && none.code === 'no-law', JSON.stringify(none))
  await rm(join(at.store, trainings[1]!.key.slice(0, 12), 'log.jsonl'))
  for (const job of [table, fit]) {
    const gone = (await carriedOut([job], at)).at(-1)!
    assert.ok(gone.kind === 'failed' && gone.code === 'result-gone', JSON.stringify(gone))
    assert.match(gone.message, /^run1 is done, and its numbers are not in .*log\.jsonl$/)
  }
  const again = await carriedOut(work(at), at)
  assert.deepEqual(only(again, 'run')[0]!.stages.map((s) => s.state), ['cached', 'cached', 'cached', 'cached']) // prettier-ignore
})
