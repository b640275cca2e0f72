// Jobs for the fake backend, folders of a test's own, and the events of a run as a list.
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EvalJob, Job, SampleJob, TrainJob } from '../../compiler/plan/jobs.ts'
import type { Backend } from '../../runtime/backend.ts'
import type { RunEvent } from '../../runtime/events.ts'
import { run, type StagePlan } from '../../runtime/run.ts'
import { fakePlan, mask, vocab, weights } from './fake-backend.ts'

const key = (digit: string): string => digit.repeat(64)
export const keys = { train: key('a'), sample: key('b'), eval: key('c') }

const base = { normal: { test: true }, weights, vocab, mask, seed: 7, notes: [] }

export function trainJob(data: string, changes: Partial<TrainJob> = {}): TrainJob {
  const batch = changes.batch ?? 4
  const micro = changes.micro ?? batch
  const context = changes.context ?? 16
  return {
    ...base,
    kind: 'train',
    stage: 'base',
    key: keys.train,
    plan: fakePlan(micro, context, micro === batch),
    data: { form: 'text', path: data, tokenizer: { kind: 'bytes' }, part: 'train', validation: { share: 0.1 } },
    validation: { form: 'text', path: data, tokenizer: { kind: 'bytes' }, part: 'validation', validation: { share: 0.1 } },
    objective: 'masked',
    noise: { p: (t) => 0.001 + 0.999 * t, weight: (t) => 1 / (0.001 + 0.999 * t) },
    context,
    batch,
    micro,
    steps: 12,
    rate: () => 0.02,
    betas: [0.9, 0.95],
    every: { log: 1, validate: 0, keep: 3 },
    parameters: 0,
    extra: [],
    flops: { executed: 1, paper: 1 },
    ...changes,
  }
}

export function sampleJob(changes: Partial<SampleJob> = {}): SampleJob {
  const micro = changes.micro ?? 4
  const length = changes.length ?? 12
  const sampler = changes.sampler ?? { kind: 'confidence', steps: 8, temperature: 1, guidance: 0, pooled: false }
  return {
    ...base,
    kind: 'sample',
    stage: 'story',
    key: keys.sample,
    plan: fakePlan(micro, length, true, { guidance: sampler.guidance > 0, pooled: sampler.pooled }),
    from: { kind: 'stage', stage: 'base', key: keys.train },
    tokenizer: { kind: 'bytes' },
    prompt: 'ab',
    length,
    count: 6,
    micro,
    sampler,
    ...changes,
  }
}

export function evalJob(data: string, changes: Partial<EvalJob> = {}): EvalJob {
  const micro = changes.micro ?? 4
  const context = changes.context ?? 16
  return {
    ...base,
    kind: 'eval',
    stage: 'bound',
    key: keys.eval,
    plan: fakePlan(micro, context, true),
    from: { kind: 'stage', stage: 'base', key: keys.train },
    data: { form: 'text', path: data, tokenizer: { kind: 'bytes' }, part: 'all' },
    context,
    micro,
    objective: 'masked',
    metric: { kind: 'likelihood', by: 'exact_k', samples: 20, noise: { p: (t) => t, weight: (t) => 1 / t } },
    ...changes,
  }
}

export interface Place {
  readonly root: string
  readonly store: string
  readonly runs: string
  readonly cache: string
  /** A text file of 2000 bytes. */
  readonly data: string
}

export async function place(): Promise<Place> {
  const root = await mkdtemp(join(tmpdir(), 'smdmc-test-'))
  const data = join(root, 'text.txt')
  await writeFile(data, 'the quick brown fox jumps over the lazy dog. '.repeat(45).slice(0, 2000))
  return { root, store: join(root, '.smdmc', 'store'), runs: join(root, 'runs', 'test'), cache: join(root, '.smdmc', 'cache'), data }
}

export function plan(job: Job): StagePlan {
  return { stage: job.stage, kind: job.kind, what: job.kind, key: job.key, job: () => Promise.resolve(job) }
}

/** Runs jobs to the end; `each` sees every event as it comes. */
export async function runAll(
  jobs: readonly Job[],
  backend: Backend,
  at: Place,
  signal = new AbortController().signal,
  each: (event: RunEvent) => void = () => undefined,
): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = []
  for await (const event of run(jobs.map(plan), backend, { store: at.store, runs: at.runs, cache: at.cache, signal })) {
    each(event)
    events.push(event)
  }
  return events
}

export function only<K extends RunEvent['kind']>(events: readonly RunEvent[], kind: K): readonly Extract<RunEvent, { kind: K }>[] {
  return events.filter((e): e is Extract<RunEvent, { kind: K }> => e.kind === kind)
}
