// Every command but `run` as a process: what it prints, its exit code, and that --json is JSON lines and nothing else.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import test, { describe } from 'node:test'
import { Folder, pageText } from './helpers/cli.ts'
import { devicesFolder } from './helpers/webgpu.ts'

const h200 = join(devicesFolder, 'nvidia-h200.json')

describe('commands', { concurrency: 2 }, () => {
  test('check says that a page is sound, or where it is not', async () => {
    using folder = new Folder()
    const good = await folder.run('check', 'page.smdm')
    assert.deepEqual([good.code, good.stdout, good.stderr], [0, 'page.smdm is sound: train tiny, sample story, eval bound\n', ''])
    folder.write('page.smdm', pageText({ more: 'bugdet: 3 steps' }))
    const bad = await folder.run('check', 'page.smdm')
    assert.equal(bad.code, 2)
    assert.equal(bad.stdout, '')
    assert.match(bad.stderr, /^error\[unknown-field\]: .*\n +--> page\.smdm:12:3\n[^]*did you mean `budget`\?\n\n1 error in page\.smdm\n$/)
    folder.write(
      'page.smdm',
      pageText() + Array.from({ length: 10 }, (_, i) => `sample more${i} { from: tiny, length: 8 tokens }\n`).join(''),
    )
    assert.equal((await folder.run('check', 'page.smdm')).stdout, 'page.smdm is sound: 13 stages, 1 train, 11 sample, 1 eval\n')
    folder.write('page.smdm', pageText({ more: 'bugdet: 3 steps' }))
    const json = await folder.run('check', 'page.smdm', '--json')
    assert.equal(json.code, 2)
    assert.deepEqual(
      json.lines.map((l) => l.kind),
      ['diagnostic'],
    )
    assert.equal(json.stderr, '')
  })

  test('a page uses one in YAML, which has its mistakes told in its own words', async () => {
    using folder = new Folder('use "./base.yaml" as base\nlet twice = 2 * base.steps\nlet four = 2 * twice\n')
    folder.write('base.yaml', 'let steps: 10\n')
    assert.match((await folder.run('check', 'page.smdm')).stdout, /^page\.smdm is sound/)
    folder.write('base.yaml', 'let steps: half\ntrain t:\n  budget 3 steps\n')
    const bad = await folder.run('check', 'page.smdm')
    assert.equal(bad.code, 2)
    assert.match(bad.stderr, /base\.yaml:3/)
  })

  test('plan counts without a device', async () => {
    using folder = new Folder()
    const { code, stdout } = await folder.run('plan', 'page.smdm')
    assert.equal(code, 0)
    for (const word of ['tiny', 'story', 'bound', '12 steps']) assert.ok(stdout.includes(word), `${word} in\n${stdout}`)
    const json = await folder.run('plan', 'page.smdm', '--json')
    assert.deepEqual(
      json.lines.map((l) => l.kind),
      ['plan'],
    )
  })

  test('--memory refuses a page that does not fit', async () => {
    using folder = new Folder()
    const { code, stderr } = await folder.run('check', 'page.smdm', '--memory', '10kB')
    assert.equal(code, 2)
    assert.match(stderr, /^error\[too-large\]: `tiny` does not fit/)
  })

  test('fmt rewrites a page once, and leaves one with a syntax error alone', async () => {
    using folder = new Folder('data   t=text( "text.txt" )   # a note\n')
    const look = await folder.run('fmt', '--check', 'page.smdm')
    assert.deepEqual([look.code, look.stdout], [1, 'page.smdm\n'])
    const first = await folder.run('fmt', 'page.smdm')
    assert.deepEqual([first.code, first.stdout], [0, 'page.smdm\n'])
    assert.match(folder.read('page.smdm'), /^data t = text\("text\.txt"\) +# a note\n$/)
    assert.deepEqual(await folder.run('fmt', 'page.smdm').then((o) => [o.code, o.stdout]), [0, ''])
    folder.write('page.smdm', 'data = {')
    const broken = await folder.run('fmt', 'page.smdm', '--json')
    assert.equal(broken.code, 2)
    assert.ok(broken.lines.length > 0 && broken.lines.every((l) => l.kind === 'diagnostic'))
    assert.equal(folder.read('page.smdm'), 'data = {')
  })

  test('doctor names the devices and the one that auto takes', async () => {
    using folder = new Folder()
    const { code, stdout } = await folder.run('doctor')
    assert.equal(code, 0, stdout)
    assert.match(stdout, /^✓ cpu {2}.*threads?\n {4}ONNX Runtime is (installed|cached) and starts$/m)
    assert.match(stdout, /^--device auto takes (cpu|webgpu), /m)
    const json = await folder.run('doctor', '--json')
    assert.deepEqual(
      json.lines.map((l) => l.kind),
      ['doctor'],
    )
  })

  test('wrong arguments end with code 2, a page that is not there with 1', async () => {
    using folder = new Folder()
    assert.equal((await folder.run('fly')).code, 2)
    assert.equal((await folder.run('run', 'page.smdm', '--micro', '0')).code, 2)
    const { code, stderr } = await folder.run('check', 'pgae.smdm')
    assert.deepEqual(
      [code, stderr],
      [1, 'error[unreadable-page]: cannot read pgae.smdm: there is no such file\n  = did you mean page.smdm?\n'],
    )
  })
})

describe('a slip on the command line says what to write', { concurrency: 2 }, () => {
  const slips: readonly (readonly [args: readonly string[], said: string])[] = [
    [['run'], 'smdmc run page.smdm'],
    [['fmt'], 'smdmc fmt page.smdm'],
    [['page.smdm'], 'smdmc run page.smdm, or smdmc check page.smdm'],
    [['convert', 'page.smdm', 'page.yaml'], 'smdmc convert page.smdm -o other.yaml'],
    [['why', 'page.smdm'], 'the stages are tiny, story, bound'],
    [['explain', 'page.smdm'], 'the stages are tiny, story, bound'],
    [['diff', 'page.smdm', 'tiny'], 'smdmc diff FILE A B'],
    [['run', 'page.smdm', '--device', 'cuda:0'], '--device webgpu'],
    [['check', 'page.smdm', '--set', 'size'], '--set "steps=300 steps"'],
  ]
  for (const [args, said] of slips) {
    test(args.join(' '), async () => {
      using folder = new Folder()
      const { code, stderr } = await folder.run(...args)
      assert.equal(code, 2, stderr)
      assert.ok(stderr.includes(said), stderr)
    })
  }

  test('a page with one stage need not be told which', async () => {
    using folder = new Folder()
    folder.write('page.smdm', pageText().replace(/^sample [^]*/m, ''))
    const { code, stdout, stderr } = await folder.run('why', 'page.smdm')
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^train tiny is new/)
  })

  test('a file that is no page is not answered line by line', async () => {
    using folder = new Folder('A grey cat saw the moon.\n'.repeat(1000))
    const { code, stderr } = await folder.run('check', 'page.smdm')
    assert.equal(code, 2)
    assert.match(stderr, /and \d{3} more: is page\.smdm a page\?\n/)
  })
})

describe('explain', { concurrency: 2 }, () => {
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['the line each value comes from', ['tiny'], /^optimizer\.lr +0\.01 +page\.smdm:8$/m],
    ['one field', ['story.sampler'], /^sampler\.steps +6 steps +page\.smdm:14$/m],
    [
      'the graph, as it was meant',
      ['tiny', '--at', 'graph', '--device', 'cpu'],
      /^program loss\n[^]*= call %\d+ softmax d time'\n[^]*^result loss = %\d+$/m,
    ],
    ['the gradient, with the optimizer', ['tiny', '--at', 'gradient', '--device', 'cpu'], /^program step\n[^]*^update weight\/E = %\d+$/m],
    [
      'the nodes of the ONNX models',
      ['story', '--at', 'plan', '--device', 'cpu'],
      /^ {2}input state:weight\/E f32\[257, 16\]\n[^]* = Gemm \S+ state:weight\/U /m,
    ],
    ['why the CPU has no kernels', ['tiny', '--at', 'wgsl', '--device', 'cpu'], /ONNX Runtime .* fuses for itself/],
    ['kernels of a card that is not here', ['tiny', '--at', 'kernels', '--facts', h200], /^kernel 0 \w+ \[batch 4/m],
    ['its plan', ['tiny', '--at', 'plan', '--facts', h200], /^buffer 0 .* weight\/E$/m],
    ['its WGSL', ['tiny', '--at', 'wgsl', '--facts', h200], /^\/\/ kernel 0: .*\n[^]*@compute @workgroup_size/m],
  ]
  for (const [what, args, expected] of cases) {
    test(what, async () => {
      using folder = new Folder()
      const { code, stdout, stderr } = await folder.run('explain', 'page.smdm', ...args)
      assert.equal(code, 0, stderr)
      assert.match(stdout, expected)
    })
  }

  test('as JSON', async () => {
    using folder = new Folder()
    const { lines } = await folder.run('explain', 'page.smdm', 'tiny', '--json')
    assert.deepEqual(
      lines.map((l) => l.kind),
      ['explained'],
    )
  })

  test('a file that describes no device', async () => {
    using folder = new Folder()
    folder.write('facts.json', '{"backend": "webgpu", "features": [], "limits": {}}')
    const { code, stderr } = await folder.run('explain', 'page.smdm', 'tiny', '--at', 'plan', '--facts', 'facts.json')
    assert.equal(code, 1)
    assert.match(stderr, /^error\[bad-facts\]: facts\.json .*`limits\.\w+` is not a number$/m)
  })
})
