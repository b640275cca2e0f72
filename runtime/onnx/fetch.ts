// ONNX Runtime's npm packages → a folder of the cache from which they load. The tarballs are checked against SHA-512 sums that
// stand here, so the registry need not be trusted; of the binaries only those of this platform are kept.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { makeFolder } from '../folder.ts'
import { readTar } from '../tar.ts'
import { badPackage, VERSION } from './messages.ts'

const PACKAGES = [
  {
    name: 'onnxruntime-common',
    sha512: '7fdVWjAID1dVhH/G8qK3APARunV4VkBFoCQAP7qp4Wkab0mrorvmc+sqiT+mKXOzDqdjN5j+/Z9nb4gzNPWcyA==',
  },
  {
    name: 'onnxruntime-node',
    sha512: 'twhs1C2C/BFkz1yc5OY0KIU2GUq6DURO7hD4bx5Q2Qy3nAMJwRXW8xU3NVczE29VA9lolLOYepoD8fjTGOfIqw==',
  },
] as const

/** Fills `folder`/node_modules, all or nothing. 113 MB come over the network. Fails with whatever stood in the way. */
export async function fetchOnnxRuntime(folder: string): Promise<void> {
  makeFolder(dirname(folder))
  const draft = await mkdtemp(`${folder}-`)
  try {
    const registry = (await registryUrl()).replace(/\/+$/, '')
    for (const { name, sha512 } of PACKAGES) {
      const packed = await download(`${registry}/${name}/-/${name}-${VERSION}.tgz`)
      if (createHash('sha512').update(packed).digest('base64') !== sha512) throw badPackage(`${name}@${VERSION}`)
      await unpack(packed, join(draft, 'node_modules', name))
    }
    await rm(folder, { recursive: true, force: true })
    await rename(draft, folder)
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

async function unpack(packed: Uint8Array, folder: string): Promise<void> {
  for (const { name, data } of readTar(await promisify(gunzip)(packed))) {
    const [, ...parts] = name.split('/')
    if (!wanted(parts)) continue
    const path = join(folder, ...parts)
    makeFolder(dirname(path))
    await writeFile(path, data)
  }
}

/** Everything but other platforms' binaries, which stand in bin/napi-v6/<platform>/<architecture>. */
function wanted([top, , platform, arch, ...rest]: readonly string[]): boolean {
  return top !== 'bin' || (platform === process.platform && arch === process.arch && rest.length > 0)
}

async function download(url: string): Promise<Uint8Array> {
  const response = await fetch(url).catch((error: unknown) => {
    throw new Error(`${new URL(url).host} does not answer`, { cause: error })
  })
  if (!response.ok) throw new Error(`${new URL(url).host} answers ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}

/** As npm has it: from the environment, else from its configuration. */
async function registryUrl(): Promise<string> {
  const given = process.env['npm_config_registry']
  if (given !== undefined && given !== '') return given
  const asked = await promisify(execFile)('npm', ['config', 'get', 'registry'], { shell: process.platform === 'win32' }).catch(
    () => undefined,
  )
  const url = asked?.stdout.trim() ?? ''
  return /^https?:\/\//.test(url) ? url : 'https://registry.npmjs.org'
}
