// What a user or the world may do wrong: one message with place, reason and remedy, the documented exit code, nothing lost.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import test, { describe } from 'node:test'
import { load } from '../cli/load.ts'
import { render } from '../grammar/frame.ts'
import { bin, Folder, pageText, results, smdmc, type Outcome } from './helpers/cli.ts'

function wrong(page: string): Folder {
  const folder = new Folder(page)
  folder.write('empty.txt', '')
  folder.write('short.txt', 'short')
  if (process.platform !== 'win32') spawnSync('mkfifo', [join(folder.path, 'pipe')])
  return folder
}

/** One diagnostic or failure, with something to do about it, and no stack trace. */
function assertClear({ code, stderr, stdout }: Outcome, exit: number, expected: RegExp): void {
  const all = stdout + stderr
  assert.equal(code, exit, all)
  assert.match(all, expected)
  assert.equal((all.match(/^error\[|\[[a-z-]+\]$/gm) ?? []).length, 1, `one message:\n${all}`)
  assert.doesNotMatch(all, /^ +at .*\.ts:\d+/m)
}

describe('the page is wrong: code 2 and the place', { concurrency: 2 }, () => {
  const cases: Readonly<Record<string, readonly [string, RegExp]>> = {
    'an unknown key': [pageText({ more: 'bugdet: 3 steps' }), /page\.smdm:12:3\n[^]*did you mean `budget`\?/],
    'an unknown unit': [pageText({ steps: '4 stesp' }), /page\.smdm:7:13\n[^]*did you mean `4 steps`\?/],
    'an unknown name': [pageText({ more: 'from: tiyn' }), /`tiyn` is not defined\n[^]*page\.smdm:12:9\n/],
    'sizes that do not fit': [
      pageText({ heads: 3 }),
      /head = width \/ heads = 16 \/ 3\n[^]*heads that divide 16: 1, 2, 4\n[^]*page\.smdm:4/,
    ],
    'a file that is not there': [pageText({ data: 'txet.txt' }), /page\.smdm:2:17\n[^]*text\.txt/],
    'a folder as data': [pageText({ data: '.' }), /page\.smdm:2:17\n/],
    'a pipe as data': [pageText({ data: 'pipe' }), /`pipe` is a device or a pipe, not a file\n[^]*page\.smdm:2:17\n[^]*save what it gives/],
    'weights from a pipe': [pageText({ more: 'from: checkpoint("pipe")' }), /not a file\n[^]*page\.smdm:12:20\n/],
    'empty data': [pageText({ data: 'empty.txt' }), /0 tokens[^]*page\.smdm:\d+:\d+\n[^]*use more data/],
    'data shorter than a sequence': [
      pageText({ data: 'short.txt' }),
      /less than one sequence of 16\n[^]*page\.smdm:\d+:\d+\n[^]*use more data/,
    ],
    'a prompt longer than the context': [
      pageText({ prompt: 'far too long a prompt' }),
      /reads at most 16\n[^]*page\.smdm:14:\d+\n[^]*context: 16/,
    ],
    'a budget of zero': [pageText({ steps: '0 steps' }), /page\.smdm:7:11\n[^]*one step sees 4 sequences/],
    'data of another form': [pageText({ end: 'data later = jsonl("text.txt") { }' }), /page\.smdm:16:\d+\n[^]*one JSON object/],
    'half a page': ['train tiny {\n  batch: 4 sequences\n', /page\.smdm:\d+:\d+\n/],
  }
  for (const [what, [page, expected]] of Object.entries(cases)) {
    test(what, async (t) => {
      if (page.includes('pipe') && process.platform === 'win32') return t.skip('pipes have no path here')
      using folder = wrong(page)
      const { pipeline, diagnostics } = await load(join(folder.path, 'page.smdm'), { set: {} })
      assert.equal(pipeline, undefined)
      assert.equal(diagnostics.filter((d) => d.severity === 'error').length, 1)
      assert.match(diagnostics.map((d) => render(d, { color: false })).join('\n'), expected)
    })
  }

  test('nothing is run', async () => {
    using folder = wrong(cases['empty data']![0])
    const before = readdirSync(folder.path)
    assertClear(await folder.run('run', 'page.smdm', '--device', 'cpu'), 2, /^error\[short-data\]/)
    assert.deepEqual(readdirSync(folder.path), before)
  })

  test('a stage that the page has not', async () => {
    using folder = new Folder()
    assertClear(
      await folder.run('run', 'page.smdm', 'tinny'),
      2,
      /error\[unknown-stage\]: there is no stage tinny\n[^]*did you mean tiny\?\n[^]*tiny, story, bound/,
    )
  })

  test('a param that the page has not', async () => {
    using folder = new Folder()
    assertClear(await folder.run('run', 'page.smdm', '--set', 'widht=8'), 2, /--set[^]*width/)
  })

  test('a --micro that does not divide the batch', async () => {
    using folder = new Folder()
    assertClear(await folder.run('run', 'page.smdm', '--micro', '3'), 2, /--micro 3 [^]*write one of 1, 2, 4/)
  })
})

describe('the page cannot be read: code 1', { concurrency: 2 }, () => {
  const cases: Readonly<Record<string, readonly [string, RegExp]>> = {
    'it is not there': ['pgae.smdm', /cannot read pgae\.smdm: there is no such file\n {2}= did you mean page\.smdm\?/],
    'it is a folder': ['folder.smdm', /it is a folder\n {2}= name a page/],
    'it is a device': [process.platform === 'win32' ? 'folder.smdm' : '/dev/zero', /it is a (device|folder)\n {2}= name a page/],
    'it is binary': ['zeros.smdm', /it is not a text file\n {2}= /],
    'it is not UTF-8': ['latin.smdm', /it is not text in UTF-8\n {2}= /],
  }
  for (const [what, [name, expected]] of Object.entries(cases)) {
    test(what, async () => {
      using folder = new Folder()
      mkdirSync(join(folder.path, 'folder.smdm'))
      folder.write('zeros.smdm', new Uint8Array(100))
      folder.write('latin.smdm', Uint8Array.of(0x23, 0x20, 0xe9, 0x0a))
      assertClear(await folder.run('check', name), 1, expected)
    })
  }
})

describe('a file of weights is not sound: code 1', { concurrency: 2 }, () => {
  const file = (header: string, data = 0, length = Buffer.byteLength(header)): Uint8Array => {
    const bytes = Buffer.alloc(8 + Buffer.byteLength(header) + data)
    bytes.writeBigUInt64LE(BigInt(length))
    bytes.write(header, 8)
    return bytes
  }
  const entry = (shape: readonly number[], end: number): string => JSON.stringify({ E: { dtype: 'F32', shape, data_offsets: [0, end] } })
  const cases: Readonly<Record<string, readonly [Uint8Array, RegExp]>> = {
    'cut off': [file(entry([257, 16], 16448), 100), /it is cut off: the data of E would end 16348 bytes behind/],
    'a header larger than the file': [file('{}', 0, 2 ** 40), /its header claims 1099511627776 bytes/],
    'weights of another model': [file(entry([2, 2], 16), 16), /E is 2 × 2 there and 257 × 16 here\b[^]*same layers, width/],
  }
  for (const [what, [content, expected]] of Object.entries(cases)) {
    test(what, async () => {
      using folder = new Folder(pageText({ more: 'from: checkpoint("w.safetensors")' }))
      folder.write('w.safetensors', content)
      assertClear(await folder.run('run', 'page.smdm', 'tiny', '--device', 'cpu'), 1, expected)
    })
  }
})

describe('the machine does not play along: code 1', { concurrency: 2 }, () => {
  test('no adapter of that name', async () => {
    using folder = new Folder()
    assertClear(await folder.run('run', 'page.smdm', '--device', 'nosuchgpu'), 1, /error\[no-such-adapter\]: .*nosuchgpu[^]* {2}= /)
  })

  test('the store lies below a file', async () => {
    using folder = new Folder()
    assertClear(
      await folder.run('run', 'page.smdm', '--device', 'cpu', '--store', 'text.txt/store'),
      1,
      /a file stands where a folder is needed[^]*= move that file away/,
    )
  })

  test('the folder may not be written', async (t) => {
    using folder = new Folder()
    chmodSync(folder.path, 0o555)
    const root = process.getuid?.() === 0
    // Root may write anywhere, so the child is nobody, where nobody may read these sources.
    const uid = root ? 65534 : undefined
    const readable = spawnSync(process.execPath, ['-e', `require('fs').accessSync(${JSON.stringify(bin)})`], { uid, gid: uid }).status === 0
    if (!readable) return t.skip('the sources may be read by root alone, who may write anywhere')
    const env = { HOME: folder.path, XDG_CACHE_HOME: join(folder.path, 'cache') }
    const outcome = await smdmc(['run', 'page.smdm', '--device', 'cpu'], { cwd: folder.path, uid, env })
    chmodSync(folder.path, 0o755)
    assertClear(outcome, 1, /no permission while [^]*\[no-permission\]\n {2}= check who owns/)
  })

  test('the disk is full: the last checkpoint stays, and the run goes on from it', { skip: process.platform === 'win32' }, async () => {
    using folder = new Folder()
    const args = ['run', 'page.smdm', 'tiny', '--device', 'cpu', '--json']
    const whole = await folder.run(...args, '--store', 'whole')
    const on: Parameters<typeof smdmc>[1]['on'] = (line, child) => void (line.kind === 'step' && line.step === 4 && child.kill('SIGINT'))
    const stopped = await smdmc([...args, '--store', 'full'], { cwd: folder.path, on })
    assert.deepEqual([whole.code, stopped.code], [0, 130])
    // The system's own limit on a file's size, in blocks of 512 bytes: less than a checkpoint, more than the log.
    const full = await smdmc([...args, '--store', 'full'], { cwd: folder.path, shell: 'ulimit -f 60;' })
    assert.equal(full.code, 1, full.stderr)
    const end = full.lines.at(-1)!
    assert.ok(end.kind === 'failed' && end.code === 'disk-full' && /free some space/.test(end.advice.join()), JSON.stringify(end))
    const again = await folder.run(...args, '--store', 'full')
    assert.equal(again.code, 0, again.stderr)
    const first = again.lines.find((l) => l.kind === 'step')
    assert.ok(first!.step > 4, 'it begins behind the checkpoint')
    assert.deepEqual(results(join(folder.path, 'full')), results(join(folder.path, 'whole')))
  })
})
