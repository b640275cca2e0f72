// Facts of the files that a page names: size, SHA-256 and content, remembered by path, size and time of change. A hash takes as long as
// to read the file, and is found when it is asked for.
import { createHash } from 'node:crypto'
import {
  accessSync,
  closeSync,
  constants,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
  type Stats as NodeStats,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { FileFacts, FileQuery, FoundFile } from '../compiler/facts.ts'
import { once } from '../compiler/once.ts'
import { bytes } from '../compiler/report/numbers.ts'
import { nearest } from '../grammar/suggest.ts'
import { makeFolder } from '../runtime/folder.ts'
import { contentOf, packedFiles, packedTokens } from './file-facts.ts'

/** Bytes that take longer to read than a user waits without a word. */
const long = 2 ** 30

/** Looks files up; what took reading a large file survives in `cache`. */
export class FileIndex {
  readonly #cache: string
  readonly #most: number
  readonly #tell: (text: string) => void
  readonly #known = new Map<string, FileFacts>()

  /**
   * Files of more than `most` bytes have the hash that is in the cache, or an empty one: for callers who cannot wait. `tell`: hears why
   * it takes long.
   */
  constructor(cache: string, { most = Infinity, tell = () => undefined }: { most?: number; tell?: (text: string) => void } = {}) {
    this.#cache = cache
    this.#most = most
    this.#tell = tell
  }

  /** Facts of `path`, relative to the folder `from`. */
  facts(path: string, from: string, query?: FileQuery): FileFacts {
    const full = resolve(from, path)
    const id = `${full}\n${JSON.stringify(query ?? null)}`
    const known = this.#known.get(id)
    if (known !== undefined) return known
    const found = this.#look(full, path, query)
    this.#known.set(id, found)
    return found
  }

  /** `written`: the path as the page has it, for advice. */
  #look(path: string, written: string, query: FileQuery | undefined): FileFacts {
    try {
      const stat = statSync(path)
      if (query?.as === 'packed')
        return stat.isDirectory() ? this.#packed(path, query.glob) : { path, found: false, reason: 'not-a-directory' }
      if (stat.isDirectory()) return { path, found: false, reason: 'directory' }
      if (!stat.isFile()) return { path, found: false, reason: 'stream' }
      const content = query && this.#remembered(`${identityOf(path, stat)} ${JSON.stringify(query)}`, () => contentOf(path, query))
      accessSync(path, constants.R_OK)
      return hashed({ path, found: true, bytes: stat.size, ...content }, () => this.#hash(path, stat))
    } catch (error) {
      const missing = error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
      return missing ? { path, found: false, reason: 'missing', near: nearTo(path, written) } : { path, found: false, reason: 'unreadable' }
    }
  }

  /** A folder as one: its files' tokens in all, and the hash of their names and hashes. */
  #packed(folder: string, glob: string): FileFacts {
    const names = packedFiles(folder, glob)
    if (names.length === 0) return { path: folder, found: false, reason: 'no-match', near: nearest(glob, readdirSync(folder)) }
    const files: { readonly path: string; readonly stat: Stats }[] = []
    let [tokens, size] = [0, 0]
    for (const name of names) {
      const path = join(folder, name)
      const packed = packedTokens(path)
      const stat = statSync(path)
      if ('problem' in packed)
        return { path: folder, found: true, bytes: size, sha256: '', unfit: { problem: `${name}: ${packed.problem}` } }
      files.push({ path, stat })
      tokens += packed.tokens
      size += stat.size
    }
    return hashed({ path: folder, found: true, bytes: size, tokens }, () => {
      const hashes = files.map(({ path, stat }) => this.#hash(path, stat))
      return hashes.includes('') ? '' : hashText(names.map((name, i) => `${name} ${hashes[i]}\n`).join(''))
    })
  }

  #hash(path: string, stat: Stats): string {
    const identity = identityOf(path, stat)
    if (stat.size > this.#most) return this.#memo<string>(identity) ?? ''
    return this.#remembered(identity, () => {
      if (stat.size > long) this.#tell(`reading ${path}, ${bytes(stat.size)}, once, to know it again`)
      return hashFile(path)
    })
  }

  #remembered<T>(identity: string, find: () => T): T {
    const known = this.#memo<T>(identity)
    if (known !== undefined) return known
    const found = find()
    remember(this.#memoOf(identity), JSON.stringify(found))
    return found
  }

  #memo<T>(identity: string): T | undefined {
    try {
      return JSON.parse(readFileSync(this.#memoOf(identity), 'utf8')) as T
    } catch {
      return undefined
    }
  }

  #memoOf(identity: string): string {
    return join(this.#cache, 'facts', hashText(identity))
  }
}

function hashed(facts: Omit<FoundFile, 'sha256'>, find: () => string): FoundFile {
  return Object.defineProperty(facts, 'sha256', { get: once(find), enumerable: true }) as FoundFile
}

type Stats = Pick<NodeStats, 'size' | 'mtimeMs'>

function identityOf(path: string, { size, mtimeMs }: Stats): string {
  return `${path} ${size} ${mtimeMs}`
}

function hashText(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** The neighbour of a file, as the page would write it. */
function nearTo(path: string, written: string): string | undefined {
  const near = neighbour(path)
  return near && join(dirname(written), basename(near))
}

/** Keeps what was found; a cache that cannot be written costs time, nothing else. */
function remember(memo: string, found: string): void {
  try {
    makeFolder(dirname(memo))
    const written = `${memo}.${process.pid}`
    writeFileSync(written, found)
    renameSync(written, memo)
  } catch {
    return
  }
}

function hashFile(path: string): string {
  const hash = createHash('sha256')
  const file = openSync(path, 'r')
  try {
    const chunk = Buffer.allocUnsafe(1 << 20)
    for (let n = readSync(file, chunk); n > 0; n = readSync(file, chunk)) hash.update(chunk.subarray(0, n))
    return hash.digest('hex')
  } finally {
    closeSync(file)
  }
}

/** Reads a file or a pipe; not a device, which may never end. */
export function readFinite(path: string): Buffer {
  const stat = statSync(path)
  if (stat.isCharacterDevice() || stat.isBlockDevice()) throw new Error('it is a device')
  return readFileSync(path)
}

/** The file of that folder whose name is most alike. */
export function neighbour(path: string): string | undefined {
  try {
    const near = nearest(basename(path), readdirSync(dirname(path)))
    return near === undefined ? undefined : join(dirname(path), near)
  } catch {
    return undefined
  }
}
