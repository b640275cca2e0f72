// Folders made as they are needed.
import { mkdirSync, statSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a folder, if need be in folders that are made for it, all with `mode`. Fails as the operating system does: Node's own recursion
 * never ends where none can be made, as in /proc.
 */
export function makeFolder(path: string, mode = 0o777): void {
  const there = found(path)
  if (there?.isDirectory()) return
  if (!there && dirname(path) !== path) makeFolder(dirname(path), mode)
  try {
    mkdirSync(path, { mode })
  } catch (error) {
    // Another process may have made it meanwhile.
    if (found(path)?.isDirectory() !== true) throw error
  }
}

function found(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}
