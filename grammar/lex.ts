// SourceFile → tokens and comments. What no token fits is reported, one run of such characters at a time,
// and left out.
import type { ILexingError, IToken } from 'chevrotain'
import type { Report } from './diagnostic.ts'
import { messages } from './messages.ts'
import type { SourceFile } from './source.ts'
import { spell } from './string.ts'
import { ForeignStr, lexer, Num, Str } from './tokens.ts'
import { unitOf } from './words.ts'

export interface Lexed {
  readonly tokens: readonly IToken[]
  readonly comments: readonly IToken[]
}

/** A file of another kind has thousands; these say enough. */
const mostUnreadable = 50

export function lex(source: SourceFile, report: Report): Lexed {
  const { tokens, errors, groups } = lexer.tokenize(source.text)
  const { comments = [], foreign = [] } = groups
  for (const token of tokens) token.endOffset = endOf(token)
  for (const token of comments) token.endOffset = endOf(token)
  for (const error of errors.slice(0, mostUnreadable)) reportCharacters(error, source, report)
  for (const { startOffset, image } of foreign) reportComment(startOffset, image, source, report)
  const joined = withUnits(tokens, source, report)
  const quoted = joined.some(({ tokenType }) => tokenType === ForeignStr)
  return { tokens: quoted ? joined.map((token) => withQuotes(token, source, report)) : joined, comments }
}

/** A comment as other languages have it; after a value `//` may have meant a quotient. */
function reportComment(start: number, image: string, source: SourceFile, report: Report): void {
  const span = { source, start, end: start + 2 }
  const quotient = /^\/\/ *[\w(]+ *$/.test(image) ? '; a quotient without its rest is `floor(a / b)`' : ''
  const fixes = image.startsWith('//') ? [{ title: 'write `#`', span, text: '#' }] : []
  report.using(messages).otherLanguage(span, { text: image.slice(0, 2), cure: `comments begin with \`#\`${quotient}`, fixes })
}

/** A text in other quotes → the same in ours. */
function withQuotes(token: IToken, source: SourceFile, report: Report): IToken {
  if (token.tokenType !== ForeignStr) return token
  const { startOffset, image } = token
  const span = { source, start: startOffset, end: startOffset + image.length }
  const quotes = image.startsWith("'''") ? 3 : 1
  const ours = spell(image.slice(quotes, -quotes))
  const fixes = [{ title: 'put straight double quotes', span, text: ours }]
  report
    .using(messages)
    .otherLanguage(span, { text: quotes === 1 ? image : "'''", cure: `a text stands in straight double quotes: \`${ours}\``, fixes })
  return { ...token, tokenType: Str, tokenTypeIdx: Str.tokenTypeIdx!, image: ours }
}

const endOf = ({ startOffset, image }: IToken): number => startOffset + image.length - 1

/** Joins a number and a unit that stand further apart than one blank, on one line, and reports them. */
function withUnits(tokens: readonly IToken[], source: SourceFile, report: Report): readonly IToken[] {
  const apart = new Set(tokens.filter((token, i) => i > 0 && isApart(tokens[i - 1]!, token, source.text)))
  if (apart.size === 0) return tokens
  const joined: IToken[] = []
  for (const token of tokens) {
    if (!apart.has(token)) {
      joined.push(token)
      continue
    }
    const before = joined.at(-1)!
    const place = { source, start: before.endOffset! + 1, end: token.startOffset }
    const span = { source, start: token.startOffset, end: token.endOffset! + 1 }
    const fixes = [{ title: 'leave one blank', span: place, text: ' ' }]
    report.using(messages).unitApart(span, { number: before.image, unit: token.image, fixes })
    joined[joined.length - 1] = { ...before, image: `${before.image} ${token.image}`, endOffset: token.endOffset }
  }
  return joined
}

/** Whether a word on the line of a number is its unit, too far from it. */
function isApart(number: IToken, word: IToken, text: string): boolean {
  if (number.tokenType !== Num || number.image.includes(' ') || unitOf(word.image) === undefined) return false
  if (!/^[ \t]+$/.test(text.slice(number.endOffset! + 1, word.startOffset))) return false
  // `6 steps: 4` with one blank was left apart by the lexer on purpose: there `steps` is a field.
  return !/^\s*[:={]/.test(text.slice(word.endOffset! + 1))
}

/** What a character means elsewhere, and how it is said here; a replacement where one is certain. */
const advice: Readonly<Record<string, readonly [advice: string, replacement?: string]>> = {
  ';': ['lines and statements need no mark at their end', ''],
  "'": ['a text stands in double quotes; a prime follows a name without a blank'],
  '`': ['a text stands in double quotes'],
  '&': ['write `and`', 'and'],
  '|': ['write `or`', 'or'],
  '?': ['a choice is `if … then … else …`'],
  '@': ['a product and what it is summed over are written out: `sum[width](x * W)`'],
  $: ['a page reads no environment: `param name = …` is set by `smdmc run page.smdm --set name=…`'],
  '!': ['write `not`', 'not'],
  '%': ['a percentage is written without a blank, `5%`; the remainder is `a mod b`'],
  '\\': ['a backslash only has a meaning inside a text'],
  '…': ['an ellipsis in a message stands for what you want to write'],
  '“': ['a text stands in straight double quotes', '"'],
  '”': ['a text stands in straight double quotes', '"'],
  '×': ['write `*`', '*'],
  '·': ['write `*`', '*'],
  '−': ['write `-`', '-'],
  '–': ['write `-`', '-'],
  '→': ['write `->`', '->'],
  '≤': ['write `<=`', '<='],
  '≥': ['write `>=`', '>='],
  '≠': ['write `!=`', '!='],
  _: ['a name begins with a letter'],
}

function reportCharacters({ offset, length }: ILexingError, source: SourceFile, report: Report): void {
  const text = source.text.slice(offset, offset + length)
  const span = { source, start: offset, end: offset + length }
  const first = String.fromCodePoint(text.codePointAt(0) ?? 0)
  const [words, replacement] = advice[first] ?? kindOf(first)
  const certain = replacement !== undefined && [...text].every((c) => c === first)
  const fixes = certain ? [{ title: replacement === '' ? 'leave it out' : `write \`${replacement}\``, span, text: replacement }] : []
  report.using(messages).unexpectedCharacter(span, { text: text.length > 20 ? text.slice(0, 20) + '…' : text, advice: words, fixes })
}

/** Letters of other alphabets, and blanks that only look like one. */
function kindOf(first: string): readonly [advice?: string, replacement?: string] {
  if (/\p{L}/u.test(first)) return ['names are made of the letters a to z, digits and `_`']
  if (!/[\s\p{Z}\p{Cf}]/u.test(first)) return []
  return [`it is U+${first.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}, which only looks like a blank`, ' ']
}
