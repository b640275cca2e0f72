// The word under the cursor → all places that mean the same thing, in open pages, in those they use, and in the pages of the
// workspace. What the library declares keeps its name, and so does what callers and callees know each other's values by.
import { ErrorCodes, ResponseError, type Location, type Range, type TextEdit, type WorkspaceEdit } from 'vscode-languageserver/node'
import type { BlockDecl } from '../../grammar/ast.ts'
import type { SourceFile, Span } from '../../grammar/source.ts'
import { reserved } from '../../grammar/words.ts'
import type { Names } from '../../compiler/check/names.ts'
import { BUILTINS } from '../../compiler/elaborate/builtin.ts'
import { same, type Named } from './named.ts'
import { locationOf, rangeOf, uriOf } from './places.ts'
import { envOf, type Project } from './project.ts'
import { codeSites } from './sites-code.ts'
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
  if (isTaken(project, named, name)) throw refusal(`there is a \`${name}\` already`)
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
  const block = named.kind === 'param' || named.kind === 'let' ? named.within : undefined
  const names = envOf(named.at.source, project.sources).names
  const heir = block?.kind === 'block' ? heirOf(block, named.name, names) : undefined
  if (heir !== undefined) throw refusal(`\`${named.name}\` is inherited by \`${heir}\` through its name, so both must keep it`)
  return { site, named }
}

/** A block, called from this one however far down, that takes its caller's value of this name. */
function heirOf(block: BlockDecl, name: string, names: Names): string | undefined {
  const seen = new Set<BlockDecl>()
  const search = (decl: BlockDecl, home: Names): string | undefined => {
    if (seen.has(decl)) return undefined
    seen.add(decl)
    for (const site of codeSites(decl, home)) {
      const binding = namedAt(site)?.binding
      if (binding?.kind !== 'block' || binding.decl === decl) continue
      const inherits = binding.decl.body.statements.some((s) => s.kind === 'param' && s.name.name === name && s.value === undefined)
      const found = inherits ? binding.decl.name.name : search(binding.decl, binding.home)
      if (found !== undefined) return found
    }
    return undefined
  }
  return search(block, names)
}

/** Whether a name stands for something else where `named` is known. */
function isTaken(project: Project, { within, at, kind }: Named, name: string): boolean {
  const { names } = envOf(at.source, project.sources)
  if (within === undefined) return kind !== 'axis' && names.own.has(name)
  return codeSites(within, names).some((site) => 'name' in site && site.name === name)
}

function refusal(message: string): ResponseError {
  return new ResponseError(ErrorCodes.InvalidRequest, message)
}

function mentions(project: Project, named: Named, pages: readonly string[]): readonly Span[] {
  const all = new Set([named.at.source.name, ...project.sources.open, ...pages])
  return [...all].flatMap((path) => {
    const source = isLibrary(path) ? undefined : project.sources.at(path)
    if (source === undefined || !source.text.includes(named.name) || !mayKnow(source, named)) return []
    const found = new Map<number, Span>()
    for (const site of project.sites(source)) {
      const other = namedAt(site)
      if (other !== undefined && same(other, named) && site.span.source === source) found.set(site.span.start, site.span)
    }
    return [...found.values()]
  })
}

/** What another file declares is known through a `use` alone. Of many a file in YAML or JSON this is all that has to be seen. */
function mayKnow(source: SourceFile, { at }: Named): boolean {
  return source.name === at.source.name || /\buse\b/.test(source.text)
}
