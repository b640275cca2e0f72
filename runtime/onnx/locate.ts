// Where ONNX Runtime is: installed beside smdmc, else in the cache, else fetched into it.
import { access } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type * as Ort from 'onnxruntime-node'
import { cacheFolder } from '../cache.ts'
import { Failure } from '../events.ts'
import { fetchOnnxRuntime } from './fetch.ts'
import { backendMissing, VERSION } from './messages.ts'

export type OnnxRuntime = typeof Ort

/** Loads ONNX Runtime; `note` hears when it must be fetched first. Fails with `cpu-backend-missing`. */
export async function locate(note: (text: string) => void): Promise<OnnxRuntime> {
  try {
    return await import('onnxruntime-node')
  } catch (error) {
    // Installed, but without a binary that loads here: another copy would not help.
    if (!isMissing(error)) throw backendMissing(error)
  }
  const folder = copyFolder()
  try {
    if (!(await exists(join(folder, 'node_modules')))) {
      note(`fetching ONNX Runtime ${VERSION} (113 MB) into ${folder}`)
      await fetchOnnxRuntime(folder)
    }
    return createRequire(join(folder, 'node_modules', '_'))('onnxruntime-node') as OnnxRuntime
  } catch (error) {
    throw error instanceof Failure ? error : backendMissing(error)
  }
}

/** Where `locate` would find it, without loading or fetching anything. */
export async function presence(): Promise<'installed' | 'cached' | 'absent'> {
  try {
    createRequire(import.meta.url).resolve('onnxruntime-node')
    return 'installed'
  } catch {
    return (await exists(join(copyFolder(), 'node_modules'))) ? 'cached' : 'absent'
  }
}

function copyFolder(): string {
  return join(cacheFolder(), `onnxruntime-node@${VERSION}`)
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
