// Tiles that were the fastest on a device, kept in the cache: a file an adapter, `tuning/<hash>.json`. They hold for the driver they
// were measured with. A file that says anything else is not used, and no run depends on one.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DeviceFacts } from '../../compiler/facts.ts'
import { isSystemError } from '../failures.ts'
import { replaceText } from '../store/atomic.ts'

type Tuned = NonNullable<DeviceFacts['tuned']>
type Device = Pick<DeviceFacts, 'name' | 'driver'>

/** Raised when places in tables of tiles change their meaning. */
const format = 1

interface TuningFile {
  readonly format: number
  readonly device: string
  readonly driver: string | null
  readonly tuned: Tuned
}

/** `note`: why there is a file that is not used. */
export async function readTuning(cache: string, device: Device): Promise<{ readonly tuned?: Tuned; readonly note?: string }> {
  const path = fileOf(cache, device)
  const unused = (reason: string) => ({ note: `${path} is not used: ${reason}. smdmc bench kernels --tune measures again` })
  let file: Partial<TuningFile> | null
  try {
    file = JSON.parse(await readFile(path, 'utf8')) as Partial<TuningFile> | null
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return {}
    return unused(isSystemError(error) ? 'it cannot be read' : 'it is not JSON')
  }
  if (file?.format !== format || file.device !== device.name || !isTuned(file.tuned)) return unused('it is of another version, or broken')
  if (file.driver !== (device.driver ?? null)) return unused(`it was measured with ${file.driver}, and the driver is ${device.driver}`)
  return { tuned: file.tuned }
}

/** Adds choices to those that are there. */
export async function keepTuning(cache: string, device: Device, tuned: Tuned): Promise<string> {
  const path = fileOf(cache, device)
  const known = (await readTuning(cache, device)).tuned
  const file: TuningFile = { format, device: device.name, driver: device.driver ?? null, tuned: { ...known, ...tuned } }
  await replaceText(path, JSON.stringify(file, undefined, 2) + '\n')
  return path
}

function isTuned(value: unknown): value is Tuned {
  return typeof value === 'object' && value !== null && Object.values(value).every((place) => Number.isInteger(place))
}

function fileOf(cache: string, { name }: Device): string {
  return join(cache, 'tuning', `${createHash('sha256').update(name).digest('hex').slice(0, 16)}.json`)
}
