// What elaboration can say about the body of an op or block. Sites give facts; all English is here.
import type { Diagnostic, Wording } from '../../grammar/diagnostic.ts'
import { Report } from '../../grammar/diagnostic.ts'
import { listOf, nearest } from '../../grammar/suggest.ts'
import { elsewhere } from './elsewhere.ts'

type Sized = readonly { readonly name: string; readonly size: number }[]

const quoted = (name: string): string => `\`${name}\``
const names = (words: readonly string[]): string => listOf(words.map(quoted))
const sized = (dims: Sized): string => listOf(dims.map((d) => `\`${d.name}\` (${d.size})`))
const be = (words: readonly string[]): string => (words.length === 1 ? 'is' : 'are')
const meant = (name: string, ...known: readonly (readonly string[])[]): string | undefined => {
  const near = nearest(name, ...known)
  return near === undefined ? undefined : `did you mean \`${near}\`?`
}

export const messages = {
  undefinedName: (f: { name: string; known: readonly (readonly string[])[]; inherits: boolean }): Wording => ({
    message: `${quoted(f.name)} is not defined`,
    notes: [
      f.inherits
        ? `its callers have one: write \`param ${f.name}\` to use it here`
        : (elsewhere(f.name) ?? meant(f.name.split('.').at(-1)!, ...f.known)),
    ],
  }),
  noNumber: (f: { formula: string }): Wording => ({
    message: `${quoted(f.formula)} gives no number`,
    notes: [
      'it is 0 / 0, infinite less infinite, the root or logarithm of what is below zero, or the like; all that is made of it is lost',
    ],
  }),
  unknownDimension: (f: { name: string; known: readonly (readonly string[])[] }): Wording => ({
    message: `I do not know the size of ${quoted(f.name)}`,
    notes: [meant(f.name, ...f.known) ?? `name a size first: \`let ${f.name} = …\`, or \`param ${f.name}\` to use the caller's`],
  }),
  batchIsTaken: (f: { name: string }): Wording => ({
    message: `${quoted(f.name)} is the dimension of the sequences that are computed together`,
    notes: ['a network is written for one of them; call this dimension otherwise'],
  }),
  dimensionNotWhole: (f: {
    name: string
    value: string
    formula?: string
    divisors?: { name: string; of: number; nearest: readonly number[] }
    set?: string
  }): Wording => ({
    message: `${quoted(f.name)} is a dimension, so it must be ${Number(f.value) < 1 ? 'at least 1' : 'a whole number'}, but it is ${f.value}`,
    notes: [
      f.formula === undefined ? undefined : `${f.name} = ${f.formula}`,
      f.divisors === undefined ? undefined : `${f.divisors.name} that divide ${f.divisors.of}: ${f.divisors.nearest.join(', ')}`,
      f.set === undefined ? undefined : `set in ${f.set}`,
    ],
  }),
  cannotAdd: (f: { op: string; left: string; right: string; leftOnly: Sized; rightOnly: Sized }): Wording => ({
    message:
      f.op === 'sub'
        ? `cannot subtract ${f.right} from ${f.left}`
        : `cannot ${f.op === 'add' ? 'add' : 'compare'} ${f.left} and ${f.right}`,
    notes: [`the left has ${sized(f.leftOnly)}, the right has ${sized(f.rightOnly)}; a sum needs one side to fit inside the other`],
  }),
  twoSizes: (f: { name: string; sizes: readonly [number, number] }): Wording => ({
    message: `${quoted(f.name)} is ${f.sizes[0]} on one side and ${f.sizes[1]} on the other`,
    notes: ['one name means one size: give one of them another name'],
  }),
  leftoverDimension: (f: {
    name: string
    promised: string
    returned: string
    left: readonly string[]
    missing: readonly string[]
  }): Wording => ({
    message: `${quoted(f.name)} promises ${f.promised} but returns ${f.returned}`,
    notes: [
      `${names(f.left)} ${be(f.left)} left over: sum ${f.left.length === 1 ? 'it' : 'them'} away with \`sum[${f.left.join(', ')}](…)\`, or add ${f.left.length === 1 ? 'it' : 'them'} to the promise`,
      f.missing.length === 0 ? undefined : `${names(f.missing)} ${be(f.missing)} missing`,
    ],
  }),
  missingDimension: (f: { name: string; promised: string; returned: string; missing: readonly string[] }): Wording => ({
    message: `${quoted(f.name)} promises ${f.promised} but returns ${f.returned}`,
    notes: [
      `${names(f.missing)} ${be(f.missing)} missing`,
      `a walk along \`${f.missing[0]}\` that is summed away needs a name of its own: \`sum[${f.missing[0]}'](… x[${f.missing[0]}'] …)\``,
    ],
  }),
  argumentDimension: (f: { name: string; missing: readonly string[]; given: string }): Wording => ({
    message: `${quoted(f.name)} needs ${names(f.missing)}, and this is ${f.given}`,
    notes: ['dimensions meet by name: the two must call it the same'],
  }),
  clashingDimension: (f: { name: string; formal: string; clash: readonly string[]; given: string }): Wording => ({
    message: `${quoted(f.name)} uses ${names(f.clash)} for something else, and this is ${f.given}`,
    notes: [`its \`${f.formal}\` must come without ${names(f.clash)}`],
  }),
  noSuchDimension: (f: { name: string; walked: string; given: string; known: readonly string[] }): Wording => ({
    message: `there is no ${quoted(f.name)} here: this is ${f.given}`,
    notes: [
      f.walked !== f.name && f.known.includes(f.walked)
        ? `it is a second walk along ${quoted(f.walked)}: something in it is to be taken there, as \`k\` in \`q * k[${f.name}]\``
        : meant(f.name, f.known),
    ],
  }),
  dimensionTwice: (f: { name: string; given: string }): Wording => ({
    message: `this is ${f.given} already, so ${quoted(f.name)} would stand in it twice`,
    notes: [`a further walk along a dimension takes a further prime: \`${f.name}'\``],
  }),
  indexOutOfRange: (f: { name: string; last: number }): Wording => ({
    message: `this index may fall outside ${quoted(f.name)} (0 … ${f.last})`,
    notes: [`keep it inside with \`(…) mod ${f.name}\``],
  }),
  indexNotWhole: (f: { name: string }): Wording => ({
    message: `an index into ${quoted(f.name)} must be a whole number`,
    notes: ['positions, lookups and sums of them are; a quotient is not'],
  }),
  indexWithout: (f: { name: string }): Wording => ({
    message: `${quoted(f.name)} alone picks nothing`,
    notes: [`write \`[${f.name}: …]\` to look up, or \`[${f.name}']\` for a second walk along it`],
  }),
  recursive: (f: { name: string; chain: readonly string[] }): Wording => ({
    message: `${quoted(f.name)} contains itself`,
    notes: [`the chain is ${f.chain.join(' → ')}`, 'a network has a fixed depth: use `repeat n { … }`'],
  }),
  tooLong: (f: { chain: readonly string[] }): Wording => ({
    message: 'written out, with every repeat and every call, this is too long',
    notes: [
      f.chain.length === 0 ? undefined : `I gave up in ${f.chain.join(' → ')}`,
      'write fewer turns, or fewer calls that call the same again',
    ],
  }),
  tooManyTurns: (f: { turns: number }): Wording => ({
    message: `every turn of a repeat is written out, and ${f.turns} of these are too many`,
    notes: ['write fewer: some hundreds are a deep network'],
  }),
  tooDeep: (f: { limit: number; what: string }): Wording => ({
    message: `more than ${f.limit} ${f.what} lie inside each other here`,
    notes: ['make the chain shorter: let one op or block do what several do'],
  }),
  dimensionTooLarge: (f: { name: string; size: number; most: number; formula?: string; set?: string }): Wording => ({
    message: `${quoted(f.name)} is ${f.size}, and a dimension has at most ${f.most} places`,
    notes: [
      f.formula === undefined ? undefined : `${f.name} = ${f.formula}`,
      f.set === undefined ? 'write a smaller number' : `set in ${f.set}`,
    ],
  }),
  paramWithoutValue: (f: { block: string; name: string; callers: readonly string[] }): Wording => ({
    message: `${quoted(f.block)} needs ${quoted(f.name)}, and nothing that calls it has one`,
    notes:
      f.callers.length === 0
        ? [`set it in the model: \`{ ${f.name}: … }\``]
        : [`called from ${f.callers.join(' → ')}`, `give it a value, \`param ${f.name} = …\`, here or in what calls it`],
  }),
  circularLet: (f: { name: string }): Wording => ({ message: `${quoted(f.name)} depends on itself` }),
  notStatic: (f: { keyword: string; name: string }): Wording => ({
    message: `\`${f.keyword} ${f.name}\` must be known before anything runs, and this is a tensor`,
    notes: [f.keyword === 'let' ? `write \`${f.name} = …\`, without \`let\`` : 'pass it as an argument'],
  }),
  staticType: (f: { name: string; given: string }): Wording => ({
    message: `${quoted(f.name)} is ${f.given}, which is not what its type says`,
    notes: ['a `let` or `param` is a `float` or a `bool`; leave the type out'],
  }),
  weightType: (f: { type: string }): Wording => ({
    message: `weights are numbers with dimensions, and not ${quoted(f.type)}`,
    notes: ['write `weight W: [width, hidden]`'],
  }),
  fixedName: (f: { keyword: string; name: string }): Wording => ({
    message: `${quoted(f.name)} is fixed by a \`${f.keyword}\``,
    notes: ['use another name for what is computed'],
  }),
  changedDimensions: (f: { name: string; before: string; after: string }): Wording => ({
    message: `${quoted(f.name)} is ${f.before} before the repeat and ${f.after} after a turn`,
    notes: ['what goes round must keep its dimensions'],
  }),
  notACount: (f: { what: string; set?: string }): Wording => ({
    message: `a repeat needs a whole number of turns, and this is ${f.what}`,
    notes: [f.set === undefined ? undefined : `set in ${f.set}`],
  }),
  returnInRepeat: (): Wording => ({ message: 'a repeat cannot return', notes: ['return after it'] }),
  noReturn: (f: { name: string }): Wording => ({ message: `${quoted(f.name)} returns nothing`, notes: ['end its body with `return …`'] }),
  weightInOp: (f: { name: string }): Wording => ({
    message: `an op owns no weights, and ${quoted(f.name)} declares one`,
    notes: ['make it a `block`'],
  }),
  paramInOp: (f: { name: string }): Wording => ({
    message: 'an op has no params',
    notes: [`take it as an argument: \`op f(x, ${f.name} = …)\``],
  }),
  blockInOp: (f: { name: string }): Wording => ({
    message: `an op owns no weights, and the block ${quoted(f.name)} may`,
    notes: ['make the caller a `block`'],
  }),
  notAnInit: (): Wording => ({
    message: 'weights start from `normal(…)` or from one number',
  }),
  initNeedsWidth: (f: { name: string }): Wording => ({
    message: `${quoted(f.name)} needs an initial value: there is no \`width\` here to derive one from`,
    notes: ['write `~ normal(0.02)`, with a standard deviation of your choice'],
  }),
  notCallable: (f: { what: string }): Wording => ({ message: `this is ${f.what}, and only ops and blocks can be called` }),
  argumentCount: (f: { name: string; formals: readonly string[]; given: number; reduces?: boolean }): Wording => ({
    message: `${quoted(f.name)} takes ${f.formals.length === 0 ? 'no arguments' : names(f.formals)}, and gets ${f.given} argument${f.given === 1 ? '' : 's'}`,
    notes: [f.reduces ? `dimensions stand in brackets: \`${f.name}[width](x)\`` : elsewhere(f.name)],
  }),
  missingArgument: (f: { name: string; formal: string }): Wording => ({ message: `${quoted(f.name)} needs ${quoted(f.formal)}` }),
  unknownArgument: (f: { name: string; argument: string; formals: readonly string[] }): Wording => ({
    message: `${quoted(f.name)} has no argument ${quoted(f.argument)}`,
    notes: [meant(f.argument, f.formals) ?? `it takes ${names(f.formals)}`],
  }),
  dimensionCount: (f: { name: string; formals: readonly string[]; given: number }): Wording => ({
    message:
      f.formals.length === 0
        ? `${quoted(f.name)} takes no dimension in brackets`
        : `${quoted(f.name)} takes ${f.formals.length === 1 ? 'one dimension' : `${f.formals.length} dimensions`} in brackets, and gets ${f.given === 0 ? 'none' : f.given}`,
    notes: [f.formals.length === 0 ? undefined : `write \`${f.name}[${f.formals.map(() => '…').join(', ')}](…)\``],
  }),
  needsNumber: (f: { what: string; given: string }): Wording => ({
    message: `${f.what} needs numbers, and this is ${f.given}`,
    notes: [
      f.given === 'true or false' || f.given.startsWith('[') ? 'write `if … then 1 else 0` to make numbers of truth values' : undefined,
    ],
  }),
  needsTruth: (f: { what: string; given: string }): Wording => ({
    message: `${f.what} needs true or false, and this is ${f.given}`,
    notes: ['compare it with something: `x > 0`'],
  }),
  unlikeBranches: (f: { then: string; else: string }): Wording => ({
    message: `one side of this \`if\` is ${f.then}, the other ${f.else}`,
  }),
  notAnExpression: (f: { what: string }): Wording => ({ message: `${f.what} means nothing in the body of an op or block` }),
  unitInCode: (f: { text: string; number: string }): Wording => ({
    message: `formulas have no units: ${quoted(f.text)}`,
    notes: [`write \`${f.number}\``],
  }),
  unknownGradient: (f: { name: string; formals: readonly string[] }): Wording => ({
    message: `there is no argument ${quoted(f.name)} to give a gradient to`,
    notes: [meant(f.name, f.formals)],
  }),
  missingGradient: (f: { name: string; formal: string }): Wording => ({
    message: `the gradient of ${quoted(f.name)} leaves out ${quoted(f.formal)}`,
    notes: [`write \`${f.formal}: 0\` if nothing flows back to it`],
  }),
  gradientShape: (f: { formal: string; given: string; wanted: string }): Wording => ({
    message: `the gradient of ${quoted(f.formal)} is ${f.given}, and ${quoted(f.formal)} itself is ${f.wanted}`,
    notes: ['sum the rest away'],
  }),
  notAModel: (f: { name: string }): Wording => ({
    message: `${quoted(f.name)} is no model: a model takes tokens and returns logits`,
    notes: [`declare it as \`block ${f.name}(tokens: symbols[time]) -> [time, vocab]\``],
  }),
  otherVocab: (f: { size: number; given: number }): Wording => ({
    message: `\`vocab\` is ${f.size} here, and the tokenizer has ${f.given} tokens`,
    notes: ['the tokenizer gives it to a model: write `param vocab`'],
  }),
  notANumber: (f: { name: string; given: string; native: boolean }): Wording => ({
    message: f.native
      ? `${quoted(f.name)} is written in WGSL, so I cannot compute it here`
      : `${quoted(f.name)} must give a number for numbers, and gives ${f.given}`,
    notes: [f.native ? 'write it as a formula: it is needed before anything runs on the device' : undefined],
  }),
}

export type Say = ReturnType<typeof sayTo>

/** Report functions over `messages`; a place is blamed once for one thing, however often a repeat comes by. */
export function sayTo(report: Report, onError: () => void = () => undefined) {
  return new Once(report, onError).using(messages)
}

class Once extends Report {
  readonly #target: Report
  readonly #onError: () => void
  readonly #seen = new Set<string>()

  constructor(target: Report, onError: () => void) {
    super()
    this.#target = target
    this.#onError = onError
  }

  override add(diagnostic: Diagnostic): void {
    const key = `${diagnostic.code} ${diagnostic.span.source.name}:${diagnostic.span.start}`
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    this.#onError()
    this.#target.add(diagnostic)
  }
}
