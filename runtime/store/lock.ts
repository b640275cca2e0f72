// One process at a time works on a stage: a lock file says who. The lock of a process that no longer runs is taken over.
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../events.ts'
import { isSystemError } from '../failures.ts'
import { makeFolder } from '../folder.ts'

interface Holder {
  readonly pid: number
  readonly host: string
  /** When the process started, in the system's own count: tells it from a later one with the same number. */
  readonly started?: string
}

/** Locks a folder, which is made if need be. Fails with a Failure while another process that lives holds it. Dispose to unlock. */
export async function lockFolder(folder: string): Promise<AsyncDisposable> {
  makeFolder(folder)
  const path = join(folder, 'lock')
  const text = JSON.stringify({ pid: process.pid, host: hostname(), started: startOf(process.pid) } satisfies Holder)
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      await writeFile(path, text, { flag: 'wx' })
      return { [Symbol.asyncDispose]: () => rm(path, { force: true }) }
    } catch (error) {
      if (!isSystemError(error, 'EEXIST')) throw error
    }
    const found = await readFile(path, 'utf8').catch(() => undefined)
    if (found === undefined) continue
    const holder = parse(found)
    if (holder !== undefined && lives(holder)) throw held(holder, path)
    await takeAway(path, found)
  }
  throw held(undefined, path)
}

/** Removes a dead process's lock. If another process was faster and the lock is a new one already, it is put back. */
async function takeAway(path: string, dead: string): Promise<void> {
  const aside = `${path}.${process.pid}`
  try {
    await rename(path, aside)
    if ((await readFile(aside, 'utf8')) !== dead) await link(aside, path)
  } catch (error) {
    if (!isSystemError(error, 'ENOENT') && !isSystemError(error, 'EEXIST')) throw error
  }
  await rm(aside, { force: true })
}

function parse(text: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    const { pid, host, started } = value as Partial<Record<keyof Holder, unknown>>
    if (typeof pid !== 'number' || typeof host !== 'string') return undefined
    return { pid, host, started: typeof started === 'string' ? started : undefined }
  } catch {
    return undefined
  }
}

/** A process of another machine cannot be asked: it counts as alive. */
function lives(holder: Holder): boolean {
  if (holder.host !== hostname()) return true
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    if (isSystemError(error, 'ESRCH')) return false
  }
  const started = startOf(holder.pid)
  return started === undefined || holder.started === undefined || started === holder.started
}

/** Field 22 of /proc/<pid>/stat, counted behind the command's name, which may hold blanks. Only Linux has it. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

function held(holder: Holder | undefined, path: string): Failure {
  const who = holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}`
  return new Failure({
    code: 'locked',
    message: `${who} is working on this stage`,
    advice: ['wait for it, or stop it', `if nothing runs there any more, delete ${path}`],
  })
}
