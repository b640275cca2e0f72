// What an expression may be: words and makers of its field, declared names of the right kind, also from used files; in the
// body of an op or block all names that formulas know.
import { CompletionItemKind, InsertTextFormat, type CompletionItem } from 'vscode-languageserver/node'
import { lookup, visible, type Binding, type Names } from '../../compiler/check/names.ts'
import { BUILTINS } from '../../compiler/elaborate/builtin.ts'
import { KINDS, type FieldType, type KindName, type PartName } from '../../compiler/spec/kinds.ts'
import type { Look } from './completion.ts'
import { namedBy, type Named, type NamedKind } from './named.ts'
import type { Place } from './sites.ts'

/** Values of a field; where nothing is known of the place, all names. */
export function valueItems(place: Place, look: Look): readonly CompletionItem[] {
  const { type, cases, names } = place
  if (cases) return [...cases.map((c) => item(c, CompletionItemKind.EnumMember, 'a case')), ...constants(names)]
  const axes = [...place.locals.values()].map(namedItem)
  return [...axes, ...(type ? ofType(type, names, look) : [...makers(look), ...declaredNames(names, () => true)])]
}

function ofType(type: FieldType, names: Names, look: Look): readonly CompletionItem[] {
  switch (type.is) {
    case 'word':
      return type.words.map((w) => item(w, CompletionItemKind.EnumMember, type.later?.includes(w) ? 'not available yet' : undefined))
    case 'truth':
      return ['true', 'false'].map((w) => item(w, CompletionItemKind.Keyword))
    case 'record':
      return [...makersOf(type.kind, look), ...declaredNames(names, (b) => makes(b, type.kind))]
    case 'stage':
      return declaredNames(names, (b) => b.kind === 'noun' && (type.kinds as readonly string[]).includes(b.decl.noun.name))
    case 'run':
      return declaredNames(names, (b) => b.kind === 'noun' && stages.includes(b.decl.noun.name))
    case 'op':
      return declaredNames(names, (b) => b.kind === 'op' && takesSo(b, type.arguments))
    case 'code':
      return declaredNames(names, (b) => b.kind === 'op' || b.kind === 'block')
    case 'list':
      return ofType(type.of, names, look)
    case 'either':
      return type.of.flatMap((t) => ofType(t, names, look))
    case 'quantity':
    case 'text':
      return constants(names)
    case 'axes':
      return []
    default:
      return type satisfies never
  }
}

/** Names behind the dot of a used file. */
export function memberItems(of: Names): readonly CompletionItem[] {
  return [...of.own.values()].filter((b) => b.kind !== 'use').map((b) => namedItem(namedBy(b)))
}

/** Names in a body: its own first. */
export function bodyItems({ locals, dims, names }: Place): readonly CompletionItem[] {
  const own = [...locals.values(), ...(dims?.values() ?? [])].filter((named, i, all) => all.findIndex((n) => n.name === named.name) === i)
  const code = declaredNames(names, (b) => b.kind !== 'noun' && b.kind !== 'family')
  const words = ['let', 'param', 'weight', 'repeat', 'return', 'if', 'then', 'else'].map((w) => item(w, CompletionItemKind.Keyword))
  return [...own.map(namedItem), ...code, ...BUILTINS.map((b) => item(b, CompletionItemKind.Function, 'built in')), ...words]
}

const stages = Object.entries(KINDS).flatMap(([kind, { stage }]) => (stage ? [kind] : []))

/** Declarations of this file, of the prelude, and behind the names of used files: `smdm.preset`. */
function declaredNames(names: Names, fits: (binding: Binding) => boolean): readonly CompletionItem[] {
  return visible(names).flatMap((name) => {
    const binding = lookup(names, name)
    if (binding === undefined) return []
    if (binding.kind !== 'use') return fits(binding) ? [namedItem(namedBy(binding))] : []
    const behind = [...binding.names.own.values()].filter((b) => b.kind !== 'use' && fits(b))
    return behind.map((b) => namedItem({ ...namedBy(b), name: `${name}.${namedBy(b).name}` }))
  })
}

const constants = (names: Names): readonly CompletionItem[] => declaredNames(names, (b) => b.kind === 'let' || b.kind === 'param')

/** Whether a declaration is a record of this kind, or may hold one. */
function makes(binding: Binding, kind: KindName | PartName): boolean {
  switch (binding.kind) {
    case 'noun':
      return binding.decl.noun.name === kind
    case 'family':
      return binding.cases[0]!.noun.name === kind
    case 'block':
      return kind === 'model' && (binding.decl.result.dims ?? []).some((d) => d.name === 'vocab')
    case 'let':
    case 'param':
    case 'op':
    case 'use':
      return false
    default:
      return binding satisfies never
  }
}

function takesSo({ decl }: Binding & { readonly kind: 'op' }, count: number): boolean {
  const least = decl.formals.filter((f) => f.value === undefined).length
  return decl.dims.length === 0 && least <= count && count <= decl.formals.length
}

const makers = (look: Look): readonly CompletionItem[] => (Object.keys(KINDS) as (KindName | PartName)[]).flatMap((k) => makersOf(k, look))

function makersOf(kind: KindName | PartName, { snippets }: Look): readonly CompletionItem[] {
  return Object.entries(KINDS[kind].makers).map(([name, { doc, argument, later }]) => ({
    ...item(name, CompletionItemKind.Constructor, kind),
    documentation: later ? `${doc}\nNot available yet.` : doc,
    sortText: `${later ? 2 : 1}${name}`,
    ...(argument !== undefined && snippets && { insertText: `${name}("\${1}")`, insertTextFormat: InsertTextFormat.Snippet }),
  }))
}

const KINDS_OF_ITEMS: Readonly<Record<NamedKind, CompletionItemKind>> = {
  use: CompletionItemKind.Module,
  let: CompletionItemKind.Constant,
  param: CompletionItemKind.Property,
  noun: CompletionItemKind.Class,
  op: CompletionItemKind.Function,
  block: CompletionItemKind.Struct,
  weight: CompletionItemKind.Variable,
  argument: CompletionItemKind.Variable,
  variable: CompletionItemKind.Variable,
  dimension: CompletionItemKind.TypeParameter,
  axis: CompletionItemKind.Variable,
}

export function namedItem({ kind, name, doc, binding }: Named): CompletionItem {
  const what = binding?.kind === 'noun' ? binding.decl.noun.name : binding?.kind === 'family' ? binding.cases[0]!.noun.name : kind
  return { ...item(name, KINDS_OF_ITEMS[kind], what), ...(doc !== undefined && { documentation: doc }) }
}

function item(label: string, kind: CompletionItemKind, detail?: string): CompletionItem {
  return { label, kind, ...(detail !== undefined && { detail }) }
}
