// Whether a record can be built: nothing missing, nothing wrong inside, nothing that no runtime does yet.
// Fields that are known but not there yet are reported here, once each, however many stages share them.
import type { Span } from '../../grammar/source.ts'
import { KINDS, type FieldSpec, type FieldType } from '../spec/kinds.ts'
import { CALLED } from '../spec/units.ts'
import type { Build } from './build.ts'
import { fieldsOfRecord } from './record.ts'
import { article, type Rec, type Value } from './value.ts'

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
  b.s.say.missingFields(decl?.name.span ?? stage.span, { name: decl?.name.name ?? stage.of, kind: stage.of, missing })
  return false
}

/** True if the record and all records inside are sound; stages that it mentions are looked at on their own. */
export function sound(b: Build, record: Rec): boolean {
  const specs = fieldsOfRecord(record)
  const tell = (at: Span, what: string): false => {
    if (!b.told.has(at)) b.s.say.notAvailable(at, { what })
    b.told.add(at)
    return false
  }
  // What depends on a maker that is not there needs no message of its own.
  if (record.maker !== undefined && KINDS[record.of].makers[record.maker]?.later) {
    return tell(record.made ?? record.span, `the ${record.of} \`${record.maker}\``)
  }
  const parts = [...record.fields].map(([name, held]) => {
    const spec = specs[name]
    const later = spec && laterIn(spec, spec.type, held.value)
    if (later === undefined) return soundValue(b, held.value)
    return tell(held.at, later === '' ? `\`${name}\` of ${article(record.of)}` : `\`${name}: ${later}\``)
  })
  return parts.every(Boolean)
}

function soundValue(b: Build, value: Value): boolean {
  if (value.kind === 'poison') return false
  if (value.kind === 'record') return KINDS[value.of].stage || sound(b, value)
  // Every item is looked at, so that one mistake does not hide the next.
  if (value.kind === 'list') return value.items.map((item) => soundValue(b, item)).every(Boolean)
  return true
}

/** What of a value is not there yet: a word, a unit, or the whole field (an empty text). */
function laterIn(spec: FieldSpec, type: FieldType, value: Value): string | undefined {
  if (spec.later === true) return ''
  if (spec.later !== undefined) return value.kind === 'quantity' && value.number === spec.later ? undefined : ''
  if (type.is === 'word' && value.kind === 'word') return type.later?.includes(value.word) ? value.word : undefined
  if (type.is === 'quantity' && value.kind === 'quantity')
    return type.later?.includes(value.dimension) ? CALLED[value.dimension] : undefined
  return undefined
}
