// smdmc lsp: a language server for editors, over standard input and output.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseNpmPath } from '../../runtime/data/npm.ts'
import { cacheFolder } from '../load.ts'
import { serve } from '../lsp/server.ts'

/** Serves until the editor closes the connection. Packages are looked up where the command line keeps them, never fetched. */
export function lspCommand(): void {
  serve(fetched)
}

function fetched(path: string): string | undefined {
  try {
    const { name, version, path: inside } = parseNpmPath(path)!
    const local = join(cacheFolder(), 'npm', `${name.replace('/', '+')}@${version}`, 'files', ...inside.split('/'))
    return existsSync(local) ? local : undefined
  } catch {
    return undefined
  }
}
