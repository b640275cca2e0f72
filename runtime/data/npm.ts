// `npm:NAME@VERSION/path` → a local file. The package of that exact version comes from the npm registry, is checked against the
// registry's SHA-512, and stays in the cache: the second time needs no network.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { Failure } from '../events.ts'
import { telling } from '../failures.ts'
import { replaceFile } from '../store/atomic.ts'
import { readTar } from '../tar.ts'

/** Parts of an `npm:` path. */
export interface NpmPath {
  readonly name: string
  readonly version: string
  /** Inside the package, with `/`. */
  readonly path: string
}

const pattern = /^npm:((?:@[a-z0-9~-][\w.~-]*\/)?[a-z0-9~-][\w.~-]*)@(\d+\.\d+\.\d+[\w.+-]*)\/(.+)$/

/** Undefined where the path does not begin with `npm:`. Fails with a Failure where it does and is not well-formed. */
export function parseNpmPath(text: string): NpmPath | undefined {
  if (!text.startsWith('npm:')) return undefined
  const [, name, version, path] = pattern.exec(text) ?? []
  if (
    name === undefined ||
    version === undefined ||
    path === undefined ||
    path.split('/').some((p) => p === '..' || p === '.' || p === '')
  ) {
    throw new Failure({
      code: 'bad-npm-path',
      message: `${text} is not of the form npm:NAME@VERSION/path`,
      advice: ['give the exact version, as in npm:some-package@1.2.3/data/file.txt'],
    })
  }
  return { name, version, path }
}

/** Where a package is kept. */
function packageFolder({ name, version }: NpmPath, cache: string): string {
  return join(cache, 'npm', `${name.replace('/', '+')}@${version}`)
}

/** Where a file of a package lies once it was fetched. */
export function keptFile(wanted: NpmPath, cache: string): string {
  return join(packageFolder(wanted, cache), 'files', ...wanted.path.split('/'))
}

/** The file's place in the cache, fetched if it is not there yet. `cache`: a folder of our own. */
export async function npmFile(wanted: NpmPath, cache: string): Promise<string> {
  const folder = packageFolder(wanted, cache)
  const local = keptFile(wanted, cache)
  if (await exists(local)) return local
  return telling('keeping a fetched package', async () => {
    const packed = join(folder, 'package.tgz')
    if (!(await exists(packed))) {
      const bytes = await fetchPackage(wanted)
      await replaceFile(packed, (file) => file.writeFile(bytes))
    }
    const content = await extract(await readFile(packed), wanted)
    await replaceFile(local, (file) => file.writeFile(content))
    return local
  })
}

async function fetchPackage({ name, version }: NpmPath): Promise<Uint8Array> {
  const registry = (await registryUrl()).replace(/\/+$/, '')
  const answer = await download(`${registry}/${name.replace('/', '%2f')}/${encodeURIComponent(version)}`, `${name}@${version}`)
  const { tarball, integrity } = distOf(answer, `${name}@${version}`)
  const bytes = await download(tarball, `${name}@${version}`)
  const digest = `sha512-${createHash('sha512').update(bytes).digest('base64')}`
  if (!integrity.split(/\s+/).includes(digest)) {
    throw new Failure({
      code: 'bad-package',
      message: `the package ${name}@${version} is not what the registry promises: its SHA-512 differs`,
      advice: ['try again; if it stays, a proxy or a mirror changes packages on their way'],
    })
  }
  return bytes
}

async function registryUrl(): Promise<string> {
  const fallback = 'https://registry.npmjs.org/'
  const given = process.env['npm_config_registry']
  if (given !== undefined && given !== '') return given
  const shell = process.platform === 'win32'
  const asked = await promisify(execFile)('npm', ['config', 'get', 'registry'], { shell }).catch(() => ({ stdout: '' }))
  const url = asked.stdout.trim()
  return /^https?:\/\//.test(url) ? url : fallback
}

async function download(url: string, what: string): Promise<Uint8Array> {
  let response: Response
  try {
    response = await fetch(url)
    if (response.ok) return new Uint8Array(await response.arrayBuffer())
  } catch (error) {
    throw new Failure(
      {
        code: 'offline',
        message: `${what} could not be fetched: ${new URL(url).host} does not answer`,
        advice: ['check the network, or set npm_config_registry', 'once fetched, the package is kept and needs no network'],
      },
      { cause: error },
    )
  }
  throw new Failure({
    code: response.status === 404 ? 'no-such-package' : 'registry-refused',
    message: `${what} could not be fetched: ${new URL(url).host} answers ${response.status}`,
    advice: [response.status === 404 ? 'check name and version' : 'try again later, or set npm_config_registry'],
  })
}

function distOf(answer: Uint8Array, what: string): { readonly tarball: string; readonly integrity: string } {
  try {
    const { dist } = JSON.parse(new TextDecoder().decode(answer)) as { dist?: { tarball?: unknown; integrity?: unknown } }
    if (typeof dist?.tarball === 'string' && typeof dist.integrity === 'string') return { tarball: dist.tarball, integrity: dist.integrity }
  } catch {
    // Falls through to the same words.
  }
  throw new Failure({
    code: 'bad-package',
    message: `the registry does not say where ${what} is, or what its SHA-512 is`,
    advice: ['is npm_config_registry an npm registry?'],
  })
}

/** Packages hold their files under one folder, mostly called `package`. */
async function extract(packed: Uint8Array, { name, version, path }: NpmPath): Promise<Uint8Array> {
  const names: string[] = []
  for (const file of readTar(await promisify(gunzip)(packed))) {
    const inside = file.name.slice(file.name.indexOf('/') + 1)
    if (inside === path) return file.data
    names.push(inside)
  }
  throw new Failure({
    code: 'missing-file',
    message: `the package ${name}@${version} has no file ${path}`,
    advice: [`it has ${names.slice(0, 8).join(', ')}${names.length > 8 ? ` and ${names.length - 8} more` : ''}`],
  })
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
