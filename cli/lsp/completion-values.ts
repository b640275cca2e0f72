// What an expression may be: words and makers of its field, declared names of the right kind, also from used files; in the
// body of an op or block all names that formulas know.
import { CompletionItemKind, InsertTextFormat, type CompletionItem } from 'vscode-languageserver/node'
import { lookup, visible, type Binding, type Names } from '../../compiler/check/names.ts'
import { BUILTINS } from '../../compiler/elaborate/builtin.ts'
import { isKind, KINDS, type FieldType, type KindName, type PartName } from '../../compiler/spec/kinds.ts'
import { namedBy, type Named, type NamedKind } from './named.ts'
import type { Place } from './sites.ts'

/** Values of a field; where nothing is known of the place, all names. */
export function valueItems(place: Place, snippets: boolean): readonly CompletionItem[] {
  const { type, cases, names } = place
  if (cases) return [...cases.map((c) => item(c, CompletionItemKind.EnumMember, 'a case')), ...constants(names)]
  const axes = [...place.locals.values()].map(namedItem)
  return [...axes, ...(type ? ofType(type, names, snippets) : [...makers(snippets), ...declaredNames(names, () => true)])]
}

function ofType(type: FieldType, names: Names, snippets: boolean): readonly CompletionItem[] {
  const declared = declaredNames(names, (b) => fits(b, type))
  switch (type.is) {
    case 'word':
      return type.words.map((w) => item(w, CompletionItemKind.EnumMember, type.later?.includes(w) ? 'not available yet' : undefined))
    case 'truth':
      return [...['true', 'false'].map((w) => item(w, CompletionItemKind.Keyword)), ...declared]
    case 'record':
      return [...makersOf(type.kind, snippets), ...declared]
    case 'list':
      return ofType(type.of, names, snippets)
    case 'either':
      return type.of.flatMap((t) => ofType(t, names, snippets))
    case 'stage':
    case 'run':
    case 'op':
    case 'code':
    case 'quantity':
    case 'text':
    case 'axes':
      return declared
    default:
      return type satisfies never
  }
}

/** Names behind the dot of a used file: those that the place takes. */
export function memberItems(of: Names, { type, dims }: Place): readonly CompletionItem[] {
  const wanted = (b: Binding): boolean => (type ? fits(b, type) : dims === undefined || !isRecord(b))
  return [...of.own.values()].filter((b) => b.kind !== 'use' && wanted(b)).map((b) => namedItem(namedBy(b)))
}

/** Names in a body: its own first. */
export function bodyItems({ locals, dims, names }: Place): readonly CompletionItem[] {
  const own = [...locals.values(), ...(dims?.values() ?? [])].filter((named, i, all) => all.findIndex((n) => n.name === named.name) === i)
  const code = declaredNames(names, (b) => !isRecord(b))
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

const isRecord = ({ kind }: Binding): boolean => kind === 'noun' || kind === 'family'

/** Whether a declaration may stand where a type is taken. A `let` or `param` may hold any plain value. */
function fits(binding: Binding, type: FieldType): boolean {
  const kind = binding.kind === 'noun' ? binding.decl.noun.name : binding.kind === 'family' ? binding.cases[0]!.noun.name : undefined
  switch (type.is) {
    case 'record':
      return kind === type.kind || (type.kind === 'model' && isModel(binding))
    case 'stage':
      return binding.kind === 'noun' && (type.kinds as readonly string[]).includes(isKind(kind!) ? kind : 'custom')
    case 'run':
      return binding.kind === 'noun' && stages.includes(binding.decl.noun.name)
    case 'op':
      return binding.kind === 'op' && takesSo(binding, type.formals.length)
    case 'code':
      return binding.kind === 'op' || binding.kind === 'block'
    case 'list':
      return fits(binding, type.of)
    case 'either':
      return type.of.some((t) => fits(binding, t))
    case 'quantity':
    case 'text':
    case 'truth':
    case 'word':
      return binding.kind === 'let' || binding.kind === 'param'
    case 'axes':
      return false
    default:
      return type satisfies never
  }
}

/** A block that writes logits. */
function isModel(binding: Binding): boolean {
  return binding.kind === 'block' && (binding.decl.result.dims ?? []).some((d) => d.name === 'vocab')
}

function takesSo({ decl }: Binding & { readonly kind: 'op' }, count: number): boolean {
  const least = decl.formals.filter((f) => f.value === undefined).length
  return decl.dims.length === 0 && least <= count && count <= decl.formals.length
}

const makers = (snippets: boolean): readonly CompletionItem[] =>
  (Object.keys(KINDS) as (KindName | PartName)[]).flatMap((k) => makersOf(k, snippets))

function makersOf(kind: KindName | PartName, snippets: boolean): readonly CompletionItem[] {
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
