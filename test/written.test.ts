// Files that a page's `write` names: replaced as a whole, through links, into devices as they stand; and what is said where none can be.
import assert from 'node:assert/strict'
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { Failure } from '../runtime/events.ts'
import { writeResult } from '../runtime/written.ts'

const windows = process.platform === 'win32'
const linux = process.platform === 'linux'
const folder = mkdtempSync(join(tmpdir(), 'smdmc-written-'))
after(() => rmSync(folder, { recursive: true }))
const artifact = join(folder, 'samples.jsonl')
writeFileSync(artifact, '{"text":"new"}\n')
const file = join(folder, 'file.txt')
writeFileSync(file, 'old')

const write = (path: string) => writeResult({ kind: 'sample', write: path }, artifact)
const refused = (code: string, path: string) => (error: unknown) => {
  assert.ok(error instanceof Failure, String(error))
  assert.equal(error.code, code)
  assert.ok(error.message.endsWith(`writing the result: ${path}`), error.message)
  return true
}

describe('where a result goes', () => {
  test('into folders that are made for it', async () => {
    const path = join(folder, 'a', 'b', 'c.jsonl')
    await write(path)
    assert.equal(readFileSync(path, 'utf8'), '{"text":"new"}\n')
    assert.deepEqual(readdirSync(join(folder, 'a', 'b')), ['c.jsonl'])
  })

  test('in place of what was there', async () => {
    const path = join(folder, 'old.jsonl')
    writeFileSync(path, 'a longer text than the new one')
    await write(path)
    assert.equal(readFileSync(path, 'utf8'), '{"text":"new"}\n')
  })

  test('to where a link leads, which stays', { skip: windows }, async () => {
    const [target, link] = [join(folder, 'target.jsonl'), join(folder, 'link.jsonl')]
    writeFileSync(target, 'old')
    symlinkSync(target, link)
    await write(link)
    assert.ok(lstatSync(link).isSymbolicLink())
    assert.equal(readFileSync(target, 'utf8'), '{"text":"new"}\n')
  })

  test('into a device, which stays one', { skip: !linux }, async () => {
    await write('/dev/null')
    assert.ok(statSync('/dev/null').isCharacterDevice())
  })
})

describe('where none can go', () => {
  test('below a file, and in place of a folder', async () => {
    const below = join(file, 'x.jsonl')
    await assert.rejects(write(below), refused('not-a-folder', below))
    await assert.rejects(write(folder), refused('not-a-file', folder))
    assert.equal(readFileSync(file, 'utf8'), 'old')
  })

  test('under too long a name', { skip: windows }, async () => {
    const path = join(folder, 'x'.repeat(300))
    await assert.rejects(write(path), refused('name-too-long', path))
  })

  test('on a full disk, and where the system makes nothing', { skip: !linux }, async () => {
    await assert.rejects(write('/dev/full'), refused('disk-full', '/dev/full'))
    for (const path of ['/proc/x.jsonl', '/proc/a/b.jsonl']) await assert.rejects(write(path), refused('missing-file', path))
    assert.ok(statSync('/dev/full').isCharacterDevice())
  })
})
