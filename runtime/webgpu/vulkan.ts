// Which drivers Dawn shall be pointed at, best first. On Linux: the hardware Vulkan drivers, then Mesa's software driver, then SwiftShader,
// one at a time, because Dawn prefers the slower of two software drivers that it sees together. Elsewhere the system's own API.
import { existsSync, readdirSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, join } from 'node:path'
import { findSwiftShader } from './swiftshader.ts'

export interface Driver {
  /** For people, where an adapter has no name: 'the system', a path. */
  readonly name: string
  /** Value of VK_DRIVER_FILES while Dawn starts; undefined leaves the choice to the system. */
  readonly files?: string
}

/** Drivers by preference. Looked for one by one: SwiftShader is unpacked only when one asks for it. */
export async function* drivers(): AsyncGenerator<Driver> {
  if (process.platform !== 'linux') {
    yield { name: 'the system' }
    return
  }
  const chosen = process.env['VK_DRIVER_FILES'] ?? process.env['VK_ICD_FILENAMES']
  const files = driverFiles()
  const hardware = files.filter((file) => !isSoftware(file))
  const system = chosen !== undefined || files.length > 0 ? loadLoader('libvulkan.so.1') : false
  if (chosen !== undefined) {
    if (!system) await supplyLoader()
    yield { name: chosen }
    return
  }
  if (files.length > 0 && !system) await supplyLoader()
  if (hardware.length > 0) yield { name: hardware.join(', '), files: hardware.join(delimiter) }
  for (const file of files.filter(isSoftware)) yield { name: file, files: file }
  const swiftShader = await findSwiftShader()
  if (!swiftShader) return
  if (!loadLoader('libvulkan.so.1')) loadLoader(swiftShader.loader)
  yield { name: swiftShader.driver, files: swiftShader.driver }
}

/** Runs `start` with the driver in the environment. Dawn reads it while it starts, so nobody else sees the change. */
export function withDriver<T>(driver: Driver, start: () => T): T {
  if (driver.files === undefined) return start()
  const before = process.env['VK_DRIVER_FILES']
  process.env['VK_DRIVER_FILES'] = driver.files
  try {
    return start()
  } finally {
    if (before === undefined) delete process.env['VK_DRIVER_FILES']
    else process.env['VK_DRIVER_FILES'] = before
  }
}

/** Has drivers that start from now on compile every kernel, instead of taking some from an earlier run. */
export function withoutDriverCaches(): void {
  process.env['__GL_SHADER_DISK_CACHE'] = '0'
  process.env['MESA_SHADER_CACHE_DISABLE'] = 'true'
}

/** Where Vulkan drivers register themselves, by the loader's rules, and where NVIDIA's container tools put theirs. */
function driverFiles(): string[] {
  const shares = (process.env['XDG_DATA_DIRS'] || '/usr/local/share:/usr/share').split(':')
  const folders = ['/etc', ...shares, '/usr/share', '/usr/local/nvidia/share'].map((folder) => join(folder, 'vulkan', 'icd.d'))
  return [...new Set(folders)]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)))
    .filter((file) => file.endsWith('.json') && matchesProcessor(file))
}

/** Mesa names the processor in the file name; a driver for another one only causes warnings. */
function matchesProcessor(file: string): boolean {
  const named = /\.(x86_64|i[36]86|aarch64|armv7l|ppc64le|riscv64)\.json$/.exec(file)?.[1]
  return named === undefined || named === { x64: 'x86_64', arm64: 'aarch64' }[process.arch as string]
}

function isSoftware(file: string): boolean {
  return /lvp_|lavapipe|swiftshader/.test(file)
}

/** Lends SwiftShader's loader to drivers of a system that has none. */
async function supplyLoader(): Promise<void> {
  const swiftShader = await findSwiftShader()
  if (swiftShader) loadLoader(swiftShader.loader)
}

/**
 * Loads a Vulkan loader into the process for good, so that Dawn's own dlopen finds it. Node loads and then complains that it is
 * no addon; RTLD_NODELETE (0x1000) keeps it loaded. False: there is no such library.
 */
function loadLoader(path: string): boolean {
  try {
    process.dlopen({ exports: {} }, path, constants.dlopen.RTLD_NOW | constants.dlopen.RTLD_GLOBAL | 0x1000)
  } catch (error) {
    return error instanceof Error && error.message.includes('self-register')
  }
  return true
}
