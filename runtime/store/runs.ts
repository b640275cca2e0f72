// What has been run under a name: the folder that runs/<page>/<stage> leads to, or else the newest of that name in the store.
import { readFile, readdir, realpath, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { StageFolder } from './store.ts'
import { readRecord, type StageRecord } from './store.ts'

export interface PastRun {
  readonly record: StageRecord
  /** When the record was written. */
  readonly at: Date
}

/** The run of `stage` that came last; undefined where there is none. `runs`: `runs/<page>`; `store`: `.smdmc/store`. */
export async function latestRun(runs: string, store: string, stage: string): Promise<PastRun | undefined> {
  return (await linked(join(runs, stage))) ?? newest(store, stage)
}

/** The step a stage would go on from; undefined where it has no checkpoint. */
export async function savedStep(folder: StageFolder): Promise<number | undefined> {
  const found = await readdir(folder.state).catch(() => [])
  const steps = found.flatMap((name) => (/^step-\d+$/.test(name) ? [Number(name.slice('step-'.length))] : []))
  return steps.length > 0 ? Math.max(...steps) : undefined
}

/** Where links cannot be made, a file of that name holds the path. */
async function linked(path: string): Promise<PastRun | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  const folder = text === undefined ? path : resolve(dirname(path), text.trim())
  return past(await realpath(folder).catch(() => folder))
}

async function newest(store: string, stage: string): Promise<PastRun | undefined> {
  const folders = await readdir(store).catch(() => [])
  const all = await Promise.all(folders.map((name) => past(join(store, name))))
  return all.filter((run) => run?.record.stage === stage).reduce((best, run) => (best && run && best.at >= run.at ? best : run), undefined)
}

async function past(path: string): Promise<PastRun | undefined> {
  const file = join(path, 'stage.json')
  const record = await readRecord({ path, record: file, artifact: '', log: '', state: '' })
  const at = await stat(file).catch(() => undefined)
  return record === undefined || at === undefined ? undefined : { record, at: at.mtime }
}
