// Files that are there whole or not at all: written under another name, flushed to the disk, renamed into place, and the
// folder flushed too. After a crash at any moment the old content or the new one stands, never half of either.
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeFolder } from '../folder.ts'

/** Replaces `path` by what `write` puts into the handle. Parent folders are made. */
export async function replaceFile(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  makeFolder(dirname(path))
  const temporary = `${path}.${process.pid}.tmp`
  try {
    await writeSynced(temporary, write)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/** Replaces `path` by a text. */
export async function replaceText(path: string, text: string): Promise<void> {
  await replaceFile(path, (file) => file.writeFile(text))
}

/**
 * Makes the folder `path`, which must not exist yet, from what `fill` puts into a temporary folder beside it.
 * `fill` flushes its own files.
 */
export async function placeFolder(path: string, fill: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = join(dirname(path), `tmp-${process.pid}`)
  await rm(temporary, { recursive: true, force: true })
  makeFolder(temporary)
  try {
    await fill(temporary)
    await syncFolder(temporary)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/** Writes a new file and flushes it. */
export async function writeSynced(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, 'w')
  try {
    await write(file)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Makes renames in a folder last. Windows cannot open folders and needs no such flush. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
