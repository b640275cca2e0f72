// The state of a training, saved and taken up again. A checkpoint is a folder state/step-<n>/ that appears in one move, when all
// of it is on the disk; only then are older ones removed. So whenever a process dies, the last good one is there.
import { readFile, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { WeightSpec } from '../../compiler/plan/jobs.ts'
import type { Executable } from '../backend.ts'
import { Failure } from '../events.ts'
import { isSystemError, telling } from '../failures.ts'
import { makeFolder } from '../folder.ts'
import { placeFolder, writeSynced } from '../store/atomic.ts'
import type { StageFolder } from '../store/store.ts'
import { openSafetensors, streamSafetensors, writeSafetensors, type TensorToWrite } from './safetensors.ts'

/** What each weight has on the device while it is trained: itself and AdamW's two moments. */
const kinds = ['weight', 'm', 'v'] as const

/** What a checkpoint holds: weights with their moments, and states of one number each. */
export interface Trained {
  readonly weights: readonly WeightSpec[]
  readonly extra: readonly string[]
}

/** Saves the state after `step` steps; returns the checkpoint's folder. One tensor at a time passes through memory. */
export async function saveState(
  folder: StageFolder,
  key: string,
  step: number,
  executable: Executable,
  { weights, extra }: Trained,
): Promise<string> {
  const path = join(folder.state, `step-${step}`)
  const tensors = [
    ...kinds.flatMap((kind) => weights.map((w) => stateToWrite(executable, `${kind}/${w.name}`, w))),
    ...extra.map((name) => stateToWrite(executable, name, { dims: [] })),
  ]
  await telling('saving a checkpoint', async () => {
    makeFolder(folder.state)
    await setAside(path)
    await placeFolder(path, async (temporary) => {
      await writeSynced(join(temporary, 'state.safetensors'), (file) => streamSafetensors(file, tensors))
      await writeSynced(join(temporary, 'state.json'), (file) => file.writeFile(JSON.stringify({ key, step }) + '\n'))
    })
    for (const older of await readdir(folder.state)) {
      if (older !== `step-${step}`) await rm(join(folder.state, older), { recursive: true, force: true })
    }
  })
  return path
}

/** A checkpoint of this step that could not be taken up makes room; an older one, from which this step was reached, is there. */
async function setAside(path: string): Promise<void> {
  const aside = join(dirname(path), 'tmp-broken')
  await rm(aside, { recursive: true, force: true })
  await rename(path, aside).catch((error: unknown) => {
    if (!isSystemError(error, 'ENOENT')) throw error
  })
}

/** Loads the newest sound checkpoint of this key onto the device; returns its step, or undefined where there is none. */
export async function resumeState(folder: StageFolder, key: string, executable: Executable, trained: Trained): Promise<number | undefined> {
  const found = await readdir(folder.state).catch(() => [])
  const steps = found.flatMap((name) => (/^step-\d+$/.test(name) ? [Number(name.slice('step-'.length))] : [])).sort((a, b) => b - a)
  let broken: Failure | undefined
  for (const step of steps) {
    try {
      await loadState(join(folder.state, `step-${step}`), key, step, executable, trained)
      return step
    } catch (error) {
      if (!(error instanceof Failure) || error.code === 'device-lost') throw error
      broken ??= error
    }
  }
  if (broken !== undefined) throw broken
  return undefined
}

async function loadState(path: string, key: string, step: number, executable: Executable, { weights, extra }: Trained): Promise<void> {
  await telling('taking up a checkpoint', async () => {
    const record = JSON.parse(await readFile(join(path, 'state.json'), 'utf8')) as { key?: unknown; step?: unknown }
    if (record.key !== key || record.step !== step) {
      const advice = [`remove ${path} to start again`]
      throw new Failure({ code: 'bad-checkpoint', message: `${path} belongs to another stage`, advice })
    }
    await using file = await openSafetensors(join(path, 'state.safetensors'))
    for (const kind of kinds) {
      for (const w of weights) await executable.write(`${kind}/${w.name}`, await file.read(`${kind}/${w.name}`))
    }
    // A training may go on where numbers are kept otherwise: what is not there begins anew.
    for (const name of extra) if (file.tensors.some((t) => t.name === name)) await executable.write(name, await file.read(name))
  })
}

/** Writes the weights alone: the artifact of a training. */
export async function writeModel(
  folder: StageFolder,
  executable: Executable,
  weights: readonly WeightSpec[],
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const tensors = weights.map((w) => ({ ...stateToWrite(executable, `weight/${w.name}`, w), name: w.name }))
  await telling('writing the model', () => writeSafetensors(folder.artifact, tensors, metadata))
}

function stateToWrite(executable: Executable, name: string, { dims }: Pick<WeightSpec, 'dims'>): TensorToWrite {
  return { name, dtype: 'F32', shape: dims.map((d) => d.size), data: () => executable.read(name) }
}
