// Chevrotain's exceptions → our diagnostics: one sentence of what was expected, in the words of the
// language, and what was found; where the slip is a common one, its own message and its cure.
import { EOF, tokenLabel, type IParserErrorMessageProvider, type IRecognitionException, type IToken } from 'chevrotain'
import type { Diagnostic, Fix, Report } from './diagnostic.ts'
import { habitAt, nextDeclaration, type Habit, type Stumble } from './habits.ts'
import { messages } from './messages.ts'
import type { SourceFile, Span } from './source.ts'
import { closes, Colon, Dot, endsValue, Equals, isOperator, isWord, LCurly, LParen, LSquare, Name, Num, Str, Str3 } from './tokens.ts'

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

/** What a stumble makes unreadable: nothing is said of it, if the stumble is told. */
export interface Unread {
  readonly start: number
  readonly end: number
  readonly cause: Diagnostic
}

/** Reports each exception of one run of tokens, and of several on one line only the first. What it gives need not be read further. */
export function reportErrors(
  errors: readonly IRecognitionException[],
  tokens: readonly IToken[],
  source: SourceFile,
  report: Report,
): readonly Unread[] {
  if (errors.length === 0) return []
  const order = new Map(tokens.map((token, i) => [token, i]))
  const end = (tokens.findLast(({ image }) => image !== '')?.endOffset ?? -1) + 1
  const unread: Unread[] = []
  for (const [i, error] of errors.entries()) {
    // What is left over behind a stumble was not read because of it.
    if (i > 0 && error.name === 'NotAllInputParsedException') continue
    const ended = error.token.tokenType === EOF
    const start = ended ? end : error.token.startOffset
    const at = order.get(error.token) ?? tokens.length
    const stumble = { tokens, at, rules: error.context.ruleStack, text: source.text }
    const habit = habitAt(stumble)
    if (habit) {
      unread.push(...reportHabit(habit, source, report))
      continue
    }
    reportError(error, stumble, { source, start, end: ended ? start : error.token.endOffset! + 1 }, report)
    if (opensLines(stumble)) unread.push({ start, end: nextDeclaration(source.text, start), cause: report.diagnostics.at(-1)! })
  }
  return unread
}

function reportHabit({ from, to, cure, opens }: Habit, source: SourceFile, report: Report): readonly Unread[] {
  const span = { source, start: from.startOffset, end: to.endOffset! + 1 }
  report.using(messages).otherLanguage(span, { text: source.text.slice(span.start, span.end), cure })
  return opens ? [{ start: span.start, end: nextDeclaration(source.text, span.end, opens), cause: report.diagnostics.at(-1)! }] : []
}

function reportError({ token, context, message }: IRecognitionException, stumble: Stumble, span: Span, report: Report): void {
  const previous = stumble.tokens[stumble.at - 1]
  const say = report.using(messages)
  const rule = context.ruleStack.at(-1) ?? ''
  if (rule === 'noun' && message === tokenLabel(Name) && previous !== undefined) {
    reportHalfNoun(token, previous, stumble, span, report)
  } else if (rule === 'record' && token.tokenType === Colon && isWord(previous ?? token) && below(stumble)) {
    const empty = stumble.tokens[stumble.at - 2]!.endOffset! + 1
    say.unexpected(
      { ...span, start: empty, end: empty },
      { expected: 'a value', advice: `\`${previous!.image}\` below begins the next field` },
    )
  } else if (rule === 'field' && previous !== undefined && beginsValue(token)) {
    const place = { ...span, start: previous.endOffset! + 1, end: previous.endOffset! + 1 }
    say.missingColon(span, { name: previous.image, fixes: [{ title: 'put a colon', span: place, text: ':' }] })
  } else if (message === tokenLabel(Name) && token.tokenType !== Name && isWord(token)) {
    say.reservedName(span, { word: token.image })
  } else {
    say.unexpected(span, { expected: message, found: describe(token), advice: adviceFor(token, stumble) })
  }
}

/** A word at the top of a file that begins no declaration: a kind without a name, a `let` or a record forgotten. */
function reportHalfNoun(token: IToken, first: IToken, { tokens }: Stumble, at: Span, report: Report): void {
  const say = report.using(messages)
  const span = { ...at, start: first.startOffset, end: first.endOffset! + 1 }
  const insert: Fix = { title: 'put `let` in front', span: { ...span, end: span.start }, text: 'let ' }
  if (token.tokenType === Equals)
    say.missingLet(span, { name: first.image, record: tokens.some(({ tokenType }) => tokenType === LCurly), fixes: [insert] })
  else if (token.tokenType === Colon) say.strayField(span, { name: first.image })
  else if (token.tokenType === LCurly || token.tokenType === LParen || token.tokenType === Str) say.missingName(span, { kind: first.image })
  else if (isWord(token)) say.reservedName(at, { word: token.image })
  else {
    const amend = token.tokenType === Dot ? `to change \`${first.image}\`, amend it: \`kind name = ${first.image} { … }\`` : undefined
    const advice = token.tokenType === Num ? 'a name begins with a letter' : amend
    say.unexpected(at, { expected: `a name after \`${first.image}\``, found: describe(token), advice })
  }
}

const beginsValue = (token: IToken): boolean => token.tokenType === LSquare || (endsValue(token) && !closes(token))

/** How a message calls what was found; nothing where a declaration just ended. */
function describe({ tokenType, image }: IToken): string | undefined {
  if (tokenType === EOF || image === '') return undefined
  if (tokenType === Str || tokenType === Str3) return 'a text in quotes'
  if (tokenType === Num) return `the number \`${image}\``
  return `\`${image}\``
}

/** Whether the word in front of a colon stands on a line below the last one, where a value was forgotten. */
function below({ tokens, at, text }: Stumble): boolean {
  const [last, word] = [tokens[at - 2], tokens[at - 1]]
  return last !== undefined && word !== undefined && text.slice(last.startOffset, word.startOffset).includes('\n')
}

/** Whether what stands below is lost with what is missing here: a body without braces, a record as YAML has it. */
function opensLines({ tokens, at, rules, text }: Stumble): boolean {
  const rule = rules.at(-1)
  if (at === tokens.length) {
    const rest = text.slice((tokens.at(-1)?.endOffset ?? -1) + 1)
    return (rule === 'body' && rules.at(-2) === 'block') || (rule === 'noun' && /^[ \t]*(#.*)?\n[ \t]+\S/.test(rest))
  }
  return rule === 'noun' && tokens[at]!.tokenType === Colon && /^\s*?(#.*)?\n/.test(text.slice(tokens[at]!.startOffset + 1))
}

/** Slips that have one cure. */
function adviceFor({ image, startOffset, tokenType }: IToken, stumble: Stumble): string | undefined {
  const { tokens, at, rules } = stumble
  // What is left over behind a declaration stands in no rule.
  const rule = rules.at(-1) ?? 'declaration'
  const [first, previous, next] = [tokens[0], tokens[at - 1], tokens[at + 1]]
  const touches = previous !== undefined && previous.endOffset! + 1 === startOffset
  const name = previous?.image
  const declared = `${first?.image} ${tokens[1]?.image ?? 'name'}`
  switch (rule) {
    case 'noun':
      if (opensLines(stumble)) return `a record stands in braces, \`${declared} { … }\`; a page in YAML is called \`….yaml\``
      if (image === ':' || image === '==' || at === tokens.length)
        return `what it is stands behind \`=\`, or in braces: \`${declared} = …\`, \`${declared} { … }\``
      if (image === '.') return 'a name has no dots'
      if (image === '-' && touches && isWord(previous)) return `a name has letters, digits and \`_\`: \`${name}_${next?.image ?? ''}\``
      break
    case 'field':
      if (image === '(') return `a record stands in braces: \`${name} { … }\``
      if (image === '.' && tokens[at - 3]?.image === 'over') return `names in \`over\` are new: \`over { ${next?.image}: […] }\`, and \`run: … { ${name} { ${next?.image}: ${next?.image} } }\`` // prettier-ignore
      if (image === '.') return `a field inside another stands in its braces: \`${name} { ${next?.image ?? ''}: … }\``
      break
    case 'record':
      if (rules.at(-2) === 'grad') return 'it gives one for each argument: `grad(dy) { x: dy * … }`'
      if (tokenType === Num && previous?.image === ',' && touches) return 'a comma separates: the decimals stand behind a point, `0.001`, and digits are grouped with `_`, `2_000`' // prettier-ignore
      break
    case 'formals':
      if (image === '=') return `arguments stand behind the name: \`${first?.image} ${name}(x) = …\``
      break
    case 'declaration':
      if (image === ',') return 'nothing stands between declarations'
      if (image === '{') return 'a declaration begins with its kind and its name, `train name { … }`; a page in JSON is called `….json`'
      if (image === '[') return 'a declaration is its kind, its name and a record: `model name = base { … }`'
      if (image === 'grad') return 'a gradient stands behind its op: `op f(x) = …`, then `grad(dy) { x: … }`'
      break
    case 'dims':
      if (tokenType === Num) return 'dimensions have names: `[width, hidden]`; a size of your own gets one with `let size = …`'
      break
    case 'index':
      if (tokenType === Num) return `say along which dimension: \`[time: ${image}]\``
      break
    case 'assign':
      if (isOperator(tokens[at]!)) return 'a statement is `name = …`; what a body gives stands behind `return`'
      break
    case 'body':
      if (rules.at(-2) === 'block' && at === tokens.length) return BODY
      break
    default:
  }
  if (image === '=' && (rule === 'branch' || previous?.image === '=')) return 'equality is written `==`'
  if (image === ':' && rule === 'op') return 'the result of an op is written `->`, before its body'
  if (image === '=' && (rule === 'block' || rule === 'body')) return BODY
  if (image === '>' && touches && name === '=') return 'the result of an op is written `->`'
  if (image === ',' && name === ',') return 'one comma is enough'
  if ((image === ')' || image === ']') && name === ',') return 'leave out the comma before it'
  if (image === '.' && rule === 'operand') return 'a fraction begins with a digit: `0.5`'
  if (rule === 'branch') return 'a condition has both values: `if … then … else …`'
  if (rule === 'type' && ['assign', 'param', 'let'].includes(rules.at(-2) ?? '')) return '`:` gives a type; a value is given with `=`'
  return undefined
}

const BODY = 'a block always has a body: `{ return … }`'
