// The store: locks, links, journals, and files that are there whole or not at all.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { appendFile, mkdir, mkdtemp, readFile, readdir, readlink, rm, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { Failure } from '../runtime/events.ts'
import { asFailure } from '../runtime/failures.ts'
import { replaceText } from '../runtime/store/atomic.ts'
import { appendLine, readLines, replaceLines } from '../runtime/store/journal.ts'
import { lockFolder } from '../runtime/store/lock.ts'
import { linkRun, stageFolder, stateOf, writeRecord } from '../runtime/store/store.ts'

const fresh = (): Promise<string> => mkdtemp(join(tmpdir(), 'smdmc-store-'))
const held = (e: unknown): boolean => e instanceof Failure && e.code === 'locked'

test('one process holds a lock; a dead one loses it', async () => {
  const folder = await fresh()
  const lock = join(folder, 'lock')
  const mine = await lockFolder(folder)
  assert.equal((JSON.parse(await readFile(lock, 'utf8')) as { pid: number }).pid, process.pid)
  await assert.rejects(lockFolder(folder), held)
  await mine[Symbol.asyncDispose]()
  assert.deepEqual(await readdir(folder), [])

  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'])
  await once(child, 'spawn')
  await writeFile(lock, JSON.stringify({ pid: child.pid, host: hostname() }))
  await assert.rejects(lockFolder(folder), held)
  child.kill('SIGKILL')
  await once(child, 'exit')
  await (await lockFolder(folder))[Symbol.asyncDispose]()

  // The same number, but a process that started at another time; and half a lock.
  if (process.platform === 'linux') await writeFile(lock, JSON.stringify({ pid: process.pid, host: hostname(), started: '1' }))
  await (await lockFolder(folder))[Symbol.asyncDispose]()
  await writeFile(lock, '{"pid":')
  await (await lockFolder(folder))[Symbol.asyncDispose]()
  await writeFile(lock, JSON.stringify({ pid: 1, host: 'elsewhere' }))
  await assert.rejects(lockFolder(folder), held)
})

test('of many that find a dead lock, one gets it', async () => {
  const folder = await fresh()
  await writeFile(join(folder, 'lock'), '')
  const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)))
  assert.equal(tries.filter((t) => t.status === 'fulfilled').length, 1)
})

test('a folder tells how far its stage has come', async () => {
  const store = await fresh()
  const folder = stageFolder(store, 'train', 'ab'.repeat(32))
  assert.equal(folder.path, join(store, 'abababababab'))
  assert.equal(await stateOf(folder), 'new')
  await writeRecord(folder, { stage: 's', kind: 'train', key: 'ab'.repeat(32), total: 3, normal: {} })
  assert.equal(await stateOf(folder), 'new')
  await mkdir(join(folder.state, 'tmp-12'), { recursive: true })
  assert.equal(await stateOf(folder), 'new')
  await mkdir(join(folder.state, 'step-3'))
  assert.equal(await stateOf(folder), 'resumed')
  await writeFile(folder.artifact, '')
  assert.equal(await stateOf(folder), 'cached')
  const other = { stage: 's', kind: 'train', key: 'abababababab'.padEnd(64, '0'), total: 3, normal: {} } as const
  await assert.rejects(writeRecord(folder, other), (e: unknown) => e instanceof Failure && e.code === 'key-collision')
})

test('a run is a link that can be replaced; a folder of the user stays', async () => {
  const root = await fresh()
  for (const key of ['one', 'two']) {
    await mkdir(join(root, 'store', key), { recursive: true })
    await linkRun(join(root, 'runs', 'file'), 'stage', join(root, 'store', key))
    assert.equal(await readlink(join(root, 'runs', 'file', 'stage')), join('..', '..', 'store', key))
  }
  await rm(join(root, 'runs', 'file', 'stage'))
  await mkdir(join(root, 'runs', 'file', 'stage'))
  await linkRun(join(root, 'runs', 'file'), 'stage', join(root, 'store', 'one'))
  assert.deepEqual(await readdir(join(root, 'runs', 'file', 'stage')), [])
})

test('a journal drops half a line, and a replaced file is whole', async () => {
  const path = join(await fresh(), 'deep', 'log.jsonl')
  assert.deepEqual(await readLines(path), [])
  await replaceLines(path, [{ a: 1 }])
  await appendLine(path, [2])
  await appendFile(path, '{"a":')
  assert.deepEqual(await readLines(path), [{ a: 1 }, [2]])
  await replaceText(path, 'new')
  assert.equal(await readFile(path, 'utf8'), 'new')
  assert.deepEqual(await readdir(join(path, '..')), ['log.jsonl'])
})

test('errors of the system become failures with advice; others stay what they are', async () => {
  const path = join(await fresh(), 'none')
  const missing = asFailure(await readFile(path).catch((e: unknown) => e), 'reading')
  assert.ok(missing instanceof Failure && missing.code === 'missing-file' && missing.message.includes(path))
  const full = asFailure(Object.assign(new Error('no space'), { code: 'ENOSPC' }), 'saving')
  assert.ok(full instanceof Failure && full.code === 'disk-full' && full.advice.length > 0)
  const long = asFailure(await readFile(`${path}${'n'.repeat(300)}`).catch((e: unknown) => e), 'reading')
  assert.ok(
    long instanceof Failure && long.code === 'name-too-long' && long.message.includes('a name is longer than the file system takes'),
  )
  const ours = new TypeError('x')
  assert.equal(asFailure(ours, 'saving'), ours)
})
