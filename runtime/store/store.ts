// The store: one folder per key, named by its first 12 digits. What a folder holds tells how far its stage has come:
// complete when its artifact is there (written last, in one move), resumable when it has state/.
import { access, readFile, readdir, rename, rm, symlink, lstat, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { Failure, type StageState } from '../events.ts'
import { isSystemError } from '../failures.ts'
import type { Job, ReadingJob } from '../../compiler/plan/jobs.ts'
import { makeFolder } from '../folder.ts'
import { replaceText } from './atomic.ts'

/** Files of a stage's folder. */
export interface StageFolder {
  readonly path: string
  readonly record: string
  readonly artifact: string
  readonly log: string
  readonly state: string
}

/** Kinds of stages that leave something in the store. */
export type StoredKind = (Job | ReadingJob)['kind']

const artifacts: Readonly<Record<StoredKind, string>> = {
  train: 'model.safetensors',
  sample: 'samples.jsonl',
  eval: 'metrics.json',
  custom: 'metrics.json',
  fit: 'metrics.json',
  table: 'table.json',
}

/** Where the stage of this key lives. */
export function stageFolder(store: string, kind: StoredKind, key: string): StageFolder {
  const path = join(store, key.slice(0, 12))
  return {
    path,
    record: join(path, 'stage.json'),
    artifact: join(path, artifacts[kind]),
    log: join(path, 'log.jsonl'),
    state: join(path, 'state'),
  }
}

export async function stateOf(folder: StageFolder): Promise<StageState> {
  if (await exists(folder.artifact)) return 'cached'
  const saved = await readdir(folder.state).catch(() => [])
  return saved.some((name) => !name.startsWith('tmp')) ? 'resumed' : 'new'
}

/** Removes what a process that died has left half-written, and the state of a finished stage. For the holder of the lock. */
export async function sweep(folder: StageFolder): Promise<void> {
  for (const name of await readdir(folder.path)) {
    if (name.endsWith('.tmp')) await rm(join(folder.path, name), { force: true })
  }
  if (await exists(folder.artifact)) await rm(folder.state, { recursive: true, force: true })
}

/** stage.json: what the key stands for, for people and for `why`. */
export interface StageRecord {
  readonly stage: string
  readonly kind: StoredKind
  readonly key: string
  readonly total: number
  readonly normal: unknown
}

export async function writeRecord(folder: StageFolder, record: StageRecord): Promise<void> {
  makeFolder(folder.path)
  const old = await readRecord(folder)
  if (old !== undefined && old.key !== record.key) {
    throw new Failure({
      code: 'key-collision',
      message: `${folder.path} belongs to another stage whose key begins alike`,
      advice: ['move that folder away'],
    })
  }
  await replaceText(folder.record, JSON.stringify(record, undefined, 2) + '\n')
}

export async function readRecord(folder: StageFolder): Promise<StageRecord | undefined> {
  try {
    return JSON.parse(await readFile(folder.record, 'utf8')) as StageRecord
  } catch {
    return undefined
  }
}

/** Makes `runs/<stage>` lead to the folder: a link, or a text file with the path where links cannot be made. */
export async function linkRun(runs: string, stage: string, folder: string): Promise<void> {
  const path = join(runs, stage)
  makeFolder(dirname(path))
  const there = await lstat(path).catch(() => undefined)
  // A real folder of that name is the user's own and stays.
  if (there?.isDirectory() === true) return
  const temporary = `${path}.${process.pid}.tmp`
  await rm(temporary, { force: true })
  const target = relative(dirname(resolve(path)), resolve(folder))
  try {
    await symlink(target, temporary, 'dir')
  } catch (error) {
    if (!isSystemError(error)) throw error
    await writeFile(temporary, target + '\n')
  }
  await rename(temporary, path)
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
