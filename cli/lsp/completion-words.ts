// Words that need no names: what a declaration begins with, libraries, units behind a number, dimensions in brackets.
import { CompletionItemKind, type CompletionItem } from 'vscode-languageserver/node'
import type { CustomKind } from '../../compiler/check/pipeline.ts'
import { reserved, units } from '../../grammar/words.ts'
import { KIND_NAMES, KINDS, type FieldType } from '../../compiler/spec/kinds.ts'
import { libraryNames } from '../library.ts'
import { namedItem } from './completion-values.ts'
import type { Place } from './sites.ts'

/** Words with which the parts of a file begin, those of its plugins too. */
export function declarationItems(custom: ReadonlyMap<string, CustomKind>): readonly CompletionItem[] {
  const docs = [
    ...KIND_NAMES.map((name) => [name, KINDS[name].doc] as const),
    ...[...custom].map(([name, { kind }]) => [name, kind.doc] as const),
  ]
  const kinds = docs.map(([label, documentation]) => ({ label, kind: CompletionItemKind.Class, documentation }))
  const words = reserved.filter((w) => ['use', 'let', 'param', 'op', 'block'].includes(w))
  return [...kinds, ...words.map((label) => ({ label, kind: CompletionItemKind.Keyword }))]
}

export function libraryItems(): readonly CompletionItem[] {
  return libraryNames().map((label) => ({ label, kind: CompletionItemKind.Module }))
}

/** The units that a field measures in; all, where the field is not known. */
export function unitItems(type: FieldType | undefined): readonly CompletionItem[] {
  const known = unitsOf(type)
  return units.filter((u) => known === undefined || known.includes(u)).map((label) => ({ label, kind: CompletionItemKind.Unit }))
}

function unitsOf(type: FieldType | undefined): readonly string[] | undefined {
  if (type === undefined) return undefined
  if (type.is === 'either') return type.of.flatMap((t) => unitsOf(t) ?? [])
  return type.is === 'quantity' ? type.units.filter((u) => !type.later?.includes(u)) : []
}

/** The dimensions of this op or block, and the words that the library uses. */
export function dimensionItems({ dims, locals }: Place): readonly CompletionItem[] {
  const sizes = [...locals.values()].filter((n) => n.kind === 'let' || n.kind === 'param')
  const own = [...(dims?.values() ?? []), ...sizes].filter((n, i, all) => all.findIndex((m) => m.name === n.name) === i)
  const common = COMMON.filter((name) => !own.some((n) => n.name === name))
  const words = common.map((label) => ({ label, kind: CompletionItemKind.TypeParameter, sortText: `z${label}` }))
  return [...own.map(namedItem), ...words].filter((i) => i.label !== 'written__here')
}

/** People's blocks fit together because they agree on these. */
const COMMON = ['batch', 'time', 'width', 'heads', 'head', 'hidden', 'vocab', 'symbols', 'layers', 'context']
