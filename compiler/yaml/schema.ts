// The table of kinds → a JSON Schema of the YAML form, for editors that complete and for whatever writes pages. It
// knows shapes, fields and words; that a name exists, a unit fits or a base has a field is known to the checker alone.
import { article } from '../check/value.ts'
import { takes } from '../check/wording.ts'
import { KINDS, KIND_NAMES, fieldsOf, type FieldSpec, type FieldType, type KindName, type PartName } from '../spec/kinds.ts'
import { CALLED } from '../spec/units.ts'

/** A schema of draft 2020-12. `title` says in a message what is taken; `unit` and `contract` are words of ours. */
export interface Schema {
  readonly [keyword: string]: unknown
}

const name = "[A-Za-z]\\w*'*"
const anything = { $ref: '#/$defs/value' }

/** The schema of a page. */
export function yamlSchema(): Schema {
  const kinds = (Object.keys(KINDS) as (KindName | PartName)[]).map((kind) => [kind, kindSchema(kind)] as const)
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'a mapping of declarations',
    description: 'A page of smdmc in YAML. A plain scalar is an expression, a quoted one a text.',
    type: 'object',
    patternProperties: {
      [`^use (${name}|"[^"]*")$`]: {
        title: 'the name of a library or a file',
        description: 'Brings a library, or another page, under this name.',
        type: ['string', 'null'],
      },
      [`^let ${name}(: .+)?$`]: { ...anything, description: 'A fixed value with a name.' },
      [`^param ${name}(: .+)?$`]: { anyOf: [anything, { type: 'null' }], description: 'A value that `--set` may change.' },
      [`^(op|block) ${name}`]: { title: 'code', description: 'Everything after the name, as on a page in `.smdm`.', type: 'string' },
      ...Object.fromEntries(KIND_NAMES.map((kind) => [`^${kind} ${name}(\\(.+\\))?$`, { $ref: `#/$defs/${kind}` }])),
    },
    additionalProperties: false,
    $defs: {
      value: {
        title: 'an expression',
        type: ['string', 'number', 'boolean', 'array', 'object'],
        items: anything,
        additionalProperties: anything,
      },
      ...Object.fromEntries(kinds),
    },
  }
}

function kindSchema(kind: KindName | PartName): Schema {
  const { doc, makers } = KINDS[kind]
  const all = Object.keys(makers).map((maker) => fieldsOf(kind, maker))
  const fields = Object.assign({}, fieldsOf(kind, undefined), ...all.reverse()) as Readonly<Record<string, FieldSpec>>
  const ready = Object.entries(makers).map(([maker, { argument }]) => (argument === undefined ? maker : `${maker}("…")`))
  return {
    title: article(kind),
    description: doc,
    type: ['string', 'object'],
    properties: {
      is: {
        title: 'what is amended',
        description: 'What the fields below amend.',
        type: ['string', 'object'],
        ...(ready.length > 0 && { examples: ready }),
      },
      ...Object.fromEntries(Object.entries(fields).map(([field, spec]) => [field, fieldSchema(spec)])),
    },
    // A model has the params of its block.
    additionalProperties: kind === 'model' ? anything : false,
  }
}

function fieldSchema({ type, doc, default: given, later }: FieldSpec): Schema {
  const notes = [
    doc,
    unitsOf(type),
    given === undefined ? undefined : `Default \`${given}\`.`,
    later === true ? 'Not available yet.' : undefined,
  ]
  const value = given === undefined || !/^[\w.+-]+$/.test(given) ? undefined : valueOf(given)
  return {
    ...typeSchema(type),
    description: notes.filter((note) => note !== undefined).join(' '),
    ...(value !== undefined && { default: value }),
  }
}

function valueOf(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true'
  return Number.isNaN(Number(text)) ? text : Number(text)
}

function unitsOf(type: FieldType): string | undefined {
  if (type.is !== 'quantity' || type.units[0] === 'none') return undefined
  return `Measured in ${type.units.map((unit) => CALLED[unit]).join(', ')}.`
}

function typeSchema(type: FieldType): Schema {
  switch (type.is) {
    case 'quantity':
      return { title: 'a number with its unit', type: ['number', 'string'], unit: type.units }
    case 'text':
      return { title: 'a text', type: ['string', 'number'] }
    case 'truth':
      return { title: 'true or false', type: ['boolean', 'string'] }
    case 'word':
      // An expression may stand for a word, so the words are offered, not enforced.
      return { title: type.words.join(' or '), anyOf: [{ enum: type.words }, { title: 'a word', type: 'string' }] }
    case 'op':
      return { title: 'an op', type: 'string', contract: type.says }
    case 'code':
      return { title: 'an op or a block', type: 'string' }
    case 'stage':
      return { title: takes(type), type: 'string' }
    case 'record':
      return { $ref: `#/$defs/${type.kind}` }
    case 'list': {
      const items = typeSchema(type.of)
      const size = type.length === undefined ? {} : { minItems: type.length, maxItems: type.length }
      const one = type.one === true ? [items] : [{ title: 'its name', type: 'string' }]
      return { anyOf: [{ title: 'a list', type: 'array', items, ...size }, ...one] }
    }
    case 'either':
      return { anyOf: type.of.map(typeSchema) }
    case 'axes':
      return {
        anyOf: [
          { title: 'names with lists of values', type: 'object', additionalProperties: anything },
          { title: 'a list of records', type: 'array', items: { type: 'object', additionalProperties: anything } },
        ],
      }
    case 'run':
      return { title: 'a stage', type: ['string', 'object'], additionalProperties: anything }
    default:
      return type satisfies never
  }
}
