// `smdmc plan` with a device: what the compiled plan takes, estimates of time, and the refusal of what cannot fit.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { preludeScope } from '../cli/library.ts'
import { measuredRate, RateRecorder } from '../cli/rates.ts'
import { Library } from '../compiler/build/library.ts'
import type { DeviceFacts } from '../compiler/facts.ts'
import { predict, wouldFit } from '../compiler/predict.ts'
import { deviceLines } from '../compiler/report/device-text.ts'
import { Folder } from './helpers/cli.ts'
import { evalOf, page, sampleOf, trainOf } from './helpers/check.ts'
import { described, devicesFolder } from './helpers/webgpu.ts'

const h200 = described('nvidia-h200')
const library = new Library(preludeScope())
const big = (size: string) =>
  trainOf(`use smdm\ndata d = text("d.txt") {}\ntrain t = smdm.pretrain { model: smdm.preset(${size}), data: d, budget: 1000 steps }`)

test('the peak is the sum of the plan’s buffers, and dispatches are counted', () => {
  const { memory, programs, kernels, micro, runs, fits } = predict(big('6M'), { facts: h200, library })
  assert.equal(memory.peak, memory.states + memory.activations)
  assert.equal(memory.states, 16 * big('6M').model.parameters)
  assert.deepEqual([micro, runs, fits], [16, 16, true])
  assert.deepEqual(
    programs.map((p) => p.name),
    ['accumulate', 'apply', 'nll'],
  )
  assert.ok(kernels! > 10 && programs.every((p) => p.dispatches! > 10))
})

test('where memory is short the plan tells what is computed again', () => {
  const stage = big('170M')
  const roomy = predict(stage, { facts: h200, library, micro: 2 })
  assert.equal(roomy.again, undefined)
  const { again, memory } = predict(stage, { facts: { ...h200, memory: 0.75 * roomy.memory.peak }, library, micro: 2 })
  assert.ok(memory.peak < roomy.memory.peak)
  assert.ok(again!.dispatches > 10 && again!.share > 0 && again!.share < 0.34, JSON.stringify(again))
  const said = (p: typeof roomy) => deviceLines(p).filter(([, text]) => text.includes('compute again'))
  assert.equal(said(roomy).length, 0)
  assert.match(said({ ...roomy, again: { dispatches: 46, share: 0.031 } })[0]![1], /^46 dispatches, 3\.1% of a run's work/)
})

test('time is work over the rate, or traffic where that takes longer', () => {
  const at = (rates: DeviceFacts['rates']) => predict(big('6M'), { facts: { ...h200, rates }, library, micro: 1 }).time
  assert.equal(at(undefined), undefined)
  const fast = at({ flops: 1e12, source: 'a test' })!
  assert.equal(fast.source, 'a test')
  assert.ok(Math.abs(at({ flops: 5e11, source: 'a test' })!.seconds / fast.seconds - 2) < 1e-9)
  assert.ok(at({ flops: 1e12, bytes: 1e9, source: 'a test' })!.seconds > fast.seconds)
  const lines = Object.fromEntries(deviceLines(predict(big('6M'), { facts: h200, library, micro: 1 })))
  assert.match(lines['time']!, /^no rate is known/)
})

test('a sample has a time of its own', () => {
  const stage = sampleOf(page('', 'sample s { from: t }'))
  const { time } = predict(stage, { facts: { ...h200, rates: { flops: 1e9, source: 'a test' } }, library })
  assert.ok(time!.seconds > 1 && time!.seconds < 1000)
})

test('an evaluation takes no more sequences at once than it has', () => {
  const at = (by: string, samples: number) => {
    const metric = `likelihood { by: ${by}, samples: ${samples} }`
    return predict(evalOf(page('', `eval e { from: t, data: tales.validation, metric: ${metric} }`)), { facts: h200, library }).micro
  }
  const most = at('monte_carlo', 100_000)
  assert.ok(most > 100, `${most}`)
  assert.deepEqual([at('monte_carlo', 3), at('exact_k', 7)], [3, 7])
  assert.ok(at('chain_rule', 1) > 1 && at('chain_rule', 1) <= most && at('chain_rule', 1000) === most)
})

test('what does not fit: the largest preset and the longest context that do, by their plans', () => {
  const facts = { ...h200, memory: 3.2 * 2 ** 30 }
  const { fits, micro } = predict(big('170M'), { facts, library })
  assert.deepEqual([fits, micro], [false, 1])
  const would = wouldFit(big('170M'), { facts, library })
  assert.deepEqual(would, { preset: '113M', context: 512 })
  const smaller = [...big('170M').smaller!()].find((s) => s.name === would.preset)!
  assert.ok(predict({ ...big('170M'), model: smaller.model }, { facts, library }).fits)
})

test('plan refuses with exit code 2 and says why; --json holds numbers', async () => {
  using folder = new Folder()
  folder.write('small.json', JSON.stringify({ ...h200, name: 'a small card', memory: 40_000 }))
  const refused = await folder.run('plan', 'page.smdm', 'tiny', '--facts', 'small.json')
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /^error\[too-large\]: tiny does not fit on a small card, even one sequence at a time: it needs/)
  assert.match(refused.stderr, /= weights .*, gradients .*, Adam's moments .*, activations/)
  folder.write('narrow.json', JSON.stringify({ ...h200, limits: { ...h200.limits, maxStorageBufferBindingSize: 4096 } }))
  assert.match((await folder.run('plan', 'page.smdm', 'tiny', '--facts', 'narrow.json')).stderr, /a buffer there has at most 4 KiB/)
  const json = await folder.run('plan', 'page.smdm', '--facts', join(devicesFolder, 'nvidia-h200.json'), '--json')
  assert.equal(json.code, 0)
  const [plan] = json.lines as unknown as [
    { stages: { stage: string; cost: { tokens: number }; prediction: { memory: { peak: number } } }[] },
  ]
  assert.deepEqual(
    plan.stages.map((s) => s.stage),
    ['tiny', 'story', 'bound'],
  )
  assert.equal(plan.stages[0]!.cost.tokens, 12 * 4 * 16)
  assert.equal(typeof plan.stages[2]!.prediction.memory.peak, 'number')
  folder.write('odd.json', JSON.stringify({ ...h200, rates: { flops: 'fast' } }))
  assert.match((await folder.run('plan', 'page.smdm', '--facts', 'odd.json')).stderr, /`rates` needs `flops`/)
})

test('a training leaves its rate for later estimates; of several the one nearest in size counts', async () => {
  const cache = mkdtempSync(join(tmpdir(), 'smdmc-rates-'))
  const step = (n: number, flopsPerSecond: number, stage = 't') =>
    ({ kind: 'step', stage, step: n, total: 9, loss: 1, norm: 1, rate: 1, tokens: n, seconds: n, tokensPerSecond: 1, flopsPerSecond, memory: 1 }) as const // prettier-ignore
  try {
    const train = async (size: string, rate: number, steps: number) => {
      const recorder = new RateRecorder(cache, 'a card', [big(size)])
      // The first is slow and is not counted.
      await recorder.hear(step(1, 1))
      for (let n = 2; n <= steps; n++) await recorder.hear(step(n, rate))
      await recorder.hear({ kind: 'stopped', stage: 't', step: steps, total: 9 })
    }
    await train('6M', 1e9, 3)
    assert.equal(await measuredRate(cache, 'a card', 1e6), undefined, 'too few steps')
    await train('6M', 2e9, 5)
    await train('170M', 5e9, 5)
    assert.equal((await measuredRate(cache, 'a card', 1e6))?.flops, 2e9)
    assert.equal((await measuredRate(cache, 'a card', 1e9))?.flops, 5e9)
    assert.match((await measuredRate(cache, 'a card', 1e9))?.source ?? '', /^measured here on \d{4}-\d\d-\d\d, training t of 170\.3M/)
    assert.equal(await measuredRate(cache, 'a card', 1e5), undefined, 'nothing alike in size')
    assert.equal(await measuredRate(cache, 'another card', 1e9), undefined)
  } finally {
    rmSync(cache, { recursive: true })
  }
})
