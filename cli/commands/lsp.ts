// smdmc lsp: a language server for editors, over standard input and output.
import { existsSync } from 'node:fs'
import { cacheFolder } from '../../runtime/cache.ts'
import { keptFile, parseNpmPath } from '../../runtime/data/npm.ts'
import { serve } from '../lsp/server.ts'

/** Serves until the editor closes the connection. Packages are looked up where the command line keeps them, never fetched. */
export function lspCommand(): void {
  serve(fetched)
}

function fetched(path: string): string | undefined {
  try {
    const local = keptFile(parseNpmPath(path)!, cacheFolder())
    return existsSync(local) ? local : undefined
  } catch {
    return undefined
  }
}
