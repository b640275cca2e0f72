// The comparison with PyTorch: its cases, how numbers and suspicions come of rounds, the talk between processes; and, where python3 has
// torch, that bench/torch does the same work as we do.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { casesOf, nameOf, type Facts, type Round, type SampleCase, type TrainCase } from '../bench/against/case.ts'
import { duel } from '../bench/against/duel.ts'
import { floorOf } from '../bench/against/floor.ts'
import { jobOf, pageOf } from '../bench/against/job.ts'
import { Peer, type Side } from '../bench/against/peer.ts'
import { fileName, remarks, resultsPage } from '../bench/against/results.ts'
import { predictedFor } from '../bench/against/predicted.ts'
import { predictions } from '../bench/against/predictions.ts'
import { mustHaveGpu } from '../bench/against/sides.ts'
import { rowOf, type Numbers, type Row } from '../bench/against/summary.ts'
import { tableOf } from '../bench/against/table.ts'
import { findTorch, torchSide, withoutLent } from '../bench/against/torch.ts'
import { Failure } from '../runtime/events.ts'
import { listAdapters } from '../runtime/webgpu/adapters.ts'
import { revealCounts } from '../runtime/sampler/schedule.ts'
import { described } from './helpers/webgpu.ts'

const bench = join(import.meta.dirname, '..', 'bench', 'run.ts')
const train: TrainCase = { kind: 'train', preset: 'tiny', vocab: 512, length: 128, sequences: 8, precision: 'f32' }
const sample: SampleCase = { kind: 'sample', preset: 'tiny', vocab: 512, length: 48, sequences: 2, precision: 'f32', steps: 8, guidance: 0.6, prompt: 16 } // prettier-ignore

function ourSide(c: TrainCase | SampleCase, device = 'cpu'): Side {
  return { name: 'smdmc', command: process.execPath, args: ['--import', 'tsx', bench, 'worker', JSON.stringify({ case: c, device })] }
}

const facts: Facts = { program: 'one', device: 'Card 1 (Vulkan)', kind: 'gpu', precision: 'f16', parameters: 10, tokens: 1000 }
const round = (total: number, more: Partial<Round> = {}): Round => ({ units: 10, total, busy: 1, memory: 5e9, loss: 6.3, ...more })

const wanted = { kinds: ['train', 'sample'], presets: ['19M', '1028M'], vocab: 32000, precision: 'f16', context: 2048, batch: [1, 64], length: [256], steps: [64, 128], guidance: [0, 0.6] } as const // prettier-ignore

test('cases are every combination, with the micro-batches of the paper', () => {
  const names = casesOf(wanted).map(nameOf)
  assert.equal(names.length, 2 * (1 + 8))
  assert.deepEqual(names.slice(0, 3), [
    'train 19M, 32 × 2048',
    'sample 19M, 1 × 256, 64 steps',
    'sample 19M, 1 × 256, 64 steps, guidance 0.6',
  ])
  assert.ok(names.includes('train 1028M, 4 × 2048'))
  assert.match(pageOf(sample), /guidance: 0\.6/)
  const batches = casesOf({ ...wanted, kinds: ['train'], presets: ['170M'], sequences: [1, 8, 64] })
  assert.deepEqual(batches.map(nameOf), ['train 170M, 1 × 2048', 'train 170M, 8 × 2048', 'train 170M, 64 × 2048'])
  for (const preset of ['19M', '170M', '1028M'])
    for (const c of casesOf({ ...wanted, presets: [preset], batch: [1, 8, 64] })) assert.ok(predictedFor(c), nameOf(c))
})

function numbersIn(row: Row, i: number): Numbers {
  const { outcome } = row.entries[i]!
  assert.ok(!('failed' in outcome), JSON.stringify(outcome))
  return outcome
}

test('a ratio is the middle one of those round by round, and that of the best rounds', () => {
  const row = rowOf(train, [
    { name: 'smdmc', facts, rounds: [round(100), round(200), round(100)] },
    { name: 'PyTorch', facts: { ...facts, program: 'two' }, rounds: [round(50), round(60), round(90)] },
  ])
  const ours = numbersIn(row, 0)
  assert.deepEqual([ours.times, ours.ratio], [{ median: 10, best: 10, tokensPerSecond: 1e5, busy: 0.1 }, undefined])
  assert.deepEqual(numbersIn(row, 1).ratio, { best: 0.5, median: 0.5 })
  assert.match(tableOf([row]), /train tiny, 8 × 128 \| smdmc \| 10\.00 \(10\.00\) \| 100 000 /)
  assert.match(tableOf([row]), /\| PyTorch \| 6\.000 \(5\.000\) .*\| 0\.50 \(0\.50\) \|/)
  const setting = { command: '--against torch', date: new Date('2026-01-02T03:04:05Z'), load: 0 }
  assert.equal(fileName([row], setting), '2026-01-02-0304-card-1-vulkan-against-torch.md')
  assert.doesNotMatch(resultsPage([row], setting), /Other programs/)
  assert.match(resultsPage([row], setting), /npm run bench -- --against torch\n[^]*- two, f16: Card 1 \(Vulkan\)/)
})

test('a prediction stands beside its outcome', () => {
  const c: TrainCase = { ...train, preset: '170M', precision: 'f16' }
  const row = rowOf(c, ['smdmc', 'PyTorch', 'compiled'].map((name) => ({ name, facts, rounds: [round(100)] }))) // prettier-ignore
  const ends = tableOf([row]).split('\n').slice(2).map((line) => line.split(' | ').slice(-2)) // prettier-ignore
  assert.deepEqual(ends, [['', ' |'], ['1.00 (1.00)', '0.5 to 0.65 |'], ['1.00 (1.00)', ' |']]) // prettier-ignore
})

test('floors count what the step executes, kernel by kernel, on GPUs whose peaks are known', () => {
  const h200 = described('nvidia-h200')
  for (const c of [
    { ...train, preset: '6M', precision: 'f16' },
    { ...sample, preset: '6M', guidance: 0, prompt: 0, precision: 'f16' },
  ] as const) {
    const { job, flops } = c.kind === 'train' ? jobOf(c, h200) : jobOf(c, h200)
    const floor = floorOf(job, h200.name)!
    const rounds = c.kind === 'train' ? 1 : revealCounts(c.length, c.steps).filter((n) => n > 0).length
    assert.ok(Math.abs((floor.flops * rounds) / flops! - 1) < 0.1, `${floor.flops * rounds} and ${flops}`)
    // No time is below what all operations and all bytes take at the peaks, and nothing is expected to reach them.
    assert.ok(floor.least > 999 * Math.max(floor.flops / 989e12, floor.bytes / 4.8e12))
    assert.ok(floor.expected > floor.least / 0.8 + floor.dispatches * 0.002)
    assert.equal(floorOf(job, 'Apple M2 (Metal)'), undefined)
    const own = rowOf(c, [{ name: 'smdmc', facts: { ...facts, floor }, rounds: [round(100)] }])
    assert.ok(tableOf([own]).includes(`| ${floor.expected.toPrecision(3)} ms, at least ${floor.least.toPrecision(3)} |`), tableOf([own]))
  }
  assert.match(
    predictions(casesOf({ ...wanted, presets: ['19M'] }), h200),
    /^\| train 19M, 32 × 2048 \| [\d.]+ TFLOP \|.* ms \| 0\.6 to 0\.9 \|$/m,
  )
})

test('times of a software adapter are shown nowhere, and a GPU is not compared with a CPU', () => {
  const rows = (kinds: readonly Facts['kind'][]): readonly Row[] => [
    rowOf(train, kinds.map((kind, i) => ({ name: `p${i}`, facts: { ...facts, kind }, rounds: [round(123.456)] }))), // prettier-ignore
  ]
  const setting = { command: '', date: new Date(0), load: 1e3 }
  const software = resultsPage(rows(['software']), setting)
  assert.match(software, /^# .*\n\n\*\*Card 1 \(Vulkan\) computes on the CPU\. .* no figures of performance/)
  assert.match(software, /\| p0 \| – \| – \| – \| – \| 4\.7 GiB/)
  assert.doesNotMatch(software, /12[.,]?3/)
  assert.match(software, /Other programs were running \(a load of 1000\.0\)/)
  assert.equal(numbersIn(rows(['software', 'cpu'])[0]!, 1).ratio, undefined)
  const apart = rows(['gpu', 'cpu'])
  assert.equal(numbersIn(apart[0]!, 1).ratio, undefined)
  assert.match(remarks(apart), /p1 does not count: it ran on the CPU and ours on a GPU/)
  assert.ok(numbersIn(rows(['cpu', 'cpu'])[0]!, 1).ratio)
})

test('a program that is fast because it is broken is told from one that works', () => {
  const suspicion = (rounds: readonly Round[], c: TrainCase | SampleCase = train, parameters = 10): string | undefined => {
    const row = rowOf(c, [
      { name: 'a', facts, rounds: [round(1)] },
      { name: 'b', facts: { ...facts, parameters }, rounds },
    ])
    return numbersIn(row, 1).suspicious
  }
  assert.equal(suspicion([round(1)]), undefined)
  assert.equal(suspicion([round(1, { loss: 0.5 })]), 'its loss is 0.50, not about 6.24')
  assert.equal(suspicion([round(1, { loss: NaN })]), 'its loss is NaN, not about 6.24')
  assert.equal(suspicion([round(1, { skipped: 9 })]), '9 of 10 steps changed nothing')
  assert.equal(suspicion([round(1, { loss: undefined, masks: 3 })], sample), 'it left 3 masks')
  assert.equal(suspicion([round(1)], train, 11), 'it has 11 parameters and we have 10')
})

test('a side that ends says why, and the other goes on', async () => {
  const script = (body: string): Side => ({ name: 'script', command: process.execPath, args: ['-e', body] })
  const failing = script(`console.error('ValueError: no card'); process.exit(1)`)
  await assert.rejects(Peer.start(failing), (e) => e instanceof Failure && e.message === 'script ended: ValueError: no card')
  const answer = JSON.stringify(round(10))
  const good = script(`console.log('${JSON.stringify(facts)}'); process.stdin.on('data', () => console.log('${answer}'))`)
  const [a, b] = await duel(train, [good, failing], { rounds: 2, seconds: 0, settle: 0 }, () => undefined)
  assert.ok(a && 'rounds' in a && b && 'failed' in b)
  assert.equal(a.rounds.length, 2)
})

test('ours trains at the loss of a model that knows nothing, and samples until no mask is left', async () => {
  const pace = { rounds: 1, seconds: 0, settle: 0 }
  const [trained] = await duel(train, [ourSide(train)], pace, () => undefined)
  const [sampled] = await duel(sample, [ourSide(sample)], pace, () => undefined)
  assert.ok(trained && 'rounds' in trained && sampled && 'rounds' in sampled, JSON.stringify([trained, sampled]))
  assert.ok(Math.abs(trained.rounds[0]!.loss! - Math.log(512)) < 1, `loss ${trained.rounds[0]!.loss}`)
  assert.deepEqual([trained.facts.tokens, trained.rounds[0]!.units, trained.rounds[0]!.skipped], [1024, 3, 0])
  assert.deepEqual([sampled.facts.tokens, sampled.facts.rounds, sampled.rounds[0]!.masks], [64, 8, 0])
})

test('a wrong preset and a precision that the device has not are said as such', async () => {
  await assert.rejects(Peer.start(ourSide({ ...train, preset: '20M' })), /20M/)
  await assert.rejects(Peer.start(ourSide({ ...train, precision: 'f16' })), /computes in f32/)
})

test('bench gpu wants hardware', async () => {
  const hardware = (await listAdapters()).some(({ usable, software }) => usable && !software)
  if (hardware) await mustHaveGpu()
  else await assert.rejects(mustHaveGpu(), (e) => e instanceof Failure && e.code === 'no-gpu')
})

test('what keeps PyTorch from running is said', { skip: process.platform === 'win32' }, async () => {
  assert.throws(() => findTorch(['/nowhere/python', '/bin/false']), /\/nowhere\/python: there is no such program; \/bin\/false: /)
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, ['--import', 'tsx', bench, '--against', 'torch', ...args], { encoding: 'utf8' })
  const { status, stderr } = run('--python', '/nowhere/python')
  assert.equal(status, 1)
  assert.match(stderr, /^error\[no-torch\]: .*\/nowhere\/python: there is no such program\n {2}= `--python PATH`/)
  if (skipped() !== false) return
  const cuda = torchSide(findTorch(), train, { name: 'PyTorch' }, { device: 'cuda' })
  const without = spawnSync(findTorch(), ['-c', 'import sys, torch; sys.exit(torch.cuda.is_available())']).status === 0
  if (without) await assert.rejects(Peer.start(cuda), /finds no CUDA device: it is built for (CUDA|the CPU alone)/)
})

test('PyTorch gets no library that a bundle lends to Node', () => {
  const env = { PATH: '/bin', SMDMC_LENT: '/b/lent' }
  assert.deepEqual(withoutLent({ ...env, LD_LIBRARY_PATH: '/own:/b/lent' }), { PATH: '/bin', LD_LIBRARY_PATH: '/own' })
  assert.deepEqual(withoutLent({ ...env, LD_LIBRARY_PATH: '/b/lent' }), { PATH: '/bin' })
})

test('the commands of docs/benchmarks.md are there', () => {
  const root = join(import.meta.dirname, '..')
  const page = readFileSync(join(root, 'docs', 'benchmarks.md'), 'utf8')
  const words = (pattern: RegExp): readonly string[] => {
    const found = [...page.matchAll(pattern)].map(([, word]) => word!)
    assert.ok(found.length > 0, String(pattern))
    return found
  }
  const help = execFileSync(process.execPath, ['--import', 'tsx', bench, '--help'], { encoding: 'utf8' })
  for (const commands of words(/npm run bench -- ([^`|\n]*)/g)) {
    for (const [option] of commands.matchAll(/--\w+/g)) assert.ok(help.includes(`  ${option} `), `bench has no ${option}`)
  }
  const launcher = readFileSync(join(root, 'scripts', 'bundle', 'run.sh'), 'utf8')
  for (const word of words(/run\.sh (\w+)/g)) assert.match(launcher, new RegExp(`^#   run\\.sh ${word} `, 'm'))
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly scripts: object }
  for (const script of words(/npm run (?:-s )?(\w+)/g)) assert.ok(Object.hasOwn(scripts, script), script)
  for (const path of words(/\b((?:test|bench)\/[\w/.-]*\w)/g)) assert.ok(existsSync(join(root, path)), path)
})

test('PyTorch does the same work', { skip: skipped() }, async () => {
  const python = findTorch()
  for (const c of [train, sample]) {
    const sides = [{ name: 'PyTorch' }, { name: 'as published', published: true }].map((v) => torchSide(python, c, v, { device: 'cpu' }))
    const [ours, ...theirs] = await duel(c, [ourSide(c), ...sides], { rounds: 1, seconds: 0, settle: 0 }, () => undefined)
    assert.ok(ours && 'facts' in ours)
    for (const result of theirs) {
      assert.ok('facts' in result, JSON.stringify(result))
      assert.deepEqual([result.facts.parameters, result.facts.tokens], [ours.facts.parameters, ours.facts.tokens])
      assert.equal(numbersIn(rowOf(c, [ours, result]), 1).suspicious, undefined)
    }
  }
  const folder = join(import.meta.dirname, '..', 'bench', 'torch')
  const table = 'from sample import reveals; print([[k for _, k in reveals(n, s)] for n, s in ((240, 64), (1000, 128), (40, 32))])'
  const counts = JSON.parse(execFileSync(python, ['-c', table], { encoding: 'utf8', cwd: folder })) as unknown
  assert.deepEqual(counts, [revealCounts(240, 64), revealCounts(1000, 128), revealCounts(40, 32)])
})

/** Why PyTorch is not compared here, or false. */
function skipped(): string | false {
  try {
    findTorch()
    return false
  } catch (error) {
    return error instanceof Failure ? error.message : String(error)
  }
}
