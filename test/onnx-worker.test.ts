// The CPU backend's manners: it works in another thread, keeps the order of calls, fails with a Failure and ends when told to.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { Builder } from '../compiler/graph/builder.ts'
import { shape } from '../compiler/graph/dims.ts'
import { planOnnx } from '../compiler/plan/onnx.ts'
import type { OnnxPlan } from '../compiler/plan/plan.ts'
import { Failure } from '../runtime/events.ts'
import type { Backend } from '../runtime/backend.ts'
import { cpuBackend, cpuFacts } from '../runtime/onnx/backend.ts'
import { closeTo } from './onnx-judge.ts'

const SIDE = 384

/** count: adds x to a state. heavy: a long chain of matrix products. */
function plan(): OnnxPlan {
  const count = new Builder()
  const sum = count.binary('add', count.input('s', 'state', shape('f32', { n: 4 })), count.input('x', 'data', shape('f32')))
  count.update('s', sum)
  const heavy = new Builder()
  const w = heavy.input('w', 'data', shape('f32', { a: SIDE, b: SIDE }))
  let x = w
  for (let i = 0; i < 12; i++) x = heavy.rename(heavy.sumProduct(x, heavy.rename(heavy.rename(w, 'b', 'c'), 'a', 'b'), ['b']), 'c', 'b')
  heavy.result('y', heavy.reduce('reduce_sum', x, ['a', 'b']))
  return planOnnx([{ name: 'count', graph: count.finish() }, { name: 'heavy', graph: heavy.finish() }], cpuFacts(1)) // prettier-ignore
}

const failure = (code: string) => (error: unknown) => error instanceof Failure && error.code === code && error.advice.length > 0

describe('the worker', () => {
  let backend: Backend
  before(async () => void (backend = await cpuBackend({ threads: 1 })))
  after(() => backend[Symbol.asyncDispose]())

  test('calls take effect in order, awaited or not, and leave their arguments alone', async () => {
    await using executable = await backend.load(plan())
    const x = Float32Array.of(1)
    const first = Float32Array.of(1, 2, 3, 4)
    void executable.write('s', first)
    for (let i = 0; i < 5; i++) {
      void executable.run('count', { x })
      x[0] = x[0]! + 1
    }
    assert.deepEqual(await executable.read('s'), Float32Array.of(16, 17, 18, 19))
    assert.equal(first.length, 4)
  })

  test('what cannot be sent to the worker is refused, and the next answer is that of its own question', async () => {
    await using executable = await backend.load(plan())
    const w = [1] as unknown as Float32Array
    await assert.rejects(executable.run('heavy', { w }))
    await executable.write('s', Float32Array.of(1, 2, 3, 4))
    assert.deepEqual(await executable.read('s'), Float32Array.of(1, 2, 3, 4))
  })

  test('several runs in flight keep apart, and the main thread stays free', async () => {
    await using executable = await backend.load(plan())
    let turns = 0
    const clock = setInterval(() => turns++, 1)
    const w = (x: number): Float32Array => new Float32Array(SIDE * SIDE).fill(x / SIDE)
    const results = await Promise.all([1, 1.01, 0.99].map((x) => executable.run('heavy', { w: w(x) })))
    clearInterval(clock)
    for (const [i, x] of [1, 1.01, 0.99].entries()) closeTo(results[i]!.y!, [SIDE * x ** 13], 1e-3, `run ${i}`)
    assert.ok(turns > 0, 'no timer ran while ONNX Runtime worked')
  })

  test('plans are apart', async () => {
    await using one = await backend.load(plan())
    await using other = await backend.load(plan())
    await one.run('count', { x: Float32Array.of(5) })
    assert.deepEqual(await one.read('s'), Float32Array.of(5, 5, 5, 5))
    assert.deepEqual(await other.read('s'), new Float32Array(4))
  })

  test('too large a plan is refused', async () => {
    const small = plan()
    const vast = { ...small, memory: { ...small.memory, activations: 1e18 } }
    await assert.rejects(backend.load(vast), failure('out-of-memory'))
  })

  test('a mistake of ours is an error, of the call or of the next one', async () => {
    await using executable = await backend.load(plan())
    await assert.rejects(executable.run('heavy', {}), /no input w/)
    await executable.run('count', { x: new Float32Array(3) })
    await assert.rejects(async () => {
      await executable.read('s')
      await executable.read('s')
    }, /3 elements/)
  })
})

test('after its end the backend says so', async () => {
  const backend = await cpuBackend({ threads: 1 })
  const executable = await backend.load(plan())
  await backend[Symbol.asyncDispose]()
  await assert.rejects(executable.read('s'), failure('worker-died'))
  await backend[Symbol.asyncDispose]()
})

// A copy of smdmc as a package: with nothing registered by flags, and with or without ONNX Runtime beside it.
describe('as an installed package', () => {
  const root = join(import.meta.dirname, '..')
  let home: string
  const run = async (script: string, env: Readonly<Record<string, string>> = {}): Promise<string> => {
    const file = join(home, 'main.mjs')
    const begin = `import { register } from 'tsx/esm/api'\nregister()\n`
    await writeFile(file, begin + `const { cpuBackend } = await import('smdmc/runtime/onnx/backend.ts')\n` + script)
    return (await promisify(execFile)(process.execPath, [file], { cwd: home, env: { ...process.env, ...env }, timeout: 30_000 })).stdout
  }
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'smdmc-onnx-'))
    const modules = join(home, 'node_modules')
    await mkdir(join(modules, 'smdmc'), { recursive: true })
    for (const name of ['compiler', 'grammar', 'runtime', 'package.json', 'tsconfig.json']) {
      await cp(join(root, name), join(modules, 'smdmc', name), { recursive: true })
    }
    for (const name of ['tsx', 'esbuild', '@esbuild', 'get-tsconfig', 'resolve-pkg-maps']) {
      await symlink(join(root, 'node_modules', name), join(modules, name)).catch(() => undefined)
    }
  })
  after(() => rm(home, { recursive: true }))

  test('without ONNX Runtime and without network it says what to install', async () => {
    const out = await run(
      `await cpuBackend().catch((e) => console.log(e.code, e.advice.join()))`,
      { XDG_CACHE_HOME: join(home, 'cache'), npm_config_registry: 'http://127.0.0.1:9' }, // prettier-ignore
    )
    assert.match(out, /^cpu-backend-missing .*npm install --ignore-scripts onnxruntime-node@1\.30\.0/)
  })

  test('the worker starts, and the process ends by itself', async () => {
    for (const name of ['onnxruntime-node', 'onnxruntime-common']) {
      await symlink(join(root, 'node_modules', name), join(home, 'node_modules', name))
    }
    const out = await run(`const b = await cpuBackend()\nconsole.log(b.kind)\nif (process.argv[2]) await b[Symbol.asyncDispose]()`)
    assert.equal(out, 'cpu\n')
  })
})
