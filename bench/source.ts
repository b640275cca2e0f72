// Which smdmc is measured.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

/** The version with the commit, as a bundle carries it; in a repository what git says. */
export function source(): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  return version.includes('+') ? version : `${version}+${commit() ?? 'unknown'}`
}

/** `a83905f`, with `-dirty` behind it where files differ; undefined where there is no repository. */
function commit(): string | undefined {
  try {
    const quiet: Parameters<typeof execFileSync>[2] = { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] }
    return execFileSync('git', ['describe', '--always', '--dirty'], quiet).toString().trim()
  } catch {
    return undefined
  }
}
