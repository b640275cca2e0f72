// Likelihoods: three estimators of one model agree with what enumeration gives, and say how sure they are.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import type { EvalJob, Noise } from '../compiler/plan/jobs.ts'
import type { Executable } from '../runtime/backend.ts'
import type { MetricRecord } from '../runtime/evaluate.ts'
import { chainRule } from '../runtime/likelihood/chain-rule.ts'
import { exactK } from '../runtime/likelihood/exact-k.ts'
import { monteCarlo } from '../runtime/likelihood/monte-carlo.ts'
import { greedySuffix, pairChainRule, pairMonteCarlo } from '../runtime/likelihood/pair.ts'
import { Estimator, noised, windowsOf, type Estimate, type Noised } from '../runtime/likelihood/scored.ts'
import { programOf } from '../runtime/program.ts'
import { score } from '../runtime/score.ts'
import { initialValues } from '../runtime/weights.ts'
import { FakeBackend, fakePlan, mask, weights } from './helpers/fake-backend.ts'
import { evalJob, keys, only, place, runAll, trainJob } from './helpers/fake-jobs.ts'

const linear: Noise = { p: (t) => t, weight: (t) => 1 / t }
const length = 5
const text = Uint8Array.from([116, 104, 101, 32, 113])
const texts = windowsOf(text, length, 1, 1)

/** A model whose neighbours matter: weights ten times the usual. */
async function model(batch: number): Promise<Executable> {
  const executable = await new FakeBackend().load(fakePlan(batch, length, true))
  for (const w of weights) await executable.write(`weight/${w.name}`, initialValues(w, 1).map((x) => 10 * x)) // prettier-ignore
  return executable
}

async function estimated(draws: Iterable<Noised>, per = length): Promise<Estimate> {
  const executable = await model(3)
  const program = programOf(fakePlan(3, length, true), 'nll')!
  const estimator = new Estimator(per)
  for await (const scored of score({ executable, program, batch: 3, time: length, mask }, draws)) {
    for (const { draw, sum } of scored) estimator.add(draw, sum)
  }
  return estimator.estimate()
}

/** The bound exactly: every set of masks, weighted by how likely it is among those of its size. */
function* everyMask(): Iterable<Noised> {
  const clean = Int32Array.from(text)
  const choose = [1, 5, 10, 10, 5, 1]
  for (let set = 1; set < 2 ** length; set++) {
    const positions = Int32Array.from({ length }, (_, i) => i).filter((i) => (set >> i) % 2 === 1)
    const k = positions.length
    // Averaged over 31 draws: each size counts a fifth, each set of a size alike, and L / k makes k tokens a text.
    yield noised(0, clean, positions, mask, (31 / length / choose[k]!) * (length / k))
  }
}

test('Monte Carlo and exact k agree with the enumeration of all masks, exact k with far less noise', async () => {
  const exact = (await estimated(everyMask())).value
  const k = await estimated(exactK(texts, 2000, mask, 5))
  const mc = await estimated(monteCarlo(texts, 2000, linear, mask, 5))
  assert.ok(Math.abs(k.value - exact) < 3 * k.error, `${k.value} ± ${k.error}, exact ${exact}`)
  assert.ok(Math.abs(mc.value - exact) < 3 * mc.error, `${mc.value} ± ${mc.error}, exact ${exact}`)
  assert.ok(k.error < mc.error / 2)
})

test('the chain rule sums over the tokens, one pass each', async () => {
  const draws = [...chainRule(texts, mask)]
  assert.deepEqual([...draws[2]!.tokens], [116, 104, mask, mask, mask])
  assert.deepEqual([draws.length, draws[2]!.positions[0], draws[2]!.targets[0]], [5, 2, 101])
  const one = await estimated(draws.slice(3, 4))
  const all = await estimated(draws)
  assert.ok(all.value > 0 && all.value !== one.value)
  const each = await Promise.all(draws.map(async (d) => (await estimated([d])).value))
  assert.ok(Math.abs(each.reduce((a, b) => a + b, 0) / 5 - all.value) < 1e-6)
})

test('exact k masks k positions, each k as often, each position as often', () => {
  const draws = [...exactK(windowsOf(Uint8Array.from({ length: 8 }, (_, i) => i), 8, 1, 1), 800, mask, 1)] // prettier-ignore
  const sizes = new Map<number, number>()
  const places = new Map<number, number>()
  for (const d of draws) {
    sizes.set(d.positions.length, (sizes.get(d.positions.length) ?? 0) + 1)
    for (const at of d.positions) places.set(at, (places.get(at) ?? 0) + 1)
    assert.equal(d.tokens.filter((t) => t === mask).length, d.positions.length)
  }
  assert.deepEqual([...sizes.keys()].sort(), [1, 2, 3, 4, 5, 6, 7, 8])
  for (const n of sizes.values()) assert.ok(n >= 99 && n <= 101)
  for (const n of places.values()) assert.ok(Math.abs(n - 450) < 60)
})

test('pairs: only the target is masked; times of a batch are spread evenly', () => {
  const pair = { prefix: Int32Array.of(1, 2), target: Int32Array.of(3, 4, 5) }
  const chain = [...pairChainRule(pair, mask)]
  assert.deepEqual(chain.map((d) => [...d.tokens]), [[1, 2, mask, mask, mask], [1, 2, 3, mask, mask], [1, 2, 3, 4, mask]]) // prettier-ignore
  const draws = [...pairMonteCarlo(pair, linear, 4, 2, mask, 1)]
  assert.equal(draws.length, 8)
  for (const d of draws) assert.deepEqual([...d.tokens.subarray(0, 2)], [1, 2])
  const times = draws
    .slice(0, 4)
    .map((d) => 1 / d.weight)
    .sort()
  for (let i = 1; i < 4; i++) assert.ok(Math.abs(times[i]! - times[i - 1]! - 0.25) < 1e-9)
})

test('guidance sees each sequence twice and mixes the logits', async () => {
  const executable = await model(4)
  const pair = { prefix: Int32Array.of(1, 2), target: Int32Array.of(3, 4, 5) }
  const value = async (strength: number): Promise<number> => {
    const scorer = {
      executable,
      program: programOf(fakePlan(4, length, true), 'guided_nll')!,
      batch: 4,
      time: length,
      mask,
      guidance: { strength, prompt: 2 },
    }
    const estimator = new Estimator(1)
    for await (const scored of score(scorer, pairChainRule(pair, mask))) for (const { draw, sum } of scored) estimator.add(draw, sum)
    return estimator.estimate().value
  }
  const plain = await estimated(pairChainRule(pair, mask), 1)
  assert.ok(Math.abs((await value(0)) - plain.value) < 1e-5)
  assert.ok(Math.abs((await value(0.5)) - plain.value) > 1e-4)
})

test('the greedy suffix reveals its surest token first', async () => {
  // Logits by position and token; once position 1 holds token 2, position 2 wants token 0.
  const asked: number[][] = []
  const predict = (sequences: readonly Int32Array[]): Promise<Float32Array> => {
    asked.push([...sequences[0]!])
    const after = sequences[0]![1] === 2 ? [9, 0, 0] : [0, 1, 0]
    return Promise.resolve(Float32Array.from([0, 0, 0, 0, 0, 5, ...after]))
  }
  assert.deepEqual([...(await greedySuffix(Int32Array.of(1), 2, 0, 3, 3, predict))], [2, 0])
  assert.deepEqual(asked, [[1, 3, 3], [1, 2, 3]]) // prettier-ignore
})

test('an eval stage reports nats per byte with its error, keeps it, and goes on after a stop', async () => {
  const [whole, parted] = [await place(), await place()]
  const eval20 = (at: { data: string }, changes: Partial<EvalJob> = {}): EvalJob => evalJob(at.data, changes)
  const metrics = async (root: string): Promise<MetricRecord> =>
    (JSON.parse(await readFile(join(root, keys.eval.slice(0, 12), 'metrics.json'), 'utf8')) as MetricRecord[])[0]!
  for (const at of [whole, parted]) await runAll([trainJob(at.data)], new FakeBackend(), at)
  const events = await runAll([eval20(whole)], new FakeBackend(), whole)
  const [metric] = only(events, 'metric')
  assert.ok(metric!.unit === 'nats per byte' && metric!.value > 1 && metric!.value < 6 && metric!.error > 0 && metric!.error < 1)
  const record = await metrics(whole.store)
  assert.deepEqual([record.by, record.sequences, record.forwards, record.value], ['exact_k', 20, 20, metric!.value])
  assert.ok(record.unigram > 2 && record.unigram < 3.3)
  assert.deepEqual(only(await runAll([eval20(whole)], new FakeBackend(), whole), 'metric'), [metric])

  const controller = new AbortController()
  const stopped = await runAll(
    [eval20(parted)],
    new FakeBackend(),
    parted,
    controller.signal,
    (e) => e.kind === 'progress' && controller.abort(),
  )
  assert.deepEqual(stopped.at(-1), { kind: 'stopped', stage: 'bound', step: 4, total: 20 })
  const backend = new FakeBackend()
  await runAll([eval20(parted)], backend, parted)
  assert.equal(backend.ran.length, 4)
  assert.deepEqual(await metrics(parted.store), record)
})

test('a chain-rule eval scores every token of its sequences', async () => {
  const at = await place()
  await runAll([trainJob(at.data)], new FakeBackend(), at)
  const by: Partial<EvalJob> = { metric: { kind: 'likelihood', by: 'chain_rule', samples: 3, noise: linear } }
  await runAll([evalJob(at.data, by)], new FakeBackend(), at)
  const [record] = JSON.parse(await readFile(join(at.store, keys.eval.slice(0, 12), 'metrics.json'), 'utf8')) as MetricRecord[]
  assert.deepEqual([record!.sequences, record!.forwards], [3, 48])
})

test('a causal model is asked once a text, and says what the training measured', async () => {
  const at = await place()
  const causal = { objective: 'next_token', context: 15 } as const
  const training = trainJob(at.data, { ...causal, every: { log: 1, validate: 12, keep: 3 } })
  const [held] = only(await runAll([training], new FakeBackend(), at), 'validation').slice(-1)
  const metric = { kind: 'likelihood', by: 'chain_rule', samples: 128, noise: linear } as const
  const backend = new FakeBackend()
  const events = await runAll([evalJob(at.data, { ...causal, data: training.validation!, metric })], backend, at)
  assert.ok(backend.ran.every((run) => run.inputs['tokens']!.every((token) => token !== mask)))
  const [said] = only(events, 'metric')
  assert.deepEqual([said!.value, said!.error], [held!.bound, held!.error])
})

test('a limit is the most sequences that are read, spread over the data', async () => {
  const at = await place()
  await runAll([trainJob(at.data)], new FakeBackend(), at)
  await runAll([evalJob(at.data, { limit: 3 })], new FakeBackend(), at)
  const [record] = JSON.parse(await readFile(join(at.store, keys.eval.slice(0, 12), 'metrics.json'), 'utf8')) as MetricRecord[]
  assert.deepEqual([record!.sequences, record!.forwards], [3, 20])
})
