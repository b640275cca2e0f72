// Facts of the files that a page names: size and SHA-256 of the content, remembered by path, size and time of change.
import { createHash } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { FileFacts } from '../compiler/facts.ts'
import { nearest } from '../grammar/suggest.ts'

/** Looks files up; the hashes of large files survive in `cache`. */
export class FileIndex {
  readonly #cache: string
  readonly #known = new Map<string, FileFacts>()

  constructor(cache: string) {
    this.#cache = cache
  }

  /** Facts of `path`, relative to the folder `from`. */
  facts(path: string, from: string): FileFacts {
    const full = resolve(from, path)
    const known = this.#known.get(full)
    if (known !== undefined) return known
    const found = this.#look(full)
    this.#known.set(full, found)
    return found
  }

  #look(path: string): FileFacts {
    try {
      const stat = statSync(path)
      if (stat.isDirectory()) return { path, found: false, reason: 'directory' }
      return { path, found: true, bytes: stat.size, sha256: this.#hash(path, `${path} ${stat.size} ${stat.mtimeMs}`) }
    } catch (error) {
      const missing = error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
      return missing ? { path, found: false, reason: 'missing', near: neighbour(path) } : { path, found: false, reason: 'unreadable' }
    }
  }

  #hash(path: string, identity: string): string {
    const memo = join(this.#cache, 'hashes', createHash('sha256').update(identity).digest('hex'))
    try {
      return readFileSync(memo, 'utf8')
    } catch {
      const hash = hashFile(path)
      remember(memo, hash)
      return hash
    }
  }
}

/** Keeps a hash; a cache that cannot be written costs time, nothing else. */
function remember(memo: string, hash: string): void {
  try {
    mkdirSync(dirname(memo), { recursive: true })
    const written = `${memo}.${process.pid}`
    writeFileSync(written, hash)
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

/** The file of that folder whose name is most alike. */
export function neighbour(path: string): string | undefined {
  try {
    const near = nearest(basename(path), readdirSync(dirname(path)))
    return near === undefined ? undefined : join(dirname(path), near)
  } catch {
    return undefined
  }
}
