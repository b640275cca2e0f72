// The word under the cursor → all places that mean the same thing, in open pages, in those they use, and in the pages of the
// workspace. What the library declares keeps its name, and so does what callers and callees know each other's values by.
import { ErrorCodes, ResponseError, type Location, type Range, type TextEdit, type WorkspaceEdit } from 'vscode-languageserver/node'
import type { SourceFile, Span } from '../../grammar/source.ts'
import { reserved } from '../../grammar/words.ts'
import { BUILTINS } from '../../compiler/elaborate/builtin.ts'
import { same, type Named } from './named.ts'
import { locationOf, rangeOf, uriOf } from './places.ts'
import type { Project } from './project.ts'
import { namedAt, siteAt, type Site } from './sites.ts'
import { isLibrary } from './sources.ts'

/** Every place, the declaration among them. `pages`: paths that may mention it. */
export function references(project: Project, page: SourceFile, offset: number, pages: readonly string[]): readonly Location[] {
  const named = namedAt(siteAt(project.sites(page), offset))
  return named === undefined ? [] : mentions(project, named, pages).map(locationOf)
}

/** The word that would be renamed. Fails with the reason where it cannot be. */
export function renamable(project: Project, page: SourceFile, offset: number): Range {
  return rangeOf(wordOf(project, page, offset).site.span)
}

export function rename(project: Project, page: SourceFile, offset: number, name: string, pages: readonly string[]): WorkspaceEdit {
  const { named } = wordOf(project, page, offset)
  if (!/^[A-Za-z]\w*$/.test(name)) throw refusal(`\`${name}\` is not a name: write letters, digits and _, a letter first`)
  if ((reserved as readonly string[]).includes(name)) throw refusal(`\`${name}\` is a reserved word`)
  if (BUILTINS.includes(name)) throw refusal(`\`${name}\` is built in`)
  const changes: Record<string, TextEdit[]> = {}
  for (const span of mentions(project, named, pages)) {
    const edits = (changes[uriOf(span.source.name)] ??= [])
    edits.push({ range: rangeOf(span), newText: name })
  }
  return { changes }
}

function wordOf(project: Project, page: SourceFile, offset: number): { readonly site: Site; readonly named: Named } {
  const site = siteAt(project.sites(page), offset)
  const named = namedAt(site)
  if (site === undefined || named === undefined) throw refusal('nothing here can be renamed')
  if (isLibrary(named.at.source.name)) throw refusal(`\`${named.name}\` belongs to the library ${named.at.source.name}`)
  if (named.kind === 'use' && named.binding?.kind === 'use' && named.binding.decl.alias === undefined) {
    throw refusal(`\`${named.name}\` is the name of a library; give it another here with \`use ${named.name} as …\``)
  }
  if (named.inherited === true) throw refusal(`\`${named.name}\` takes the value of its caller by this name, so both must keep it`)
  return { site, named }
}

function refusal(message: string): ResponseError {
  return new ResponseError(ErrorCodes.InvalidRequest, message)
}

function mentions(project: Project, named: Named, pages: readonly string[]): readonly Span[] {
  const all = new Set([named.at.source.name, ...project.sources.open, ...pages])
  return [...all].flatMap((path) => {
    const source = isLibrary(path) ? undefined : project.sources.at(path)
    if (source === undefined || !source.text.includes(named.name)) return []
    const found = new Map<number, Span>()
    for (const site of project.sites(source)) {
      const other = namedAt(site)
      if (other !== undefined && same(other, named) && site.span.source === source) found.set(site.span.start, site.span)
    }
    return [...found.values()]
  })
}
