// What can be said of names and expressions.
import type { Catalogue } from '../../grammar/diagnostic.ts'
import type { Span } from '../../grammar/source.ts'
import { listOf } from '../../grammar/suggest.ts'
import type { FieldType } from '../spec/kinds.ts'
import { CALLED, type Dimension } from '../spec/units.ts'
import { described, type Value } from './value.ts'
import { code, codes, grouped, place, replace, meant, meantFix, takes, type Kind } from './wording.ts'

export const nameMessages = {
  /** `here`: what to write for another framework's word. `makers`: what could stand there. */
  unknownName: (f: { name: string; near?: string; span: Span; of?: string; here?: string; makers?: readonly string[]; takes?: Takes }) => {
    const taken = f.takes && `${code(f.takes.label)} takes ${takes(f.takes.type)}`
    const some = f.makers !== undefined && f.makers.length > 0 ? `there are ${codes(f.makers)}, and what a page declares` : undefined
    return {
      message: f.of === undefined ? `${code(f.name)} is not defined` : `${code(f.of)} has no ${code(f.name)}`,
      notes: [f.here === undefined ? (meant(f.near) ?? taken ?? some) : `write ${f.here}`],
      fixes: meantFix(f.span, f.here === undefined ? f.near : undefined),
    }
  },
  twice: (f: { name: string; before: Span }) => ({
    message: `${code(f.name)} is declared twice`,
    notes: [`the first is at ${place(f.before)}`, 'give one of them another name'],
  }),
  cycle: (f: { name: string; chain: readonly string[] }) => ({
    message: `${code(f.name)} depends on itself`,
    notes: [`the chain is ${f.chain.join(' → ')}`, 'let one of them name something that is there without the others'],
  }),
  namesTooDeep: (f: { limit: number }) => ({
    message: `this is reached through a chain of more than ${f.limit} names`,
    notes: ['let one of them give its value directly, without the names behind it'],
  }),
  textTooLong: (f: { limit: number }) => ({
    message: `this text would have more than ${grouped(f.limit)} letters`,
    notes: ['keep long texts in a file, and read them as data'],
  }),
  useCycle: (f: { chain: readonly string[] }) => ({
    message: 'this file uses itself',
    notes: [`the chain is ${f.chain.join(' → ')}`, 'move what both need into a third file'],
  }),
  cannotUse: (f: { path: string; problem: string; near?: string; span: Span; library?: boolean }) => ({
    message:
      f.problem === 'missing'
        ? `there is no ${f.path.endsWith('.smdm') ? 'file' : 'library'} ${code(f.path)}`
        : `I cannot use ${code(f.path)}: ${f.problem}`,
    notes: [
      f.library
        ? `it is a library: write \`use ${f.path}\`, without quotes`
        : (meant(f.near) ?? (f.path.includes('.') && isMissing(f.problem) ? 'a path begins at the folder of the page' : undefined)),
    ],
    fixes: meantFix(f.span, f.library ? f.path : f.near),
  }),
  aliasNeeded: (f: { path: string; span: Span }) => {
    const name = /([A-Za-z]\w*)\.\w+$/.exec(f.path)?.[1] ?? 'name'
    return {
      message: 'a used file needs a name',
      notes: [`write \`use "${f.path}" as ${name}\`; its declarations are then \`${name}.…\``],
      fixes: replace(f.span, `"${f.path}" as ${name}`),
    }
  },
  pluginAlias: (f: { path: string }) => ({
    message: 'a plugin takes no name: its kinds are words of this page',
    notes: [`write \`use "${f.path}"\``],
  }),
  kindTaken: (f: { path: string; word: string }) => ({
    message: `${code(f.path)} brings the kind ${code(f.word)}, which is there already`,
    notes: ['a kind has one meaning in a page: leave one of the plugins out, or rename its kind'],
  }),
  unknownKind: (f: { kind: string; near?: string; here?: string; kinds: readonly string[]; span: Span }) => ({
    message: `I do not know what a ${code(f.kind)} is`,
    notes: [f.here === undefined ? (meant(f.near) ?? `there are ${listOf(f.kinds)}`) : `here it is called ${code(f.here)}`],
    fixes: meantFix(f.span, f.here ?? f.near),
  }),
  unknownParam: (f: { name: string; near?: string; params: readonly string[]; file: string }) => ({
    message: `${code(f.file)} has no param ${code(f.name)}`,
    notes: [
      meant(f.near) ?? (f.params.length === 0 ? 'it declares no params' : `its params are ${codes(f.params)}`),
      f.near === undefined ? 'what a page declares as a `param` can be set, and nothing else' : undefined,
    ],
  }),
  unsetParam: (f: { name: string }) => ({
    message: `${code(f.name)} has no value`,
    notes: [`run with \`--set ${f.name}=…\`, or write \`param ${f.name} = …\``],
  }),
  unknownType: (f: { name: string; near?: string; words: readonly string[] }) => ({
    message: `${code(f.name)} is not what a page can declare`,
    notes: [meant(f.near) ?? `a \`let\` or \`param\` here is ${codes(f.words, 'or')}`],
  }),
  notAsDeclared: (f: { type: string; value: Value }) => ({
    message: `this was declared as ${code(f.type)}, but it is ${described(f.value)}`,
  }),
  unused: (f: { kind: string; name: string }) => ({
    severity: 'warning' as const,
    message: `nothing uses the ${f.kind} ${code(f.name)}`,
  }),
  noMember: (f: { value: Value; name: string }) => ({
    message: `${described(f.value)} has no part ${code(f.name)}`,
    notes: f.value.kind === 'record' && f.value.of === 'data' ? ['data has the parts `train` and `validation`'] : [],
  }),
  noPart: (f: { part: string }) => ({
    message: `this data has no ${code(f.part)} part`,
    notes: ['say what is held out: `validation: 1%`, or a file'],
  }),
  caseNeeded: (f: { name: string; example: string }) => ({
    message: `${code(f.name)} is a family: which one?`,
    notes: [`write \`${f.name}(${f.example})\``],
  }),
  noSuchCase: (f: { name: string; near: readonly string[]; unquoted?: string; all: readonly string[]; span: Span }) => ({
    message: `there is no ${code(f.name)}`,
    notes: [
      f.unquoted !== undefined
        ? `write ${code(f.unquoted)} without quotes`
        : f.near.length > 0
          ? `the nearest ${f.near.length > 1 ? 'are' : 'is'} ${codes(f.near)}`
          : `there are ${codes(f.all)}`,
    ],
    fixes: (f.unquoted === undefined ? f.near : [f.unquoted]).flatMap((near) => replace(f.span, near)),
  }),
  mixedUnits: (f: { op: string; left: Dimension; right: Dimension }) => ({
    message: `${code(f.op)} cannot join ${CALLED[f.left]} and ${CALLED[f.right]}`,
    notes: [
      f.op === 'max' || f.op === 'min'
        ? 'only measures of training length may be compared so'
        : f.op === '*' || f.op === '/'
          ? 'one side must be a plain number'
          : 'both sides must measure the same',
    ],
  }),
  twoUnits: (f: { text: string }) => ({ message: `${code(f.text)} has two units`, notes: ['leave one out'] }),
  wrongOperand: (f: { op: string; value: Value }) => ({
    message: `${code(f.op)} cannot take ${described(f.value)}`,
    notes: [f.op === '+' ? '`+` adds numbers, or joins texts' : undefined],
  }),
  notAValue: (f: { form: 'record' | 'index' | 'wgsl' }) => ({
    message: f.form === 'record' ? 'a record cannot stand here' : 'this belongs into the body of an op or block',
    notes: f.form === 'record' ? ['begin with what it amends: `base { … }`'] : [],
  }),
  cannotCall: (f: { value: Value; name: string; args: readonly string[] }) => ({
    message: `${described(f.value)} cannot be called`,
    notes: [f.value.kind === 'code' || f.args.length > 0 ? `its fields stand in braces: ${withFields(f.name, f.args)}` : undefined],
  }),
  argumentNeeded: (f: { name: string; kind: Kind }) => ({
    message: `which file? ${code(f.name)} needs one`,
    notes: [`write \`${f.name}("…")\``],
  }),
  wrongArgument: (f: { name: string; wanted: number; given: number; args: readonly string[] }) => ({
    message: `${code(f.name)} takes ${f.wanted === 0 ? 'nothing' : f.wanted === 1 ? 'one thing' : `${f.wanted} things`} in parentheses, not ${f.given}`,
    notes: [
      f.wanted === 0
        ? `write ${f.args.length > 0 ? withFields(f.name, f.args) : code(f.name)}`
        : f.args.length > 0
          ? `fields stand in braces behind it: ${withFields(`${f.name}(…)`, f.args)}`
          : f.given > 1 && f.name === 'text'
            ? 'it reads one: join files into one, or declare each and train on one after the other'
            : `fields stand in braces behind it: \`${f.name}("…") { … }\``,
    ],
  }),
} satisfies Catalogue

interface Takes {
  readonly label: string
  readonly type: FieldType
}

/** `` `adamw { lr: …, warmup: … }` ``. */
/** Whether a problem is that of a name which leads nowhere. */
const isMissing = (problem: string): boolean => problem === 'missing' || problem.startsWith('there is no such file')

function withFields(name: string, fields: readonly string[]): string {
  return code(`${name} { ${fields.length === 0 ? '…' : fields.map((field) => `${field}: …`).join(', ')} }`)
}
