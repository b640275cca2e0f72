// What can be said of records, their fields and what a field takes.
import type { Catalogue } from '../../grammar/diagnostic.ts'
import type { Span } from '../../grammar/source.ts'
import { LARGEST, type FieldType } from '../spec/kinds.ts'
import { CALLED, type Dimension } from '../spec/units.ts'
import { article, described, type Value } from './value.ts'
import { code, codes, units, place, replace, meant, meantFix, has, takes, exampleOf, type Kind } from './wording.ts'

export const fieldMessages = {
  unknownField: (f: UnknownField) => {
    const name = f.here ?? f.near
    const here = f.here === undefined ? undefined : `here it is called ${code(f.here)}${f.note === undefined ? '' : `: ${f.note}`}`
    const within = f.within && `it belongs to ${code(f.within.field)}: write \`${f.within.field} { ${f.within.name}: … }\``
    const all = f.fields.length === 0 ? `${article(f.kind)} has no fields` : `${has(f.kind)} ${f.fields.join(', ')}`
    const first = here ?? within ?? f.note
    return {
      message: `${has(f.kind)} no ${code(f.name)}`,
      notes: first !== undefined ? [first, here === undefined ? all : undefined] : [meant(f.near) ?? all],
      fixes: f.within && f.here === undefined ? [] : meantFix(f.span, name),
    }
  },
  repeatedField: (f: { name: string; before: Span }) => ({
    message: `${code(f.name)} stands twice in this record`,
    notes: [`the first is at ${place(f.before)}`, `to set and amend at once, write \`${f.name}: base { … }\``],
  }),
  unchanged: (f: { field: string; before: Span }) => ({
    severity: 'warning' as const,
    message: `${code(f.field)} changes nothing: it was that already`,
    notes: [`${place(f.before)} has set it; leave it out here, or write what is to differ`],
  }),
  missingFields: (f: { name: string; kind: string; missing: readonly string[]; types: readonly FieldType[] }) => ({
    message: `${code(f.name)} has no ${lacking(f.missing)}`,
    notes: [
      f.kind === 'train' && f.missing.length > 1
        ? `start from a preset that has the rest: \`train ${f.name} = smdm.pretrain { … }\``
        : `${code(f.missing[0]!)} takes ${such(f.types[0]!)}`,
    ],
  }),
  /** `unquoted`: what to write instead of a text. */
  wrongType: (f: { label: string; type: FieldType; value: Value; unquoted?: string; listed?: string; span?: Span }) => ({
    message: `${code(f.label)} cannot be ${described(f.value)}`,
    notes: [
      f.unquoted !== undefined
        ? `write ${code(f.unquoted)} without quotes`
        : f.listed !== undefined
          ? `it takes a list: write ${code(f.listed)}`
          : `it takes ${takes(f.type)}`,
      f.type.is === 'op' && f.value.kind === 'quantity'
        ? `declare one, such as \`op mine(${f.type.formals.join(', ')}) = …\`, and write its name`
        : undefined,
      f.value.kind === 'record' && f.value.of === 'sweep' && f.type.is !== 'list'
        ? 'a sweep is many stages: declare the one that is meant'
        : undefined,
    ],
    fixes: f.span === undefined ? [] : meantFix(f.span, f.unquoted ?? f.listed),
  }),
  /** `reads`: what makes something of a file, `text("…")`. */
  unquotedText: (f: { label: string; text: string; span: Span; reads?: string }) => {
    const quoted = (f.reads ?? '"…"').replace('"…"', () => JSON.stringify(f.text))
    return {
      message:
        f.reads === undefined
          ? `${code(f.label)} is a text, and a text stands in quotes`
          : 'the path of a file is a text, and a text stands in quotes',
      notes: [`write ${code(quoted)}`],
      fixes: replace(f.span, quoted),
    }
  },
  valueNeeded: (f: { name: string; type: FieldType; next: string }) => ({
    message: `${code(f.name)} has no value`,
    notes: [`it takes ${takes(f.type)}; ${code(f.next)} below was read as its value`],
  }),
  unitRequired: (f: { label: string; number: number; units: readonly Dimension[]; span: Span; set?: string }) => {
    const small = f.number > 0 && f.number < 1 && f.units.includes('fraction')
    const text = small ? `${Number((f.number * 100).toPrecision(12))}%` : `${f.number} ${f.units.find((u) => u !== 'fraction') ?? ''}`
    return {
      message: `${code(`${f.label}: ${f.number}`)} — ${f.number} what?`,
      notes: [`${code(f.label)} is measured in ${units(f.units)}: write ${code(f.set === undefined ? text : `--set "${f.set}=${text}"`)}`],
      fixes: f.set === undefined ? replace(f.span, text) : [],
    }
  },
  wrongUnit: (f: { label: string; dimension: Dimension; units: readonly Dimension[]; number: string; span: Span }) => ({
    message:
      f.dimension === 'fraction'
        ? `${code(f.label)} cannot be a percentage`
        : `${code(f.label)} cannot be measured in ${CALLED[f.dimension]}`,
    notes: [f.units[0] === 'none' ? `it is a plain number: write ${code(f.number)}` : `it is measured in ${units(f.units)}`],
    fixes: f.units[0] === 'none' ? replace(f.span, f.number) : [],
  }),
  outOfRange: (f: { label: string; number: number; min?: number; max?: number; fraction: boolean }) => {
    const show = (n: number): string => (f.fraction ? `${n * 100}%` : String(n))
    const { min, max } = f
    const above = f.number === Infinity ? ', and finite' : f.number > LARGEST ? `, and at most ${show(LARGEST)}` : ''
    return {
      message: `${code(f.label)} is out of its range`,
      notes: [
        min !== undefined && max !== undefined
          ? `it lies between ${show(min)} and ${show(max)}`
          : `it is ${min !== undefined ? `at least ${show(min)}` : `at most ${show(max ?? 0)}`}${above}`,
      ],
    }
  },
  notWhole: (f: { label: string; number: number }) => ({ message: `${code(f.label)} must be a whole number, but it is ${f.number}` }),
  emptyList: (f: { label: string; type: FieldType }) => ({
    message: `${code(f.label)} lists nothing`,
    notes: [`it takes ${takes(f.type)}`, `leave \`${f.label}\` out for its default`],
  }),
  wrongCount: (f: { label: string; wanted: number; given: number }) => ({
    message: `${code(f.label)} takes ${f.wanted} values, not ${f.given}`,
  }),
  /** `here`: what to write for another framework's word. */
  unknownWord: (f: { label: string; word: string; near?: string; words: readonly string[]; span: Span; here?: string }) => ({
    message: `${code(f.label)} cannot be ${code(f.word)}`,
    notes: [f.here === undefined ? (meant(f.near) ?? `it can be ${codes(f.words, 'or')}`) : `write ${f.here}`],
    fixes: meantFix(f.span, f.here === undefined ? f.near : undefined),
  }),
  wrongOp: (f: { label: string; says: string; name: string; wanted: number; given: number }) => ({
    message: `${code(f.label)} cannot be ${code(f.name)}: it takes ${count(f.given)}, not ${f.wanted}`,
    notes: [f.says],
  }),
  stageNeedsName: (f: { kind: Kind }) => ({
    message: `this ${f.kind} has no name`,
    notes: [`declare it first, \`${f.kind} name = … { … }\`, and mention the name`],
  }),
  notAmendable: (f: { field: string; type: FieldType } | { value: Value; kind?: Kind }) => ({
    message: 'field' in f ? `${code(f.field)} has no fields to amend` : `${described(f.value)} cannot be amended`,
    notes: [
      'field' in f
        ? `give it a value with a colon: \`${f.field}: …\`; it takes ${takes(f.type)}`
        : f.kind === undefined
          ? undefined
          : f.kind === 'data' && f.value.kind === 'text'
            ? `say how it is read: \`text(${JSON.stringify(f.value.text)}) { … }\`, or \`jsonl\`, \`lines\`, \`packed\``
            : `amend ${article(f.kind)}, such as \`${exampleOf(f.kind)} { … }\``,
    ],
  }),
  nothingToAmend: (f: { field: string; kind: Kind; colon?: boolean }) => ({
    message: `there is no ${f.kind} yet to amend`,
    notes: [
      `say which one: \`${f.field}: ${exampleOf(f.kind)} { … }\``,
      f.colon ? `to change the one that is there, leave the colon out: \`${f.field} { … }\`` : undefined,
    ],
  }),
  baseNeeded: (f: { kind: Kind; name: string; makers: readonly string[] }) => ({
    message: `${code(f.name)} does not say what it is made of`,
    notes: [`write \`${f.kind} ${f.name} = ${exampleOf(f.kind)} { … }\``],
  }),
  wrongBase: (f: { kind: string; name: string; value: Value }) => ({
    message: `${code(f.name)} is ${article(f.kind)}, but this is ${described(f.value)}`,
    notes: [f.value.kind === 'list' ? `its fields stand in a record: \`${f.kind} ${f.name} { … }\`` : undefined],
  }),
  vocabIsGiven: () => ({
    message: '`vocab` follows from the tokenizer and cannot be set',
    notes: ['leave it out'],
  }),
  axisNeedsList: (f: { name: string }) => ({
    message: `${code(f.name)} needs a list of values`,
    notes: ['write `over { size: [6M, 19M] }`, or `over: [{ size: 6M }, { size: 19M }]`'],
  }),
  tooManyRows: (f: { rows: number; limit: number }) => ({
    message: `these lists have ${f.rows} combinations, and each would be a stage; ${f.limit} are the most`,
    notes: ['write fewer values, or only the combinations that matter: `over: [{ size: 6M, lr: 1e-3 }, …]`'],
  }),
  raggedRows: (f: { names: readonly string[] }) => ({
    message: 'this row has other names than the first',
    notes: [`the first has ${codes(f.names)}`],
  }),
} satisfies Catalogue

/** `` `model`, `batch` and no `budget` ``. */
function lacking(missing: readonly string[]): string {
  const last = code(missing.at(-1) ?? '')
  return missing.length < 2 ? last : `${missing.slice(0, -1).map(code).join(', ')} and no ${last}`
}

function count(n: number): string {
  return n === 1 ? '1 argument' : `${n} arguments`
}

/** `takes`, with an example where that has none. */
function such(type: FieldType): string {
  return type.is === 'record' && type.kind === 'model' ? `${takes(type)}, such as ${code(exampleOf('model'))}` : takes(type)
}

interface UnknownField {
  readonly kind: string
  readonly name: string
  /** Our word for another framework's. */
  readonly here?: string
  readonly note?: string
  readonly near?: string
  /** The field whose record has what was looked for. */
  readonly within?: { readonly field: string; readonly name: string }
  readonly fields: readonly string[]
  readonly span: Span
}
