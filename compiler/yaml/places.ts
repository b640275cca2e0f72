// What may stand at a place of the page, as far as the table of kinds tells: whether a scalar can be a text, and of
// which kind a record is. What a model may hold is known to its block alone, but no param of a block is a text.
import { KINDS, isKind, type FieldType, type KindName, type PartName } from '../spec/kinds.ts'

export interface Place {
  /** `only`: a plain scalar is a text too. `never`: in JSON, which has no plain scalars, a quoted one is an expression. */
  readonly text: 'only' | 'maybe' | 'never'
  /** The kind of a record here. */
  readonly kind?: KindName | PartName
  /** What an item of a list here may be. */
  readonly item?: Place
}

export const anything: Place = { text: 'maybe' }
/** What `is` names. */
export const base: Place = { text: 'never' }

/** The place of a noun's value. */
export function placeOfNoun(kind: string): Place {
  return isKind(kind) ? { text: 'never', kind } : { text: 'never' }
}

/** The place of a field in a record of a kind. */
export function placeOfField(kind: KindName | PartName | undefined, name: string): Place {
  if (kind === undefined) return anything
  if (kind === 'model') return { text: 'never' }
  const { fields, makers } = KINDS[kind]
  const found = [fields, ...Object.values(makers).map((maker) => maker.fields)].find((all) => Object.hasOwn(all, name))
  return found === undefined ? anything : placeOfType(found[name]!.type)
}

function placeOfType(type: FieldType): Place {
  switch (type.is) {
    case 'text':
      return { text: 'only' }
    case 'record':
      return { text: 'never', kind: type.kind }
    case 'list': {
      const item = placeOfType(type.of)
      return type.one ? { ...item, item } : { text: 'never', item }
    }
    case 'either': {
      const places = type.of.map(placeOfType)
      const text = places.some((place) => place.text !== 'never') ? 'maybe' : 'never'
      const kind = places.find((place) => place.kind !== undefined)?.kind
      return { text, ...(kind !== undefined && { kind }) }
    }
    case 'axes':
      return anything
    case 'quantity':
    case 'truth':
    case 'word':
    case 'op':
    case 'code':
    case 'stage':
    case 'run':
      return { text: 'never' }
    default:
      return type satisfies never
  }
}
