// Data: parts of files, packages of the npm registry, and training sequences by number.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { parseNpmPath } from '../runtime/data/npm.ts'
import { sequencesOf, windowsIn } from '../runtime/data/sequences.ts'
import { localFile, partOf, readTokens } from '../runtime/data/source.ts'
import { unigramEntropy } from '../runtime/data/unigram.ts'
import { Failure } from '../runtime/events.ts'
import { readTar } from '../runtime/tar.ts'
import { bytes } from '../runtime/tokenizer/bytes.ts'
import type { DataJob } from '../compiler/plan/jobs.ts'

const folder = await mkdtemp(join(tmpdir(), 'smdmc-data-'))
const failing = (code: string) => (e: unknown): boolean => e instanceof Failure && e.code === code && e.advice.length > 0 // prettier-ignore

test('a file is split at its end, limited, and validated by a file of its own', async () => {
  const path = join(folder, 'text.txt')
  await writeFile(
    path,
    Uint8Array.from({ length: 100 }, (_, i) => i),
  )
  await writeFile(join(folder, 'held.txt'), 'held')
  const read = async (changes: Partial<DataJob>): Promise<number[]> =>
    [...(await readTokens({ form: 'text', path, tokenizer: { kind: 'bytes' }, part: 'all', ...changes }, folder))] // prettier-ignore
  assert.equal((await read({})).length, 100)
  const validation = { share: 0.07 }
  assert.deepEqual((await read({ part: 'validation', validation })).join(), '93,94,95,96,97,98,99')
  assert.deepEqual((await read({ part: 'train', validation })).length, 93)
  assert.deepEqual(await read({ part: 'train', validation, limit: 3 }), [0, 1, 2])
  assert.deepEqual(await read({ part: 'validation', validation: { path: join(folder, 'held.txt') } }), [104, 101, 108, 100])
  assert.deepEqual(await read({ part: 'train', validation: { path: join(folder, 'held.txt') }, limit: 2 }), [0, 1])
  assert.deepEqual(partOf(100, 'train', 0.29), [0, 71])
  await assert.rejects(read({ part: 'validation' }), failing('empty-data'))
  await assert.rejects(read({ path: folder }), failing('not-a-file'))
  await assert.rejects(read({ path: join(folder, 'none') }), failing('missing-file'))
})

test('each epoch takes every block once, in an order and from an offset of its own', () => {
  const tokens = Int32Array.from({ length: 1000 }, (_, i) => i)
  const sequences = sequencesOf(tokens, 30, 5)
  assert.equal(sequences.perEpoch, 32)
  const out = new Int32Array(30)
  const starts = (epoch: number): number[] =>
    Array.from({ length: 32 }, (_, i) => {
      sequences.copy(epoch * 32 + i, out)
      assert.deepEqual(
        [...out],
        Array.from({ length: 30 }, (_, k) => out[0]! + k),
      )
      return out[0]!
    })
  const [first, second] = [starts(0), starts(1)]
  for (const epoch of [first, second]) {
    const sorted = [...epoch].sort((a, b) => a - b)
    for (let i = 1; i < 32; i++) assert.equal(sorted[i]! - sorted[i - 1]!, 30)
    assert.notDeepEqual(epoch, sorted)
  }
  assert.notEqual(Math.min(...first), Math.min(...second))
  assert.deepEqual(starts(0), first)
  assert.notDeepEqual(sequencesOf(tokens, 30, 6).copy(0, out), first)
})

test('short data still gives sequences, too short data a failure', () => {
  const out = new Int32Array(5)
  const sequences = sequencesOf(Int32Array.of(1, 2, 3, 4, 5), 5, 1)
  assert.equal(sequences.perEpoch, 1)
  sequences.copy(17, out)
  assert.deepEqual([...out], [1, 2, 3, 4, 5])
  const seen = new Set<number>()
  for (let g = 0; g < 40; g++) {
    sequencesOf(Int32Array.of(1, 2, 3, 4, 5, 6, 7), 5, 1).copy(g, out)
    seen.add(out[0]!)
  }
  assert.deepEqual([...seen].sort(), [1, 2, 3])
  assert.throws(() => sequencesOf(Int32Array.of(1, 2), 3, 1), failing('data-too-short'))
  assert.throws(() => windowsIn(Int32Array.of(1, 2), 3), failing('data-too-short'))
})

test('bytes: pieces of text keep characters whole, and show what is masked', () => {
  const text = Int32Array.from(bytes.encode('aé€😀'))
  assert.deepEqual(bytes.pieces(text, 256), ['a', 'é', '', '€', '', '', '😀', '', '', ''])
  text[2] = 256
  assert.deepEqual(bytes.pieces(text, 256).slice(0, 4), ['a', '\ufffd', null, '€'])
  assert.deepEqual(bytes.pieces(Int32Array.of(0xff, 0x80, 0xf0), 256), ['\ufffd', '\ufffd', '\ufffd'])
  assert.equal(bytes.decode(bytes.encode('\ufeffaé€😀')), '\ufeffaé€😀')
})

test('the entropy of single tokens', () => {
  assert.ok(Math.abs(unigramEntropy(Uint8Array.of(1, 1, 2, 2), 256) - Math.log(2)) < 1e-12)
  assert.equal(unigramEntropy(Uint8Array.of(3, 3), 256), 0)
})

/** A package as npm packs it, with a name too long for a plain tar header. */
async function packed(): Promise<{ tgz: Uint8Array; long: string }> {
  const long = `${'deep/'.repeat(25)}file.txt`
  await mkdir(join(folder, 'package', 'data', 'deep/'.repeat(25)), { recursive: true })
  await writeFile(join(folder, 'package', 'data', 'corpus.txt'), 'some text')
  await writeFile(join(folder, 'package', 'data', long), 'far away')
  execFileSync('tar', ['-czf', join(folder, 'p.tgz'), '-C', folder, 'package'])
  return { tgz: await readFile(join(folder, 'p.tgz')), long }
}

test('a file of an npm package is fetched once, checked, and then needs no network', async () => {
  const { tgz, long } = await packed()
  let answers = 0
  let integrity = `sha512-${createHash('sha512').update(tgz).digest('base64')}`
  const server = createServer((request, response) => {
    answers++
    const dist = { tarball: `http://localhost:${port}/p.tgz`, integrity }
    if (request.url === '/@some%2fcorpus/1.2.3') response.end(JSON.stringify({ dist }))
    else if (request.url === '/p.tgz') response.end(tgz)
    else response.writeHead(404).end()
  })
  await new Promise<void>((ready) => server.listen(0, () => ready()))
  const { port } = server.address() as AddressInfo
  const before = process.env['npm_config_registry']
  process.env['npm_config_registry'] = `http://localhost:${port}/`
  try {
    integrity = 'sha512-AAAA'
    await assert.rejects(localFile('npm:@some/corpus@1.2.3/data/corpus.txt', folder), failing('bad-package'))
    integrity = `sha512-${createHash('sha512').update(tgz).digest('base64')}`
    const file = await localFile('npm:@some/corpus@1.2.3/data/corpus.txt', folder)
    assert.equal(await readFile(file, 'utf8'), 'some text')
    assert.equal(answers, 4)
    await assert.rejects(localFile('npm:@some/corpus@1.2.3/data/none.txt', folder), failing('missing-file'))
    await assert.rejects(localFile('npm:other@1.0.0/x', folder), failing('no-such-package'))
    server.close()
    server.closeAllConnections()
    assert.equal(await localFile('npm:@some/corpus@1.2.3/data/corpus.txt', folder), file)
    assert.equal(await readFile(await localFile(`npm:@some/corpus@1.2.3/data/${long}`, folder), 'utf8'), 'far away')
    await assert.rejects(localFile('npm:other@1.0.0/x', folder), failing('offline'))
  } finally {
    server.close()
    if (before === undefined) delete process.env['npm_config_registry']
    else process.env['npm_config_registry'] = before
  }
})

test('an npm path names an exact version and a file inside', () => {
  assert.deepEqual(parseNpmPath('npm:a-b.c@1.0.0-rc.1/x/y.txt'), { name: 'a-b.c', version: '1.0.0-rc.1', path: 'x/y.txt' })
  assert.equal(parseNpmPath('/data/npm:x'), undefined)
  for (const bad of [
    'npm:a',
    'npm:a@1/x',
    'npm:a@^1.0.0/x',
    'npm:a@1.0.0',
    'npm:a@1.0.0/',
    'npm:a@1.0.0/../x',
    'npm:a@1.0.0//x',
    'npm:../a@1.0.0/x',
  ]) {
    assert.throws(() => parseNpmPath(bad), failing('bad-npm-path'), bad)
  }
})

test('a damaged archive is a failure', async () => {
  execFileSync('tar', ['-cf', join(folder, 'p.tar'), '-C', folder, 'held.txt'])
  const tar = await readFile(join(folder, 'p.tar'))
  assert.deepEqual([...readTar(tar)].map((f) => [f.name, new TextDecoder().decode(f.data)]), [['held.txt', 'held']]) // prettier-ignore
  const wrong = Uint8Array.from(tar)
  wrong[0] = 0x69
  assert.throws(() => [...readTar(wrong)], failing('bad-archive'))
  assert.throws(() => [...readTar(tar.subarray(0, 513))], failing('bad-archive'))
})
