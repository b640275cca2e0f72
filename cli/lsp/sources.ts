// Open buffers, files on disk and the libraries → sources, each parsed once for each text, and the World that checking asks.
// A file is called by its full path, so that one file is one source whichever page uses it. An open buffer hides the file.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { World } from '../../compiler/check/check.ts'
import type { Native, NativeProblem } from '../../compiler/check/session.ts'
import type { FileFacts, FileQuery } from '../../compiler/facts.ts'
import { isYaml } from '../../compiler/yaml/form.ts'
import { parsePage } from '../../compiler/yaml/read.ts'
import type { Parsed } from '../../grammar/parse.ts'
import type { SourceFile } from '../../grammar/source.ts'
import { nearest } from '../../grammar/suggest.ts'
import { cacheFolder } from '../../runtime/cache.ts'
import { FileIndex } from '../files.ts'
import { libraryNames, librarySources, preludeSources } from '../library.ts'
import { nativeKey, nativeProblem } from '../natives.ts'
import { loadPlugin, pluginFile, type PluginOrProblem } from '../plugins.ts'

/** Where a file of a package is kept, if it has been fetched: `npm:NAME@VERSION/path` → a path. */
export type Fetched = (path: string) => string | undefined

export class Sources {
  readonly #fetched: Fetched
  readonly #open = new Map<string, SourceFile>()
  readonly #disk = new Map<string, SourceFile>()
  readonly #libraries = new Map<string, readonly SourceFile[] | undefined>()
  readonly #parsed = new WeakMap<SourceFile, Parsed>()
  #files = freshIndex()
  readonly #plugins = new Map<string, PluginOrProblem | 'loading'>()
  readonly #natives = new Map<string, NativeProblem | 'asked' | 'sound'>()
  readonly prelude: readonly SourceFile[] = preludeSources()
  /** Hears that something is there that a check has asked for: a plugin, or what is wrong with a function in WGSL. */
  loaded: () => void = () => undefined

  constructor(fetched: Fetched) {
    this.#fetched = fetched
  }

  /** Whether a plugin is still on its way: what checking finds until then is not worth showing. */
  get loading(): boolean {
    return [...this.#plugins.values()].includes('loading')
  }

  /** The paths of open buffers. */
  get open(): readonly string[] {
    return [...this.#open.keys()]
  }

  /** Data files may have changed. */
  look(): void {
    this.#files = freshIndex()
  }

  /** Takes the text of a buffer; undefined when it is closed. */
  set(path: string, text: string | undefined): void {
    if (text === undefined) this.#open.delete(path)
    else this.#open.set(path, { name: path, text })
  }

  /** The source at a path: its buffer, or what is on disk now. */
  at(path: string): SourceFile | undefined {
    const library = this.#ofLibrary(path)
    const known = this.#open.get(path) ?? library
    if (known !== undefined) return known
    try {
      const text = readFileSync(path, 'utf8')
      const before = this.#disk.get(path)
      if (before?.text === text) return before
      const source = { name: path, text }
      this.#disk.set(path, source)
      return source
    } catch {
      return undefined
    }
  }

  readonly parse = (source: SourceFile): Parsed => {
    const known = this.#parsed.get(source)
    if (known !== undefined) return known
    const parsed = parsePage(source)
    this.#parsed.set(source, parsed)
    return parsed
  }

  /** What a check may ask. */
  readonly world: World = {
    prelude: this.prelude,
    set: {},
    parse: this.parse,
    read: (path, from) => {
      if (isPage(path)) return this.at(resolve(dirname(from), path)) ?? { problem: 'missing' }
      return this.#library(path) ?? { problem: 'missing', near: nearest(path, libraryNames()) }
    },
    plugin: (name, from) => this.#plugin(name, from),
    native: (native) => this.#native(native),
    files: (path, from, query) => this.#facts(path, dirname(from.name), query),
  }

  #library(name: string): readonly SourceFile[] | undefined {
    if (!this.#libraries.has(name)) this.#libraries.set(name, name === 'std' ? this.prelude : librarySources(name))
    return this.#libraries.get(name)
  }

  #ofLibrary(name: string): SourceFile | undefined {
    return isLibrary(name) ? this.#library(dirname(name))?.find((s) => s.name === name) : undefined
  }

  /** Loaded again when its file has changed, or is there at last: what was wrong with it must not outlive its cure. */
  #plugin(name: string, from: string): PluginOrProblem {
    const id = `${dirname(from)}\n${name}\n${stampOf(pluginFile(name, from))}`
    const known = this.#plugins.get(id)
    if (known === undefined) {
      this.#plugins.set(id, 'loading')
      void loadPlugin(name, from).then((plugin) => {
        this.#plugins.set(id, plugin)
        this.loaded()
      })
    }
    return known === undefined || known === 'loading' ? { problem: 'it is being loaded' } : known
  }

  #native(native: Native): NativeProblem | undefined {
    const key = nativeKey(native)
    const known = this.#natives.get(key)
    if (known === undefined) {
      this.#natives.set(key, 'asked')
      void nativeProblem(native).then((problem) => {
        this.#natives.set(key, problem ?? 'sound')
        if (problem) this.loaded()
      })
    }
    return typeof known === 'object' ? known : undefined
  }

  #facts(path: string, folder: string, query?: FileQuery): FileFacts {
    const full = path.startsWith('npm:') ? this.#fetched(path) : path
    return full === undefined ? { path, found: false, reason: 'offline' } : this.#files.facts(full, folder, query)
  }
}

/** What tells one state of a file from the next. */
function stampOf(file: string | undefined): string {
  const stat = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false })
  return stat === undefined ? '' : `${stat.mtimeMs} ${stat.size}`
}

/** Bytes of a file that an editor may wait for: about a tenth of a second. Keys of stages on larger data are known once the command line has read it. */
const MOST = 2 ** 26

function freshIndex(): FileIndex {
  return new FileIndex(cacheFolder(), { most: MOST })
}

/** Whether a source of this name ships with smdmc. */
export function isLibrary(name: string): boolean {
  return /^\w+\/[\w-]+\.smdm$/.test(name)
}

/** Whether a file of this name may be a page, in either form. */
export function isPage(name: string): boolean {
  return name.endsWith('.smdm') || isYaml(name)
}

/** The pages in a folder and below, at most `most`; what is hidden and what packages bring is left out. */
export function pagesIn(folder: string, most = 1000): readonly string[] {
  const found: string[] = []
  const folders = [folder]
  for (let at = folders.shift(); at !== undefined && found.length < most; at = folders.shift()) {
    for (const entry of listing(at)) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
      if (entry.folder) folders.push(join(at, entry.name))
      else if (isPage(entry.name)) found.push(join(at, entry.name))
    }
  }
  return found
}

export interface Entry {
  readonly name: string
  readonly folder: boolean
}

/** What is in a folder; nothing where it cannot be read. */
export function listing(folder: string): readonly Entry[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).map((e) => ({ name: e.name, folder: e.isDirectory() }))
  } catch {
    return []
  }
}
