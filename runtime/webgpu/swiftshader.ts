// Finds SwiftShader, Google's Vulkan on the CPU, on a Linux machine: in a Chromium-based program, or in the npm package
// @sparticuz/chromium, from which it is unpacked once into the user's cache. Afterwards its driver file and a Vulkan loader lie on disk.
import { constants, existsSync } from 'node:fs'
import { access, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { brotliDecompress } from 'node:zlib'
import { cacheFolder } from '../cache.ts'
import { makeFolder } from '../folder.ts'
import { readTar } from '../tar.ts'

/** Paths of a driver's json and of the loader that came with it. */
export interface SwiftShader {
  readonly driver: string
  readonly loader: string
}

const driverName = 'vk_swiftshader_icd.json'
const loaderName = 'libvulkan.so.1'
const programs = ['/usr/lib/chromium', '/usr/lib/chromium-browser', '/opt/google/chrome', '/usr/share/code']

/** The first SwiftShader found, or undefined. Unpacking takes about 100 ms, the first time only. */
export async function findSwiftShader(): Promise<SwiftShader | undefined> {
  const installed = programs.map(inFolder).find(complete)
  return (await fromPackage()) ?? installed
}

function inFolder(folder: string): SwiftShader {
  return { driver: join(folder, driverName), loader: join(folder, loaderName) }
}

function complete(found: SwiftShader): boolean {
  return existsSync(found.driver)
}

/** The package may be a dependency of ours or of the user's project. Its binary is for x86-64 only. */
async function fromPackage(): Promise<SwiftShader | undefined> {
  if (process.arch !== 'x64') return undefined
  for (const from of [import.meta.url, pathToFileURL(join(process.cwd(), 'package.json')).href]) {
    const root = packageRoot(from)
    const archive = root && join(root, 'bin', 'swiftshader.tar.br')
    if (!root || !archive || !existsSync(archive)) continue
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
    return unpack(archive, `swiftshader-${version}`)
  }
  return undefined
}

function packageRoot(from: string): string | undefined {
  try {
    const main = createRequire(from).resolve('@sparticuz/chromium')
    return dirname(dirname(dirname(main)))
  } catch {
    return undefined
  }
}

/** Unpacks beside its final place and renames, so that processes that start together never see half a library. */
async function unpack(archive: string, name: string): Promise<SwiftShader> {
  const cache = await writableCache()
  const folder = join(cache, name)
  const found = inFolder(folder)
  if (complete(found)) return found
  const unpacked = await promisify(brotliDecompress)(await readFile(archive))
  const files = new Map(Array.from(readTar(unpacked), ({ name, data }) => [name, data]))
  const fresh = await mkdtemp(folder + '-')
  for (const file of [driverName, loaderName, 'libvk_swiftshader.so']) {
    const content = files.get(file)
    if (!content) throw new Error(`${archive} holds no ${file}`)
    await writeFile(join(fresh, file), content, { mode: 0o755 })
  }
  try {
    await rename(fresh, folder)
  } catch (error) {
    await rm(fresh, { recursive: true })
    if (!complete(found)) throw error
  }
  return found
}

/** The user's cache; where that cannot be written, a folder among the temporary ones that is the user's own. */
async function writableCache(): Promise<string> {
  const folder = cacheFolder()
  try {
    makeFolder(folder)
    await access(folder, constants.W_OK)
    return folder
  } catch {
    const user = process.getuid?.() ?? 0
    const own = join(tmpdir(), `smdmc-swiftshader-${user}`)
    makeFolder(own, 0o700)
    // Somebody else's folder of this name could hold somebody else's library.
    return (await stat(own)).uid === user ? own : mkdtemp(own + '-')
  }
}
