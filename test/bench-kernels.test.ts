// `smdmc bench kernels` as a process, on whatever adapter there is: every kind of stage runs with made-up inputs, and numbers add up.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import type { TensorSpec } from '../compiler/plan/plan.ts'
import { benchText, si } from '../cli/bench/text.ts'
import type { KernelBench } from '../cli/bench/kernels.ts'
import { Folder, smdmc, type Outcome } from './helpers/cli.ts'
import { testBackend } from './helpers/webgpu.ts'

/** A line of JSON, and nothing else. */
function benchOf({ code, stdout, stderr }: Outcome): KernelBench {
  assert.equal(code, 0, stderr)
  const line = JSON.parse(stdout) as KernelBench & { readonly kind: string }
  assert.equal(line.kind, 'bench')
  return line
}

for (const [stage, unit, programs] of [
  [
    'tiny',
    'step',
    [
      ['accumulate', 2],
      ['apply', 1],
    ],
  ],
  ['story', 'round', [['confidence', 1]]],
  ['bound', 'batch', [['nll', 1]]],
] as const) {
  test(`the kernels of ${stage}`, async () => {
    using folder = new Folder()
    const micro = stage === 'tiny' ? ['--micro', '2'] : []
    const bench = benchOf(await folder.run('bench', 'kernels', 'page.smdm', stage, '--json', ...micro))
    assert.equal(bench.unit, unit)
    assert.deepEqual(
      bench.parts.map(({ program, times }) => [program, times]),
      programs,
    )
    const { kernels, seconds, dispatches, host, ceilings } = bench
    assert.ok(kernels.length > 5 && kernels.length <= bench.compiled)
    assert.ok(kernels.every((k) => k.seconds > 0 && k.calls > 0 && k.bytes > 0))
    assert.ok(Math.abs(kernels.reduce((sum, k) => sum + k.seconds, 0) - seconds) < 1e-9)
    assert.equal(dispatches, kernels.reduce((sum, k) => sum + k.calls, 0)) // prettier-ignore
    assert.ok(host.record > 0 && host.submit > 0 && bench.compiling > 0 && bench.memory > 0)
    assert.ok(ceilings.copy.bytesPerSecond > 1e6 && ceilings.products[0]!.rates.flopsPerSecond > 1e6)
  })
}

const bench: KernelBench = {
  stage: 'base',
  device: 'NVIDIA H200 (Vulkan)',
  software: false,
  unit: 'step',
  parts: [
    { program: 'accumulate', times: 16, live: [{ name: 'row', size: 32_768 }] },
    { program: 'apply', times: 1, live: [] },
  ],
  kernels: [
    { kernel: 0, label: 'reduce_sum', calls: 16, seconds: 0.01, flops: 1e9, bytes: 3.5e10 },
    { kernel: 3, label: 'contract', calls: 288, seconds: 0.09, flops: 2.25e13, bytes: 1e9, key: 'product NN 16384x1024x1024x1' },
    { kernel: 4, label: 'add', calls: 1, seconds: 1e-6, flops: 10, bytes: 10 },
  ],
  seconds: 0.100001,
  dispatches: 305,
  memory: 17_000_000_000,
  ceilings: {
    copy: { flopsPerSecond: 0, bytesPerSecond: 4e12 },
    products: [
      { name: 'product f32', rates: { flopsPerSecond: 4e13, bytesPerSecond: 0 } },
      { name: 'product f16 on a matrix unit', rates: { flopsPerSecond: 3e14, bytesPerSecond: 0 } },
    ],
  },
  host: { record: 1.7, submit: 0.25 },
  compiled: 5,
  compiling: 2.5,
}

test('the table has the longest kernels first, beside what the device can do', () => {
  assert.equal(
    benchText(bench),
    `base on NVIDIA H200 (Vulkan): a step is 16 × accumulate (row at its bound, 32 768), 1 × apply

kernel         calls   time  share   operations    traffic  of the best
contract #3      288  90 ms  90.0%  250 TFLOP/s  11.1 GB/s        83.3%  product NN 16384x1024x1024x1
reduce_sum #0     16  10 ms  10.0%  100 GFLOP/s   3.5 TB/s        87.5%
1 more take 0.0%

in all                        100 ms a step, 305 dispatches of 3 kernels, 15.8 GiB of memory
copy                          4 TB/s, read and written
product f32                   40 TFLOP/s
product f16 on a matrix unit  300 TFLOP/s
host                          1.95 µs a dispatch (within the aim of 3 µs): 1.70 µs to record it, 0.25 µs to submit it
compiled                      5 kernels in 2.5 s, without the driver's cache
`,
  )
})

test('software says that its numbers mean nothing', () => {
  const text = benchText({ ...bench, software: true })
  assert.match(text, /computes on the CPU. These are no figures of performance/)
  assert.match(text, /^host +1\.95 µs a dispatch: /m)
  assert.match(benchText({ ...bench, host: { record: 3, submit: 0.5 } }), /^host +3\.50 µs a dispatch \(above the aim of 3 µs\)/m)
})

test('the host’s time is that of recording and submitting, without what the device takes', async () => {
  const backend = await testBackend()
  const word: TensorSpec = { name: 'word', type: { dtype: 'u32', dims: [{ name: 'one', size: 1 }] } }
  const wgsl = `@group(0) @binding(0) var<storage, read_write> word: array<u32>;
@compute @workgroup_size(1) fn main() {
  var x = word[0] | 1u;
  for (var i = 0u; i < 30000000u; i++) { x = x * 1664525u + 1013904223u; }
  word[0] = x;
}`
  const program = { name: 'slow', inputs: [], results: [], states: ['word'], live: [], inputBuffers: [], resultBuffers: [] }
  await using executable = await backend.load({
    target: 'webgpu',
    states: [word],
    memory: { states: 4, activations: 0, largest: { name: 'word', bytes: 4 } },
    buffers: [{ bytes: 4, label: 'word' }],
    kernels: [{ label: 'slow', wgsl, bindings: ['write'], flops: 0, bytes: 8 }],
    programs: [{ ...program, steps: [{ kernel: 0, buffers: [0], groups: [1, 1, 1] }] }],
  })
  const [device] = await executable.profile('slow', {})
  let host = Number.POSITIVE_INFINITY
  for (let i = 0; i < 5; i++) {
    const { record, submit } = await executable.hostTime('slow', {})
    assert.ok(record > 0 && submit > 0)
    host = Math.min(host, record + submit)
  }
  assert.ok(host < device!.seconds / 10, `${host} s of the host's beside ${device!.seconds} s`)
})

test('numbers have three digits', () => {
  const shown = [245.4e12, 99.96e9, 1e3, 12.34, 0.0451, 4.5e-9, 0, Infinity].map((n) => si(n, 'B'))
  assert.deepEqual(shown, ['245 TB', '100 GB', '1 kB', '12.3 B', '45.1 mB', '4.5 nB', '0 B', '–'])
})

test('what cannot be measured is told, with exit code 2', async () => {
  using folder = new Folder()
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['page.smdm', 'tiny', '--device', 'cpu'], /error\[no-kernels\]: on the CPU a stage is one ONNX model/],
    [['page.smdm'], /error\[no-stage\]: which stage.*\n.*smdmc bench kernels page\.smdm STAGE/],
    [['page.smdm', 'tny'], /there is no stage tny/],
    [['--preset', '7M'], /no-such-case.*7M/],
  ]
  for (const [args, message] of cases) {
    const { code, stderr, stdout } = await folder.run('bench', 'kernels', ...args)
    assert.equal(code, 2, stderr)
    assert.match(stderr, message)
    assert.equal(stdout, '')
  }
})

test('--tune keeps what it finds in the cache, and measures the kernels with it; software has nothing to tune', async () => {
  using folder = new Folder()
  const env = { XDG_CACHE_HOME: join(folder.path, 'cache') }
  const { code, stdout, stderr } = await smdmc(['bench', 'kernels', 'page.smdm', 'bound', '--tune'], { cwd: folder.path, env })
  assert.equal(code, 0, stderr)
  const kept = /^kept in (.*)$/m.exec(stdout)?.[1]
  if (kept === undefined) assert.match(stderr, /nothing to tune/)
  else assert.ok(existsSync(kept))
  assert.match(stdout, /^host /m)
})
