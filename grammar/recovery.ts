// Chevrotain's exceptions → our diagnostics: one sentence of what was expected, in the words of the
// language, and what was found; where the slip is a common one, its own message and its cure.
import { EOF, tokenLabel, type IParserErrorMessageProvider, type IRecognitionException, type IToken } from 'chevrotain'
import type { Fix, Report } from './diagnostic.ts'
import { messages } from './messages.ts'
import type { SourceFile, Span } from './source.ts'
import { closes, Colon, endsValue, Equals, isWord, LCurly, LParen, LSquare, Name, Num, Str, Str3 } from './tokens.ts'

/** What a rule wants where none of its alternatives fits. */
const choices: Readonly<Record<string, string>> = {
  declaration: 'a declaration, such as `let`, `op`, `block` or `train name { … }`',
  use: 'the name of a library, or a file in quotes',
  noun: '`= …` or `{ … }` after the name',
  field: '`: value` or `{ … }` after the name of a field',
  op: '`= …` or a body `{ … }`',
  type: 'a type, such as `[time, width]` or `float`',
  count: 'how often: a name, a number, or `( … )`',
  operand: 'a value',
  wgsl: 'the body of a WGSL function in quotes',
}

/** What a rule wants where one token must stand; elsewhere the token's label says it. */
const places: Readonly<Record<string, string>> = {
  'record LCurly': 'a record `{ … }`',
  'record RCurly': 'a field `name: value`, or `}`',
  'body LCurly': 'a body `{ … }`',
  'body RCurly': 'a statement, such as `name = …` or `return …`, or `}`',
  'formals LParen': '`(` and the arguments',
  'formals RParen': '`,` or `)`',
  'args RParen': '`,` or `)`',
  'list RSquare': '`,` or `]`',
  'dims RSquare': '`,` or `]`',
  'indices RSquare': '`,` or `]`',
  'index Name': 'a dimension',
  'member AnyName': 'a name after the dot',
  'let Equals': '`=` and a value',
  'assign Equals': '`=` and a value',
  'weight Colon': '`:` and the dimensions of the weight',
  'branch Then': '`then`',
  'branch Else': '`else`',
}

/** Puts the expectation, and nothing else, into the message of each exception; reportErrors makes the sentence. */
export const expectations: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected, ruleName }) => places[`${ruleName} ${expected.name}`] ?? tokenLabel(expected),
  buildNotAllInputParsedMessage: ({ ruleName }) => (ruleName === 'declaration' ? choices.declaration! : 'the end of the value'),
  buildNoViableAltMessage: ({ ruleName }) => choices[ruleName] ?? 'something else',
  buildEarlyExitMessage: ({ ruleName }) => choices[ruleName] ?? 'something else',
}

/** Reports each exception of one run of tokens, and of several at one token only the first. */
export function reportErrors(
  errors: readonly IRecognitionException[],
  tokens: readonly IToken[],
  source: SourceFile,
  report: Report,
): void {
  if (errors.length === 0) return
  const seen = new Set<number>()
  const order = new Map(tokens.map((token, i) => [token, i]))
  const end = (tokens.findLast(({ image }) => image !== '')?.endOffset ?? -1) + 1
  for (const error of errors) {
    const ended = error.token.tokenType === EOF
    const start = ended ? end : error.token.startOffset
    if (seen.has(start)) continue
    seen.add(start)
    const before = tokens.slice(0, order.get(error.token) ?? tokens.length).slice(-3)
    reportError(error, before, { source, start, end: ended ? start : error.token.endOffset! + 1 }, report)
  }
}

/** `before`: the last tokens in front of the one that did not fit. */
function reportError({ token, context, message }: IRecognitionException, before: readonly IToken[], span: Span, report: Report): void {
  const previous = before.at(-1)
  const say = report.using(messages)
  const rule = context.ruleStack.at(-1) ?? ''
  if (rule === 'noun' && message === tokenLabel(Name) && previous !== undefined) {
    reportHalfNoun(token, previous, span, report)
  } else if (rule === 'field' && previous !== undefined && beginsValue(token)) {
    const place = { ...span, start: previous.endOffset! + 1, end: previous.endOffset! + 1 }
    say.missingColon(span, { name: previous.image, fixes: [{ title: 'put a colon', span: place, text: ':' }] })
  } else if (message === tokenLabel(Name) && token.tokenType !== Name && isWord(token)) {
    say.reservedName(span, { word: token.image })
  } else {
    say.unexpected(span, { expected: message, found: describe(token), advice: adviceFor(token, before, context.ruleStack) })
  }
}

/** A word at the top of a file that begins no declaration: a kind without a name, a `let` or a record forgotten. */
function reportHalfNoun(token: IToken, first: IToken, at: Span, report: Report): void {
  const say = report.using(messages)
  const span = { ...at, start: first.startOffset, end: first.endOffset! + 1 }
  const insert: Fix = { title: 'put `let` in front', span: { ...span, end: span.start }, text: 'let ' }
  if (token.tokenType === Equals) say.missingLet(span, { name: first.image, fixes: [insert] })
  else if (token.tokenType === Colon) say.strayField(span, { name: first.image })
  else if (token.tokenType === LCurly || token.tokenType === LParen || token.tokenType === Str) say.missingName(span, { kind: first.image })
  else if (isWord(token)) say.reservedName(at, { word: token.image })
  else say.unexpected(at, { expected: `a name after \`${first.image}\``, found: describe(token) })
}

const beginsValue = (token: IToken): boolean => token.tokenType === LSquare || (endsValue(token) && !closes(token))

/** How a message calls what was found; nothing where a declaration just ended. */
function describe({ tokenType, image }: IToken): string | undefined {
  if (tokenType === EOF || image === '') return undefined
  if (tokenType === Str || tokenType === Str3) return 'a text in quotes'
  if (tokenType === Num) return `the number \`${image}\``
  return `\`${image}\``
}

/** What a declaration begins with in other languages. */
const HABITS: Readonly<Record<string, string>> = {
  import: 'a library or a page is brought by `use smdm` or `use "other.smdm" as other`',
  from: 'a library or a page is brought by `use smdm` or `use "other.smdm" as other`',
  def: 'a function is an op: `op name(x) = …`',
  function: 'a function is an op: `op name(x) = …`',
  class: 'a network with weights is a block: `block name(x: [time, width]) -> [time, width] { … }`',
  const: 'a name for a value is `let name = …`',
  var: 'a name for a value is `let name = …`',
}

/** Habits from other languages, and slips that have one cure. */
function adviceFor({ image, startOffset }: IToken, before: readonly IToken[], rules: readonly string[]): string | undefined {
  const rule = rules.at(-1)
  const previous = before.at(-1)
  const habit = rule === 'noun' ? before.find((token) => Object.hasOwn(HABITS, token.image)) : undefined
  if (habit) return HABITS[habit.image]
  const touches = previous !== undefined && previous.endOffset! + 1 === startOffset
  if (image === '/' && previous?.image === '/') return 'comments begin with `#`'
  if (image === '*' && previous?.image === '*') return 'a power is written `a ^ b`'
  if (image === '=' && (rule === 'branch' || previous?.image === '=')) return 'equality is written `==`'
  if (image === ':' && rule === 'op') return 'the result of an op is written `->`, before its body'
  if (image === '=' && (rule === 'block' || rule === 'body')) return 'a block always has a body: `{ return … }`'
  if (image === '>' && touches && previous.image === '=') return 'the result of an op is written `->`'
  if (image === ',' && previous?.image === ',') return 'one comma is enough'
  if ((image === ')' || image === ']') && previous?.image === ',') return 'leave out the comma before it'
  if (image === '.' && rule === 'operand') return 'a fraction begins with a digit: `0.5`'
  if (rule === 'branch') return 'a condition has both values: `if … then … else …`'
  if (rule === 'type' && ['assign', 'param', 'let'].includes(rules.at(-2) ?? '')) return '`:` gives a type; a value is given with `=`'
  return undefined
}
