// All that lexer and parser can say to the user, in English. Sites report facts; nothing is decided here.
import type { Catalogue, Fix } from './diagnostic.ts'
import { listOf } from './suggest.ts'

const inWords = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve']

const suffixNotes = new Map<string, (digits: string) => string>(
  Object.entries({
    m: (digits: string) => `${digits}M is ${inWords[Number(digits)] ?? digits} million; time is written 30min`,
    K: (digits: string) => `a thousand is written with a small letter: ${digits}k`,
    G: (digits: string) => `write ${digits}B for a billion, ${digits}GiB for memory`,
    b: (digits: string) => `a billion is written with a capital: ${digits}B`,
    t: (digits: string) => `a trillion is written with a capital: ${digits}T`,
  }),
)

export const messages = {
  unknownSuffix: ({ spelling, digits, suffix, near, fixes }: UnknownSuffix) => ({
    message: `I do not know the suffix \`${suffix}\` in \`${spelling}\``,
    notes: [suffixNotes.get(suffix)?.(digits) ?? (near === undefined ? undefined : `did you mean \`${near}\`?`)],
    fixes,
  }),
  unknownUnit: ({ spelling, unit, near, units, time, fixes }: UnknownUnit) => ({
    message: `I do not know the unit \`${unit}\` in \`${spelling}\``,
    notes: [
      near === undefined ? `the units are ${listOf(units)}` : `did you mean \`${near}\`?`,
      time ? 'a time says how often something happens; how long a training is, its steps or tokens say' : undefined,
    ],
    fixes,
  }),
  unitApart: ({ number, unit, fixes }: { number: string; unit: string; fixes: readonly Fix[] }) => ({
    message: `the unit \`${unit}\` stands too far from its number`,
    notes: [`write \`${number} ${unit}\`, on one line and with one blank`],
    fixes,
  }),
  numberTooLarge: ({ spelling }: { spelling: string }) => ({
    message: `\`${spelling}\` is larger than any number I can hold`,
    notes: ['the largest is about 1.8e308'],
  }),
  openString: ({ triple, fixes }: { triple: boolean; fixes: readonly Fix[] }) => ({
    message: triple ? 'this text is never closed' : 'this text is not closed before its line ends',
    notes: [triple ? 'end it with `"""`' : 'end it with `"`, or put it between `"""` if it has several lines'],
    fixes,
  }),
  badEscape: ({ escape, fixes }: { escape: string; fixes: readonly Fix[] }) => ({
    message: `I do not know the escape \`${escape}\``,
    notes: ['the escapes are `\\n`, `\\t`, `\\r`, `\\"`, `\\\\` and `\\u{1F600}`; a backslash is written twice'],
    fixes,
  }),
  unexpectedCharacter: ({ text, advice, fixes }: { text: string; advice?: string; fixes?: readonly Fix[] }) => ({
    message: `I cannot read \`${text}\` here`,
    notes: [advice],
    fixes,
  }),
  unclosedBracket: ({ open, close, fixes }: { open: string; close: string; fixes: readonly Fix[] }) => ({
    message: `this \`${open}\` is never closed`,
    notes: [`its \`${close}\` is missing`],
    fixes,
  }),
  strayBracket: ({ close, fixes }: { close: string; fixes: readonly Fix[] }) => ({
    message: `this \`${close}\` closes nothing`,
    notes: ['leave it out, or open it earlier'],
    fixes,
  }),
  wrongBracket: ({ open, found, close, fixes }: { open: string; found: string; close: string; fixes: readonly Fix[] }) => ({
    message: `this \`${found}\` closes a \`${open}\``,
    notes: [`write \`${close}\``],
    fixes,
  }),
  nestingTooDeep: ({ limit }: { limit: number }) => ({
    message: `this is nested more than ${limit} levels deep`,
    notes: ['give the inner parts names with `let` and use the names'],
  }),
  chainTooLong: ({ limit }: { limit: number }) => ({
    message: `this expression has more than ${limit} operations in one chain`,
    notes: ['give its parts names with `let` and use the names'],
  }),
  expectedComma: ({ between, fixes }: { between: string; fixes: readonly Fix[] }) => ({
    message: `I expected a comma between ${between}`,
    fixes,
  }),
  colonNotEquals: ({ name, fixes }: { name: string; fixes: readonly Fix[] }) => ({
    message: 'a record gives values with a colon',
    notes: [`write \`${name}: …\`; \`=\` makes a new name, \`:\` fills a place that is already there`],
    fixes,
  }),
  chainedComparison: () => ({
    message: 'comparisons do not chain',
    notes: ['compare twice and join with `and`: `a < b and b < c`'],
  }),
  misplacedNot: () => ({
    message: '`not` cannot stand after an operator that binds tighter',
    notes: ['put it in parentheses: `(not …)`'],
  }),
  reservedName: ({ word }: { word: string }) => ({
    message: `\`${word}\` is a reserved word, so nothing new can be called that`,
    notes: ['only a field may be called like a reserved word; choose another name'],
  }),
  otherLanguage: ({ text, cure, fixes }: { text: string; cure: string; fixes?: readonly Fix[] }) => ({
    message: `other languages write \`${text}\` here`,
    notes: [cure],
    fixes,
  }),
  /** `record`: one stands behind it, as behind what a kind declares. */
  missingLet: ({ name, record, fixes }: { name: string; record: boolean; fixes: readonly Fix[] }) => ({
    message: `\`${name}\` is new here and needs \`let\` or \`param\` in front`,
    notes: [
      `write \`let ${name} = …\`, or \`param ${name} = …\` if the command line may set it`,
      record ? `if \`${name}\` is a kind, what is declared needs a name: \`${name} name = …\`` : undefined,
    ],
    fixes,
  }),
  missingName: ({ kind }: { kind: string }) => ({
    message: `this \`${kind}\` has no name`,
    notes: [`write \`${kind} name { … }\``],
  }),
  strayField: ({ name }: { name: string }) => ({
    message: `\`${name}: …\` stands outside any record`,
    notes: ['fields belong between the braces of a declaration: `train name { … }`'],
  }),
  missingPromise: () => ({
    message: 'a block promises the dimensions it returns',
    notes: ['write `-> [time, width]`, with its own words, before the body'],
  }),
  missingColon: ({ name, fixes }: { name: string; fixes: readonly Fix[] }) => ({
    message: `I expected a colon after \`${name}\``,
    notes: [`a record gives values with a colon: \`${name}: …\``],
    fixes,
  }),
  unexpected: ({ expected, found, advice }: { expected: string; found?: string; advice?: string }) => ({
    message: found === undefined ? `I expected ${expected} here` : `I expected ${expected}, but found ${found}`,
    notes: [advice],
  }),
} satisfies Catalogue

interface UnknownSuffix {
  readonly spelling: string
  readonly digits: string
  readonly suffix: string
  readonly near?: string
  readonly fixes: readonly Fix[]
}

interface UnknownUnit {
  readonly spelling: string
  readonly unit: string
  readonly near?: string
  readonly units: readonly string[]
  /** Whether a time was meant. */
  readonly time: boolean
  readonly fixes: readonly Fix[]
}
