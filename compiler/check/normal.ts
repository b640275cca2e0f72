// The normal form of a stage and its key. JSON with every default filled in, units canonical, fields sorted, names
// replaced by values: code by its text without comments and blanks, upstream stages by their keys, files by the hash
// of their content. Two stages with one key give the same result, whatever they are called and wherever they stand.
import { createHash } from 'node:crypto'
import type { Span } from '../../grammar/source.ts'
import type { FileQuery } from '../facts.ts'
import { KINDS, type KindName, type PartName } from '../spec/kinds.ts'
import type { Model } from '../elaborate/model.ts'
import { defaultOf } from './fields.ts'
import { codeForm } from './code-text.ts'
import { unsetParams } from './params.ts'
import type { Code } from './pipeline.ts'
import { fieldsOfRecord } from './record.ts'
import type { Session } from './session.ts'
import type { Quantity, Rec, Text, Value } from './value.ts'

/** What a normal form needs beside the record. */
export interface Lookups {
  readonly s: Session
  /** The key of a stage that was built before. */
  readonly keyOf: (stage: Rec) => string
  /** The content hash of a data file. */
  readonly hashOf: (path: string, at: Span, query?: FileQuery) => string
}

/** The normal form of a stage. `resolved` holds fields whose value follows from others: the model's params, a default length. */
export function normalForm(look: Lookups, stage: Rec, resolved: Readonly<Record<string, unknown>>): unknown {
  const kinds = new Set<KindName | PartName>()
  const fields = recordForm(look, stage, kinds, resolved)
  const numerics = Object.fromEntries([...kinds].sort().map((kind) => [kind, KINDS[kind].numerics]))
  return sorted({ stage: stage.of, ...(fields as object), numerics })
}

/** 64 hex digits. */
export function keyOf(normal: unknown): string {
  return createHash('sha256').update(JSON.stringify(normal)).digest('hex')
}

/** A model: its code and all params, with those that the sizes follow from. */
export function modelForm(s: Session, model: Model, block: Code): unknown {
  const params = [...model.params].map(([name, value]) => [name, typeof value === 'object' ? codeForm(s, value) : value] as const)
  return { is: codeForm(s, block), ...Object.fromEntries(params) }
}

function recordForm(
  look: Lookups,
  record: Rec,
  kinds: Set<KindName | PartName>,
  resolved: Readonly<Record<string, unknown>> = {},
): unknown {
  kinds.add(record.of)
  const out: Record<string, unknown> = {}
  if (record.maker !== undefined) out['is'] = record.maker
  if (record.custom) {
    const { word, sha256, kind } = record.custom
    out['is'] = { kind: word, code: `sha256:${sha256}`, numerics: kind.numerics ?? 1 }
  }
  if (record.part) out['part'] = record.part
  for (const [name, spec] of Object.entries(fieldsOfRecord(record))) {
    if (spec.free) continue
    const value = record.fields.get(name)?.value ?? defaultOf(look.s, spec)
    if (Object.hasOwn(resolved, name)) {
      out[name] = resolved[name]
      if (value?.kind === 'record') kinds.add(value.of)
    } else if (value) {
      const file = value.kind === 'text' ? fileOf(record, name, value) : undefined
      // What is in a folder of packed files is told by its patterns.
      if (record.maker === 'packed' && name === 'path') continue
      out[name] = file ? `sha256:${look.hashOf(file.path, file.at, file.query)}` : valueForm(look, value, kinds)
    }
  }
  const keys = Object.keys(out)
  return keys.length === 1 && keys[0] === 'is' ? out['is'] : out
}

/** The file that a field names, if it names one. */
function fileOf(
  record: Rec,
  name: string,
  value: Text,
): { readonly path: string; readonly at: Span; readonly query?: FileQuery } | undefined {
  const folder = record.fields.get('path')?.value
  if (record.maker === 'packed' && folder?.kind === 'text' && (name === 'train' || name === 'validation')) {
    return { path: folder.text, at: folder.span, query: { as: 'packed', glob: value.text } }
  }
  if (name === 'path' || (record.of === 'data' && name === 'validation')) return { path: value.text, at: value.span }
  return undefined
}

function valueForm(look: Lookups, value: Value, kinds: Set<KindName | PartName>): unknown {
  switch (value.kind) {
    case 'quantity':
      return quantityForm(value)
    case 'extreme':
      return `${value.of}(${value.items.map((item) => String(valueForm(look, item, kinds))).join(', ')})`
    case 'text':
      return value.text
    case 'truth':
      return value.truth
    case 'word':
      return value.word
    case 'list':
      return value.items.map((item) => valueForm(look, item, kinds))
    case 'code':
      return codeForm(look.s, value.code)
    case 'record':
      return KINDS[value.of].stage && value.decl ? look.keyOf(value) : recordForm(look, value, kinds)
    case 'axes':
      return value.rows.map((row) => Object.fromEntries([...row].map(([name, v]) => [name, valueForm(look, v, kinds)])))
    case 'poison':
    case 'family':
    case 'library':
      return null
  }
}

/** `256 sequences`, `1%`, `0.1`. */
export function quantityForm({ number, dimension }: Quantity): string | number {
  if (dimension === 'none') return number
  return dimension === 'fraction' ? `${Number((number * 100).toPrecision(12))}%` : `${number} ${dimension}`
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.every((item) => typeof item === 'string') ? value : value.map(sorted)
  const out: Record<string, unknown> = {}
  for (const name of Object.keys(value).sort()) out[name] = sorted((value as Readonly<Record<string, unknown>>)[name])
  return out
}

/** Where the values of a stage stand, by path: `optimizer.lr`. */
export function originsOf(record: Rec, prefix = ''): Map<string, Span> {
  const origins = new Map<string, Span>()
  for (const [name, held] of record.fields) {
    const path = prefix + name
    const { value } = held
    if (value.kind !== 'record') origins.set(path, value.kind === 'code' ? held.at : value.span)
    else if (KINDS[value.of].stage) origins.set(path, held.at)
    else {
      origins.set(path, value.made ?? value.span)
      for (const [inner, span] of originsOf(value, `${path}.`)) origins.set(inner, span)
      const { block } = value
      if (block) for (const [inner, span] of unsetParams({ ...value, block })) origins.set(`${path}.${inner}`, span)
    }
  }
  return origins
}
