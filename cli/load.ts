// A file on disk → a checked pipeline: the compiler's World, made of the real one. Packages that a page names are fetched here.
import { dirname, relative, resolve } from 'node:path'
import { check, type Checked, type World } from '../compiler/check/check.ts'
import type { Native, NativeProblem } from '../compiler/check/session.ts'
import type { FileFacts } from '../compiler/facts.ts'
import { isYaml } from '../compiler/yaml/form.ts'
import { parse } from '../grammar/parse.ts'
import type { SourceFile } from '../grammar/source.ts'
import { Failure } from '../runtime/events.ts'
import { cacheFolder } from '../runtime/cache.ts'
import { npmFile, parseNpmPath } from '../runtime/data/npm.ts'
import { FileIndex, neighbour, readFinite } from './files.ts'
import { libraryNames, librarySources, preludeSources } from './library.ts'
import { nativeKey, nativeProblem } from './natives.ts'
import { loadPlugin, type PluginOrProblem } from './plugins.ts'
import { warn } from './report.ts'
import { nearest } from '../grammar/suggest.ts'

export interface LoadOptions {
  readonly set: Readonly<Record<string, string>>
  /** Bytes a run may use, for the check that a stage fits. */
  readonly memory?: number
}

/** Reads a page. Fails with a Failure when there is no such file or it is not text. */
export function readPage(path: string): SourceFile {
  try {
    const bytes = readFinite(path)
    if (bytes.includes(0)) throw unreadable(path, 'it is not a text file')
    return { name: path, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch (error) {
    if (error instanceof Failure) throw error
    throw unreadable(path, error instanceof TypeError ? 'it is not text in UTF-8' : reasonOf(error), error)
  }
}

const missing = 'there is no such file'

function reasonOf(error: unknown): string {
  switch (error instanceof Error && 'code' in error ? error.code : undefined) {
    case 'ENOENT':
    case 'ENOTDIR':
      return missing
    case 'EISDIR':
      return 'it is a folder'
    case 'EACCES':
    case 'EPERM':
      return 'there is no permission to read it'
    default:
      return error instanceof Error ? error.message : String(error)
  }
}

function unreadable(path: string, reason: string, cause?: unknown): Failure {
  const near = reason === missing ? neighbour(resolve(path)) : undefined
  const advice = [near === undefined ? 'name a page, a text file that ends in .smdm' : `did you mean ${relative(process.cwd(), near)}?`]
  return new Failure({ code: 'unreadable-page', message: `cannot read ${path}: ${reason}`, advice }, { cause })
}

/** Checks the page at `path` against the files that are there. */
export async function load(path: string, options: LoadOptions): Promise<Checked> {
  const root = readPage(path)
  const found: Found = { packages: new Map(), plugins: new Map(), natives: new Map(), yaml: isYaml(path) ? await yamlReader() : undefined }
  for (;;) {
    const wanted: Wanted = { packages: new Set(), plugins: new Map(), natives: new Map(), yaml: false }
    const checked = check(root, worldOf(options, found, wanted))
    if (wanted.packages.size + wanted.plugins.size + wanted.natives.size === 0 && !wanted.yaml) {
      return { ...checked, diagnostics: found.yaml?.inFormOfPage(checked.diagnostics) ?? checked.diagnostics }
    }
    if (wanted.yaml) found.yaml = await yamlReader()
    for (const [key, native] of wanted.natives) found.natives.set(key, await nativeProblem(native))
    for (const npm of wanted.packages) found.packages.set(npm, await fetched(npm))
    for (const [id, { name, from }] of wanted.plugins) found.plugins.set(id, await loadPlugin(name, from))
  }
}

/** Loading it takes as long as a small page takes to be checked, and most pages have no use for it. */
const yamlReader = (): Promise<YamlReader> => import('../compiler/yaml/read.ts')
type YamlReader = typeof import('../compiler/yaml/read.ts')

/** What only waiting can give, so far: fetched files by their path, plugins by their name and the page's folder, what is wrong with functions in WGSL, and what reads YAML. */
interface Found {
  readonly packages: Map<string, FileFacts>
  readonly plugins: Map<string, PluginOrProblem>
  readonly natives: Map<string, NativeProblem | undefined>
  yaml: YamlReader | undefined
}

/** What a check asked for and was not there. */
interface Wanted {
  readonly packages: Set<string>
  readonly plugins: Map<string, { readonly name: string; readonly from: string }>
  readonly natives: Map<string, Native>
  yaml: boolean
}

function worldOf(options: LoadOptions, { packages, plugins, natives, yaml }: Found, wanted: Wanted): World {
  const index = new FileIndex(cacheFolder(), { tell: warn })
  return {
    prelude: preludeSources(),
    set: options.set,
    memory: options.memory,
    parse: (source) => {
      if (yaml !== undefined || !isYaml(source.name)) return (yaml?.parsePage ?? parse)(source)
      wanted.yaml = true
      return parse({ name: source.name, text: '' })
    },
    read: (path, from) => (path.endsWith('.smdm') || isYaml(path) ? usedFile(path, from) : usedLibrary(path)),
    plugin: (name, from) => {
      const id = `${dirname(resolve(from))}\n${name}`
      const known = plugins.get(id)
      if (known === undefined) wanted.plugins.set(id, { name, from })
      return known ?? { problem: 'it is being loaded' }
    },
    native: (native) => {
      const key = nativeKey(native)
      if (!natives.has(key)) wanted.natives.set(key, native)
      return natives.get(key)
    },
    files: (path, from, query) => {
      if (!path.startsWith('npm:')) return index.facts(path, dirname(resolve(from.name)), query)
      const known = packages.get(path)
      if (known !== undefined) return known
      wanted.packages.add(path)
      return { path, found: false, reason: 'offline' }
    },
  }
}

function usedFile(path: string, from: string): ReturnType<World['read']> {
  const full = resolve(dirname(from), path)
  try {
    return { name: relative(process.cwd(), full), text: readFinite(full).toString() }
  } catch (error) {
    const [problem, near] = [reasonOf(error), neighbour(full)]
    return { problem, ...(problem === missing && near !== undefined && { near: relative(dirname(resolve(from)), near) }) }
  }
}

function usedLibrary(name: string): ReturnType<World['read']> {
  return librarySources(name) ?? { problem: 'there is no such library', near: nearest(name, libraryNames()) }
}

async function fetched(path: string): Promise<FileFacts> {
  try {
    const local = await npmFile(parseNpmPath(path)!, cacheFolder())
    const facts = new FileIndex(cacheFolder()).facts(local, '/')
    // The name stays that of the package, so that the key and the job do not depend on where the cache is.
    return { ...facts, path }
  } catch (error) {
    if (error instanceof Failure) return { path, found: false, reason: 'offline' }
    throw error
  }
}
