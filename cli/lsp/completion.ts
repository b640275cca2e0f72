// A place in a half-written page → what may be written there.
import type { CompletionItem } from 'vscode-languageserver/node'
import type { SourceFile, Span } from '../../grammar/source.ts'
import { fieldItems } from './completion-fields.ts'
import { pathItems } from './completion-paths.ts'
import { bodyItems, memberItems, valueItems } from './completion-values.ts'
import { declarationItems, dimensionItems, libraryItems, unitItems } from './completion-words.ts'
import { inComment, numberBefore, siteOfWord, wordAround } from './cursor.ts'
import { rangeOf } from './places.ts'
import type { Project } from './project.ts'
import type { Site } from './sites.ts'

/** What may stand at an offset. Each item says which letters it replaces. `snippets`: the editor fills in places, `${1:256} sequences`. */
export function completion(project: Project, page: SourceFile, offset: number, snippets: boolean): readonly CompletionItem[] {
  const { text } = page
  const { sources } = project
  const quoted = project.sites(page).find((s) => s.is === 'text' && s.span.start < offset && offset <= insideEnd(s.expr.span))
  if (quoted?.is === 'text') return pathItems(page, quoted, offset)
  if (inComment(text, offset)) return []
  const word = wordAround(text, offset)
  const number = numberBefore(text, offset)
  const amount = number && siteOfWord(sources, page, number.start, word.end)
  if (number && amount?.is === 'name') return placed(page, unitItems(amount.place.type), { start: number.unit, end: word.end })
  if (/(^|\n)use[ \t]+(\w+:[ \t]*)?$/.test(text.slice(0, word.start))) return placed(page, libraryItems(), word)
  const site = siteOfWord(sources, page, word.start, word.end)
  return site ? placed(page, itemsAt(site, snippets, text.slice(word.end)), word) : []
}

/** `behind`: what follows the word, which may have its colon already. */
function itemsAt(site: Site, snippets: boolean, behind: string): readonly CompletionItem[] {
  switch (site.is) {
    case 'field':
      return fieldItems(site, snippets, behind)
    case 'kind':
      return declarationItems(site.custom)
    case 'name':
      return site.place.dims ? bodyItems(site.place) : valueItems(site.place, snippets)
    case 'member':
      return memberItems(site.of, site.place)
    case 'dimension':
      return dimensionItems(site.place)
    case 'number':
    case 'text':
      return []
    default:
      return site satisfies never
  }
}

function placed(
  page: SourceFile,
  items: readonly CompletionItem[],
  word: { readonly start: number; readonly end: number },
): readonly CompletionItem[] {
  const range = rangeOf({ source: page, ...word })
  return items.map(({ insertText, ...item }) => ({ ...item, textEdit: { range, newText: insertText ?? item.label } }))
}

/** Where the inside of a text ends, whether it is closed yet or not. */
function insideEnd({ source, start, end }: Span): number {
  return end - start > 1 && source.text[end - 1] === '"' ? end - 1 : end
}
