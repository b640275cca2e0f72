// Open buffers, files on disk and the libraries → sources, each parsed once for each text, and the World that checking asks.
// A file is called by its full path, so that one file is one source whichever page uses it. An open buffer hides the file.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { World } from '../../compiler/check/check.ts'
import type { FileFacts } from '../../compiler/facts.ts'
import { parse, type Parsed } from '../../grammar/parse.ts'
import type { SourceFile } from '../../grammar/source.ts'
import { nearest } from '../../grammar/suggest.ts'
import { neighbour } from '../files.ts'
import { libraryNames, librarySources, preludeSources } from '../library.ts'

/** Where a file of a package is kept, if it has been fetched: `npm:NAME@VERSION/path` → a path. */
export type Fetched = (path: string) => string | undefined

export class Sources {
  readonly #fetched: Fetched
  readonly #open = new Map<string, SourceFile>()
  readonly #disk = new Map<string, SourceFile>()
  readonly #libraries = new Map<string, readonly SourceFile[] | undefined>()
  readonly #parsed = new WeakMap<SourceFile, Parsed>()
  readonly prelude: readonly SourceFile[] = preludeSources()

  constructor(fetched: Fetched) {
    this.#fetched = fetched
  }

  /** The paths of open buffers. */
  get open(): readonly string[] {
    return [...this.#open.keys()]
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
    const parsed = parse(source)
    this.#parsed.set(source, parsed)
    return parsed
  }

  /** What a check may ask. Data files are looked at, never read. */
  readonly world: World = {
    prelude: this.prelude,
    set: {},
    parse: this.parse,
    read: (path, from) => {
      if (path.endsWith('.smdm')) return this.at(resolve(dirname(from), path)) ?? { problem: 'missing' }
      return this.#library(path) ?? { problem: 'missing', near: nearest(path, libraryNames()) }
    },
    files: (path, from) => this.#facts(path, dirname(from.name)),
  }

  #library(name: string): readonly SourceFile[] | undefined {
    if (!this.#libraries.has(name)) this.#libraries.set(name, name === 'std' ? this.prelude : librarySources(name))
    return this.#libraries.get(name)
  }

  #ofLibrary(name: string): SourceFile | undefined {
    return isLibrary(name) ? this.#library(dirname(name))?.find((s) => s.name === name) : undefined
  }

  /** The hash is left out: keys are not shown in an editor, and hashing a large file takes long. */
  #facts(path: string, folder: string): FileFacts {
    const full = path.startsWith('npm:') ? this.#fetched(path) : resolve(folder, path)
    if (full === undefined) return { path, found: false, reason: 'offline' }
    const stat = statSync(full, { throwIfNoEntry: false })
    if (stat === undefined) {
      const near = neighbour(full)
      return { path, found: false, reason: 'missing', near: near && join(dirname(path), near.slice(dirname(full).length + 1)) }
    }
    if (stat.isDirectory()) return { path, found: false, reason: 'directory' }
    return { path, found: true, bytes: stat.size, sha256: '' }
  }
}

/** Whether a source of this name ships with smdmc. */
export function isLibrary(name: string): boolean {
  return /^\w+\/[\w-]+\.smdm$/.test(name)
}

/** The pages in a folder and below, at most `most`; what is hidden and what packages bring is left out. */
export function pagesIn(folder: string, most = 1000): readonly string[] {
  const found: string[] = []
  const folders = [folder]
  for (let at = folders.shift(); at !== undefined && found.length < most; at = folders.shift()) {
    for (const entry of listing(at)) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
      if (entry.folder) folders.push(join(at, entry.name))
      else if (entry.name.endsWith('.smdm')) found.push(join(at, entry.name))
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
