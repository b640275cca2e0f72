// Inside quotes that name a file → what is in that folder. `use` takes pages; other fields take anything.
import { dirname, resolve } from 'node:path'
import { CompletionItemKind, type CompletionItem } from 'vscode-languageserver/node'
import type { SourceFile } from '../../grammar/source.ts'
import { rangeOf } from './places.ts'
import type { Site } from './sites.ts'
import { isPage, listing } from './sources.ts'

export function pathItems(page: SourceFile, site: Site & { readonly is: 'text' }, offset: number): readonly CompletionItem[] {
  const { type, use, span } = site
  const isPath = use || type?.is === 'text' || type?.is === 'either'
  if (!isPath || (type?.is === 'text' && type.template)) return []
  const written = page.text.slice(span.start + 1, offset)
  const slash = written.lastIndexOf('/') + 1
  const folder = resolve(dirname(page.name), written.slice(0, slash) || '.')
  const range = rangeOf({ source: page, start: span.start + 1 + slash, end: offset })
  return listing(folder).flatMap(({ name, folder: isFolder }) => {
    if (name.startsWith('.') || (use && !isFolder && !isPage(name))) return []
    const label = isFolder ? `${name}/` : name
    const kind = isFolder ? CompletionItemKind.Folder : CompletionItemKind.File
    return [{ label, kind, textEdit: { range, newText: label } }]
  })
}
