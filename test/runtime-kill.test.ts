// A process that is killed at any moment, also while it writes, loses nothing: run again, the stage ends with the same bytes.
import assert from 'node:assert/strict'
import { spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'node:test'
import { FakeBackend } from './helpers/fake-backend.ts'
import { keys, only, place, runAll, trainJob, type Place } from './helpers/fake-jobs.ts'

const child = fileURLToPath(new URL('helpers/train-child.ts', import.meta.url))
const folder = (at: Place): string => join(at.store, keys.train.slice(0, 12))
const digest = async (at: Place): Promise<string> =>
  createHash('sha256')
    .update(await readFile(join(folder(at), 'model.safetensors')))
    .digest('hex')

const trainChild = (at: Place, when: string): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, ['--import', 'tsx', child, at.root, when], { encoding: 'utf8' })

function trainUntil(at: Place, when: string): void {
  const { signal, stderr } = trainChild(at, when)
  assert.equal(signal, 'SIGKILL', `${when}: ${stderr}`)
}

/** What an uninterrupted run ends with. */
const wanted = (async (): Promise<string> => {
  const whole = await place()
  await runAll([trainJob(whole.data)], new FakeBackend(), whole)
  return digest(whole)
})()

test('killed while it computes, writes or flushes, and run again', async () => {
  // A checkpoint is eleven writes and six flushes; there are three, then the model.
  for (const when of ['write:4', 'sync:11', 'write:36']) {
    const at = await place()
    trainUntil(at, when)
    assert.ok(existsSync(join(folder(at), 'lock')))
    assert.ok(!existsSync(join(folder(at), 'model.safetensors')))
    const events = await runAll([trainJob(at.data)], new FakeBackend(), at)
    assert.equal(events.at(-1)!.kind, 'done', when)
    assert.equal(await digest(at), await wanted, when)
    assert.deepEqual((await readdir(folder(at))).sort(), ['log.jsonl', 'model.safetensors', 'stage.json'])
  }
})

test('killed twice, a later checkpoint is taken up', async () => {
  const at = await place()
  trainUntil(at, 'run:5')
  trainUntil(at, 'write:14')
  const events = await runAll([trainJob(at.data)], new FakeBackend(), at)
  assert.equal(only(events, 'step')[0]!.step, 7)
  assert.equal(await digest(at), await wanted)
})

test('a full disk ends the run with advice, and it goes on when there is space', { skip: !existsSync('/dev/full') }, async () => {
  const at = await place()
  const { stdout } = trainChild(at, 'full:13')
  const last = JSON.parse(stdout) as { kind: string; code: string; message: string }
  assert.deepEqual([last.kind, last.code], ['failed', 'disk-full'], last.message)
  assert.deepEqual(await readdir(join(folder(at), 'state')), ['step-3'])
  const events = await runAll([trainJob(at.data)], new FakeBackend(), at)
  assert.equal(only(events, 'step')[0]!.step, 4)
  assert.equal(await digest(at), await wanted)
})
