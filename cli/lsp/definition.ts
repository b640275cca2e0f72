// The word under the cursor → where it is declared. A used file leads to its first line, a case of a family to that case.
import { dirname, resolve } from 'node:path'
import type { Location } from 'vscode-languageserver/node'
import type { SourceFile, Span } from '../../grammar/source.ts'
import { caseText } from '../../compiler/check/record.ts'
import { locationOf } from './places.ts'
import type { Project } from './project.ts'
import { namedAt, siteAt } from './sites.ts'

export function definition(project: Project, page: SourceFile, offset: number): Location | undefined {
  const site = siteAt(project.sites(page), offset)
  if (site?.is === 'text' && site.use) return top(project.sources.at(resolve(dirname(page.name), site.expr.value)))
  const named = namedAt(site)
  if (named === undefined || site === undefined) return undefined
  const { binding } = named
  if (binding?.kind === 'use' && site.span.start === named.at.start && site.span.source === named.at.source) {
    return top(binding.names.module.source)
  }
  if (binding?.kind === 'family') {
    const [, key] = /^\(\s*([^()]*?)\s*\)/.exec(page.text.slice(site.span.end)) ?? []
    const chosen = binding.cases.find((noun) => caseText(noun) === key)
    if (chosen) return locationOf(chosen.name.span)
  }
  return locationOf(named.at)
}

function top(source: SourceFile | undefined): Location | undefined {
  return source && locationOf({ source, start: 0, end: 0 } satisfies Span)
}
