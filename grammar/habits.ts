// A token that fits nowhere, and those around it → what another language writes there, and how it is said here. The first habit
// that fits is told instead of what the grammar expected.
import type { IToken } from 'chevrotain'
import { each } from './suggest.ts'
import { Colon, Comma, Equals, LParen, LSquare, Name, Str } from './tokens.ts'

export interface Habit {
  /** What other languages write: the first and the last token. */
  readonly from: IToken
  readonly to: IToken
  readonly cure: string
  /** It opens lines that mean nothing without it, down to the start of one that this fits. */
  readonly opens?: RegExp
}

/** A place in a run of tokens where the parser could not go on. */
export interface Stumble {
  readonly tokens: readonly IToken[]
  /** The place of the token that did not fit; the number of tokens at their end. */
  readonly at: number
  /** The rules of the grammar around it, the innermost last. */
  readonly rules: readonly string[]
  readonly text: string
}

/** The habit behind a stumble, if it is one. */
export function habitAt(stumble: Stumble): Habit | undefined {
  return lambda(stumble) ?? habitOfWord(stumble) ?? habitOfMark(stumble)
}

const USE = 'a library or a page is brought by `use smdm` or `use "other.smdm" as other`'
const OP = 'a function is an op: `op name(x) = …`'
const CHOICE = 'a choice is a value, the condition first: `if … then … else …`'
const MANY = 'a page does nothing in turn: a `sweep` runs a stage for several values'

/** What declarations begin with elsewhere. */
const DECLARING: Readonly<Record<string, string>> = {
  ...each(['import', 'from', 'include', 'require'], USE),
  ...each(['def', 'function', 'fn', 'func', 'fun'], OP),
  ...each(['class', 'struct'], 'a network with weights is a block: `block name(x: [time, width]) -> [time, width] { … }`'),
  ...each(['const', 'var', 'val', 'set'], 'a name for a value is `let name = …`'),
  ...each(['for', 'while', 'foreach'], MANY),
  ...each(['if', 'elif', 'switch', 'match'], `${CHOICE}; ${MANY}`),
  ...each(['print', 'echo', 'assert'], '`smdmc explain page.smdm NAME` prints the values of a stage'),
}

/** What statements in a body begin with elsewhere. */
const STATING: Readonly<Record<string, string>> = {
  in: 'a repeat counts for itself: `repeat 3 { … }`',
  ...each(['for', 'while'], 'a network has a fixed depth: `repeat 3 { … }` writes its body out three times'),
  ...each(['if', 'elif', 'else'], `${CHOICE}, as in \`y = if … then … else …\``),
  ...each(['def', 'function', 'fn', 'class', 'op', 'block'], 'ops and blocks stand beside each other, not inside'),
  ...each(['var', 'const', 'auto', 'float', 'int'], 'what is computed needs a name and nothing in front: `y = …`'),
}

/** Where a word of these tables can have led astray. */
const OUTER = ['noun', 'declaration', 'body', 'statement', 'assign', 'repeat']

/** A line that does not hang on another. */
const LINE = /\n[A-Za-z]/
/** One that begins with two words, or a word and a text. */
const DECLARATION = /\n[A-Za-z]\w*[ \t]+[A-Za-z"]/

/** The start of the next line that does not hang on another, or behind the end. */
export function nextDeclaration(text: string, from: number, begins = LINE): number {
  const at = text.slice(from).search(begins)
  return at < 0 ? text.length + 1 : from + at + 1
}

function habitOfWord({ tokens, at, rules, text }: Stumble): Habit | undefined {
  const rule = rules.at(-1) ?? ''
  const inBody = rules.includes('body')
  const words = inBody ? STATING : DECLARING
  const places = (inBody ? [at, at - 1] : rule === 'declaration' ? [at, 0] : [0]).filter((i) =>
    Object.hasOwn(words, tokens[i]?.image ?? ''),
  )
  const [place] = OUTER.includes(rule) ? places.filter((i) => tokens[i + 1]?.tokenType !== Colon) : []
  if (place === undefined) return undefined
  const word = tokens[place]!
  // In `t if t > 0 else 0` a value stands in front of it.
  if (word.image === 'if' && /[\w'")\]}][ \t]*$/.test(text.slice(0, word.startOffset))) return { from: word, to: word, cure: CHOICE }
  return { from: word, to: word, cure: words[word.image]!, opens: LINE }
}

/** Its colon is read as that of a field, so the stumble may come late. */
function lambda({ tokens, at, text }: Stumble): Habit | undefined {
  const here = tokens[at] ?? tokens[at - 1]
  const word = tokens.find((token) => token.image === 'lambda' && onOneLine(text, token, here!))
  return word && { from: word, to: word, cure: `${OP}; its name stands where it is used` }
}

interface Around extends Stumble {
  readonly token?: IToken
  readonly previous?: IToken
  readonly next?: IToken
  readonly rule: string
}

function habitOfMark(stumble: Stumble): Habit | undefined {
  const { tokens, at, rules } = stumble
  const around = { ...stumble, token: tokens[at], previous: tokens[at - 1], next: tokens[at + 1], rule: rules.at(-1) ?? '' }
  for (const mark of MARKS) {
    const habit = mark(around)
    if (habit) return habit
  }
  return undefined
}

const MARKS: readonly ((around: Around) => Habit | undefined)[] = [
  (a) => pair(a, '*', '*', 'a power is written `a ^ b`'),
  assigning,
  keyword,
  tuple,
  prefixed,
  quotedKey,
  weight,
  several,
  spread,
  section,
]

/** Two marks side by side, of which the second does not fit. */
function pair({ token, previous }: Around, first: string, second: string, cure: string): Habit | undefined {
  if (token?.image !== second || previous?.image !== first || !touch(previous, token)) return undefined
  return { from: previous, to: token, cure }
}

/** `x += y` */
function assigning({ token, next, previous, rule }: Around): Habit | undefined {
  if (rule !== 'assign' || !token || !/^[-+*/^]$/.test(token.image) || next?.tokenType !== Equals || !touch(token, next)) return undefined
  return { from: token, to: next, cure: `write \`${previous?.image} = ${previous?.image} ${token.image} …\`` }
}

/** `adamw(lr=1e-3)` */
function keyword({ tokens, at, token, previous, rule }: Around): Habit | undefined {
  if (token?.tokenType !== Equals || rule !== 'args' || previous?.tokenType !== Name) return undefined
  const open = tokens.slice(0, at).findLastIndex(({ tokenType }) => tokenType === LParen)
  const cure = `settings stand in braces, with colons: \`${tokens[open - 1]?.image} { ${previous.image}: … }\``
  return { from: token, to: token, cure }
}

/** `(0.9, 0.95)` */
function tuple({ token, rule }: Around): Habit | undefined {
  if (token?.tokenType !== Comma || rule !== 'operand') return undefined
  return { from: token, to: token, cure: 'several values are a list, in brackets: `[…, …]`' }
}

/** `f"…"` */
function prefixed({ token, previous }: Around): Habit | undefined {
  if (token?.tokenType !== Str || !previous || !/^[fbru]$/i.test(previous.image) || !touch(previous, token)) return undefined
  return { from: previous, to: previous, cure: 'nothing stands in front of a text; texts and names are joined with `+`' }
}

/** `"key": value` */
function quotedKey({ token, next, rule }: Around): Habit | undefined {
  if (token?.tokenType !== Str || next?.tokenType !== Colon || rule !== 'record') return undefined
  return { from: token, to: token, cure: `the name of a field has no quotes: \`${token.image.slice(1, -1)}: …\`` }
}

/** `weight W = normal(0.02)`, `weight W: [width] = 1` */
function weight({ tokens, at, token, rules, text }: Around): Habit | undefined {
  if (token?.tokenType !== Equals || !rules.includes('body')) return undefined
  const begin = tokens.slice(0, at).findLast(({ image }) => image === 'weight')
  if (!begin || !onOneLine(text, begin, token)) return undefined
  return { from: token, to: token, cure: '`~` says how a weight starts: `weight W: [width, hidden] ~ normal(0.02)`' }
}

/** `return x, y` */
function several({ token, rule, rules }: Around): Habit | undefined {
  if (token?.tokenType !== Comma || rule !== 'body' || !rules.includes('body')) return undefined
  return { from: token, to: token, cure: 'a body gives one tensor, and a call one value; several are several blocks', opens: LINE }
}

/** `{ ...base }` */
function spread({ token, next, rule }: Around): Habit | undefined {
  if (token?.image !== '.' || next?.image !== '.' || rule !== 'record') return undefined
  return { from: token, to: next, cure: 'what a record begins with stands in front of it: `base { … }`' }
}

/** `[model]` above its settings, as in TOML */
function section({ token, tokens, at, rule }: Around): Habit | undefined {
  if (token?.tokenType !== LSquare || rule !== 'declaration' || at > 0) return undefined
  const name = tokens[1]?.tokenType === Name ? tokens[1].image : 'kind'
  const cure = `what belongs together stands in braces, behind its kind and a name: \`${name} name { field: value }\``
  return { from: token, to: tokens.at(-1)!, cure, opens: DECLARATION }
}

const touch = (a: IToken, b: IToken): boolean => a.endOffset! + 1 === b.startOffset

function onOneLine(text: string, a: IToken, b: IToken): boolean {
  return !text.slice(Math.min(a.startOffset, b.startOffset), Math.max(a.startOffset, b.startOffset)).includes('\n')
}
