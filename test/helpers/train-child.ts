// A process that trains with the fake backend until something happens to it: argv is the place's root and what, as
// `run:<n>`, `sync:<n>` or `write:<n>` (killed at the n-th, half-way through a write) or `full:<n>` (the disk is full at the n-th write).
import { mkdirSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { FakeBackend } from './fake-backend.ts'
import { runAll, trainJob } from './fake-jobs.ts'

const [root = '', when = ''] = process.argv.slice(2)
const [what, count] = when.split(':')

const die = (): never => {
  process.kill(process.pid, 'SIGKILL')
  throw new Error('unreachable')
}

if (what !== 'run') {
  // Every file handle shares one prototype: the n-th call of its method is the one.
  mkdirSync(root, { recursive: true })
  const probe = await open(join(root, 'probe'), 'w')
  const handle = Object.getPrototypeOf(probe) as { write: (...args: unknown[]) => Promise<unknown>; sync: () => Promise<void> }
  await probe.close()
  const { write, sync } = handle
  let left = Number(count)
  handle.write = async function (this: unknown, ...args: unknown[]): Promise<unknown> {
    if (what === 'write' && --left === 0) {
      const [bytes, offset, length] = args as [Uint8Array, number, number]
      await write.call(this, bytes, offset, Math.ceil(length / 2))
      die()
    }
    if (what === 'full' && --left === 0) return write.apply(await open('/dev/full', 'w'), args)
    return write.apply(this, args)
  }
  handle.sync = async function (this: unknown): Promise<void> {
    if (what === 'sync' && --left === 0) die()
    await sync.call(this)
  }
}

const backend = new FakeBackend({ before: (_, runs) => void (what === 'run' && runs === Number(count) && die()) })
const data = join(root, 'text.txt')
const at = { root, store: join(root, '.smdmc', 'store'), runs: join(root, 'runs', 'test'), cache: join(root, 'cache'), data }
const events = await runAll([trainJob(data)], backend, at)
process.stdout.write(JSON.stringify(events.at(-1)))
