// The kinds of a plugin → what is wrong with their schema, in a few words. A plugin is code that nobody compiled against our types, so
// nothing of it is believed: whatever passes here can be checked, shown, and handed to `run`.
import { reserved } from '../../grammar/words.ts'
import { nearest, listOf } from '../../grammar/suggest.ts'
import { CALLED } from '../spec/units.ts'

/** Types whose values a plugin can be handed; `record` is data only, `stage` the model in `from`. */
const TYPES = ['text', 'truth', 'word', 'quantity', 'list', 'either', 'record', 'stage']

const NAME = /^[A-Za-z]\w*$/

type Loose = Readonly<Record<string, unknown>>

/** Undefined where all kinds are right; else the first mistake. */
export function schemaProblem(plugin: unknown): string | undefined {
  const kinds = Object.entries(((plugin as Loose)['kinds'] ?? {}) as Loose)
  if (kinds.length === 0) return 'its `kinds` are empty'
  return first(kinds, ([word, kind]) => kindProblem(word, kind as Loose))
}

function kindProblem(word: string, kind: Loose): string | undefined {
  const { doc, fields, check, lower } = kind
  if (!NAME.test(word) || (reserved as readonly string[]).includes(word)) return `no page can say \`${word}\`: a kind is called by a name`
  if (typeof doc !== 'string') return `its kind \`${word}\` has no \`doc\``
  for (const [name, part] of Object.entries({ check, lower })) {
    if (part !== undefined && typeof part !== 'function') return `\`${name}\` of its kind \`${word}\` is no function`
  }
  const wrong = (name: string, problem: string | undefined): string | undefined =>
    problem && `the field \`${name}\` of its kind \`${word}\` ${problem}`
  return first(Object.entries(fields as Loose), ([name, spec]) => wrong(name, fieldProblem(name, spec)))
}

function fieldProblem(name: string, spec: unknown): string | undefined {
  if (!NAME.test(name)) return 'has no name that a page can say'
  if (!isObject(spec)) return 'is no record with `type` and `doc`'
  if (typeof spec['doc'] !== 'string') return 'has no `doc`'
  const given = spec['default']
  if (given !== undefined && typeof given !== 'string') return 'has a default that is no text: write it as a page does, in quotes'
  const { type } = spec
  if (name === 'from' && !(isObject(type) && type['is'] === 'stage')) return 'must be of type stage: it gives the model'
  return typeProblem(type, name)
}

/** `field`: the name of the field whose type this is; undefined inside a list. */
function typeProblem(type: unknown, field: string | undefined): string | undefined {
  if (!isObject(type) || typeof type['is'] !== 'string') return "has no `type` such as `{ is: 'text' }`"
  switch (type['is']) {
    case 'text':
    case 'truth':
      return undefined
    case 'word':
      return isTexts(type['words']) ? undefined : 'has no `words`, a list of texts'
    case 'quantity':
      return unitsProblem(type['units'])
    case 'list':
      return typeProblem(type['of'], undefined)
    case 'either':
      return Array.isArray(type['of']) ? first(type['of'], (one) => typeProblem(one, field)) : 'has no list of types in `of`'
    case 'record':
      return field !== undefined && type['kind'] === 'data'
        ? undefined
        : 'cannot hold this: of records a plugin is given `data`, in a field of its own'
    case 'stage':
      return field === 'from' && isTexts(type['kinds']) && type['kinds'].join() === 'train'
        ? undefined
        : "cannot hold this: of stages a plugin is given the training in `from`, with `kinds: ['train']`"
    default:
      return unknownType(type['is'])
  }
}

function unknownType(is: string): string {
  const near = nearest(is, TYPES)
  return `has the type \`${is}\`; ${near === undefined ? `a plugin’s fields are ${listOf(TYPES, 'or')}` : `did you mean \`${near}\`?`}`
}

/** A plugin is given a bare number, so that number can have one unit only. */
function unitsProblem(units: unknown): string | undefined {
  const known = Object.keys(CALLED)
  if (!isTexts(units)) return "has no `units`: write `units: ['none']` for a plain number"
  const unknown = units.find((unit) => !known.includes(unit))
  if (unknown !== undefined) return `is measured in \`${unknown}\`; there are ${listOf(known)}`
  return units.length === 1
    ? undefined
    : `has several \`units\`, and a plugin is given a number without its unit: choose one of ${listOf(units)}`
}

function first<T>(items: readonly T[], problem: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = problem(item)
    if (found !== undefined) return found
  }
  return undefined
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((text) => typeof text === 'string')
}

function isObject(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null
}
