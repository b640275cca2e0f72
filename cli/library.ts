// The sources that ship with smdmc: the prelude, and the libraries that `use NAME` finds.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { check } from '../compiler/check/check.ts'
import type { Scope } from '../compiler/elaborate/code.ts'
import { once } from '../compiler/once.ts'
import type { SourceFile } from '../grammar/source.ts'
import { home } from './home.ts'

const root = join(home, 'pipelines')

/** The files of a library, named as messages show them: `std/attention.smdm`. Undefined when there is no such library. */
export function librarySources(name: string): readonly SourceFile[] | undefined {
  if (!folders().includes(name)) return undefined
  const files = readdirSync(join(root, name)).filter((f) => f.endsWith('.smdm'))
  return files.sort().map((f) => ({ name: `${name}/${f}`, text: readFileSync(join(root, name, f), 'utf8') }))
}

/** What every page sees. */
export function preludeSources(): readonly SourceFile[] {
  return librarySources('std') ?? []
}

/** Names that `use` knows. */
export function libraryNames(): readonly string[] {
  return folders().filter((name) => name !== 'std')
}

const folders = once(() => readdirSync(root, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? [e.name] : [])))

/** The ops and blocks of the prelude, without a page. */
export function preludeScope(): Scope {
  const nothing = { problem: 'there is no page' }
  const files = (path: string) => ({ path, found: false, reason: 'missing' }) as const
  return check({ name: 'prelude', text: '' }, { prelude: preludeSources(), set: {}, read: () => nothing, files }).prelude
}
