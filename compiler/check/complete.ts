// Whether a record can be built: nothing missing, nothing wrong inside. And what of it no runtime does yet: that stops
// nobody from checking and planning the page.
import { KINDS, type FieldSpec, type FieldType } from '../spec/kinds.ts'
import { CALLED } from '../spec/units.ts'
import { inPage, type Build } from './build.ts'
import type { Later } from './pipeline.ts'
import { fieldsOfRecord } from './record.ts'
import { article, wordOf, type Rec, type Value } from './value.ts'

/** Required fields that a stage lacks. */
export function missingFields(record: Rec): string[] {
  return Object.entries(fieldsOfRecord(record)).flatMap(([name, spec]) => (spec.required && !record.fields.has(name) ? [name] : []))
}

/** Reports what a stage lacks; true if it has everything. */
export function complete(b: Build, stage: Rec): boolean {
  const missing = missingFields(stage)
  if (missing.length === 0) return true
  const { decl } = stage
  if (decl && b.bases.has(decl)) return false
  b.s.say.missingFields(decl?.name.span ?? stage.span, {
    name: decl?.name.name ?? wordOf(stage),
    kind: wordOf(stage),
    missing,
    types: missing.map((name) => fieldsOfRecord(stage)[name]!.type),
  })
  return false
}

/** True if nothing inside the record is wrong; stages that it mentions are looked at on their own. */
export function sound(record: Rec): boolean {
  for (const { value } of record.fields.values()) if (!isSound(value)) return false
  return true
}

function isSound(value: Value): boolean {
  if (value.kind === 'poison') return false
  if (value.kind === 'record') return KINDS[value.of].stage || sound(value)
  return value.kind !== 'list' || value.items.every(isSound)
}

/** What of a record is right and not there yet, and `more` that its builder knows. Each is told once, however many stages share it. */
export function later(b: Build, record: Rec, more: readonly Later[] = []): readonly Later[] {
  const found = [...laterIn(record), ...more]
  for (const { what, at } of found) {
    if (!b.told.has(at)) b.s.say.notAvailable(inPage(record, at), { what })
    b.told.add(at)
  }
  return found
}

// An objective stands in every training that amends its base.
const known = new WeakMap<Rec, readonly Later[]>()

function laterIn(record: Rec): readonly Later[] {
  const found = known.get(record) ?? findLater(record)
  known.set(record, found)
  return found
}

function findLater(record: Rec): readonly Later[] {
  // What depends on a maker that is not there needs no message of its own.
  if (record.maker !== undefined && KINDS[record.of].makers[record.maker]?.later) {
    return [{ what: `the ${record.of} \`${record.maker}\``, at: record.made ?? record.span }]
  }
  const specs = fieldsOfRecord(record)
  return [...record.fields].flatMap(([name, held]) => {
    const spec = specs[name]
    const one = spec && laterValue(spec, spec.type, held.value)
    if (one === undefined) return laterInside(held.value)
    return [{ what: one === '' ? `\`${name}\` of ${article(wordOf(record))}` : `\`${name}: ${one}\``, at: held.at }]
  })
}

function laterInside(value: Value): readonly Later[] {
  if (value.kind === 'list') return value.items.flatMap(laterInside)
  return value.kind === 'record' && !KINDS[value.of].stage ? laterIn(value) : []
}

/** What of a value is not there yet: a word, a unit, or the whole field (an empty text). */
function laterValue(spec: FieldSpec, type: FieldType, value: Value): string | undefined {
  if (spec.later === true) return ''
  if (spec.later !== undefined) return value.kind === 'quantity' && value.number === spec.later ? undefined : ''
  if (type.is === 'word' && value.kind === 'word') return type.later?.includes(value.word) ? value.word : undefined
  if (type.is === 'quantity' && value.kind === 'quantity')
    return type.later?.includes(value.dimension) ? CALLED[value.dimension] : undefined
  return undefined
}
