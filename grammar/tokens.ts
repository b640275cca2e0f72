// Every token of the language, in the order the lexer tries them. Blanks and newlines vanish, comments
// go to a group of their own, and a number swallows its suffix and its unit. Reserved words are also
// AnyName, because a field may be called like one. Labels are what messages call a token.
import { createToken, Lexer, type IToken, type TokenType } from 'chevrotain'
import { reserved, type Reserved } from './words.ts'

const blank = createToken({ name: 'Blank', pattern: /[ \t\r\n\uFEFF]+/, group: Lexer.SKIPPED, line_breaks: true })
const comment = createToken({ name: 'Comment', pattern: /#[^\r\n]*/, group: 'comments' })
// No expression has `//` or `/*`: they are read as the comments that they are elsewhere, and reported.
const foreign = createToken({ name: 'Foreign', pattern: /\/\/[^\r\n]*|\/\*[^]*?\*\//, group: 'foreign', line_breaks: true })

export const AnyName = createToken({ name: 'AnyName', pattern: Lexer.NA, label: 'a name' })
export const BinaryOperator = createToken({ name: 'BinaryOperator', pattern: Lexer.NA, label: 'an operator' })
export const Prefix = createToken({ name: 'Prefix', pattern: Lexer.NA, label: '`-` or `not`' })

export const Name = createToken({ name: 'Name', pattern: /[A-Za-z]\w*'*/, categories: AnyName, label: 'a name' })

// An open string ends with its line, so that one forgotten quote costs one diagnostic.
export const Str3 = createToken({ name: 'Str3', pattern: /"""[^]*?"""/, line_breaks: true, label: 'a text' })
export const OpenStr3 = createToken({ name: 'OpenStr3', pattern: /"""[^]*/, line_breaks: true, categories: Str3 })
export const Str = createToken({ name: 'Str', pattern: /"(?:[^"\\\r\n]|\\[^\r\n])*"/, label: 'a text in quotes' })
export const OpenStr = createToken({ name: 'OpenStr', pattern: /"(?:[^"\\\r\n]|\\[^\r\n])*\\?/, categories: Str })
// Texts in the quotes of other languages, and of word processors: read as what they are meant to be, and reported.
export const ForeignStr = createToken({
  name: 'ForeignStr',
  pattern: /'''[^]*?'''|'[^'\r\n]*'|`[^`\r\n]*`|[“„”][^“”"\r\n]*[“”]|‘[^‘’\r\n]*’|«[^«»\r\n]*»/,
  line_breaks: true,
})

// The word after a number is its unit only on the same line, after one blank, if it is not reserved and
// does not begin something itself: in `{ layers: 6 heads: 4 }` it is the next field.
const unitWord = `(?!(?:${reserved.join('|')})(?![\\w']))[A-Za-z_]\\w*(?![\\w']|(?:\\s|#[^\\n]*\\n)*(?:[:{([.]|=(?!=)))`
export const Num = createToken({
  name: 'Num',
  pattern: new RegExp(`\\d(?:_?\\d)*(?:\\.\\d(?:_?\\d)*)?(?:[eE][+-]?\\d+)?(?:%|[A-Za-z_]\\w*)?(?: ${unitWord})?`),
  label: 'a number',
})

const roles: Partial<Record<Reserved, TokenType[]>> = {
  and: [BinaryOperator],
  or: [BinaryOperator],
  mod: [BinaryOperator],
  not: [Prefix],
}

const wordTokens = reserved.map((word) =>
  createToken({
    name: word.charAt(0).toUpperCase() + word.slice(1),
    pattern: word,
    longer_alt: Name,
    categories: [AnyName, ...(roles[word] ?? [])],
    label: '`' + word + '`',
  }),
)

/** The token of a reserved word. */
export const Word = Object.fromEntries(reserved.map((word, i) => [word, wordTokens[i]])) as Record<Reserved, TokenType>

const mark = (name: string, pattern: string, categories: TokenType[] = []): TokenType =>
  createToken({ name, pattern, categories, label: '`' + pattern + '`' })

export const Arrow = mark('Arrow', '->')
export const Equals = mark('Equals', '=')
export const Colon = mark('Colon', ':')
export const Comma = mark('Comma', ',')
export const Dot = mark('Dot', '.')
export const Tilde = mark('Tilde', '~')
export const LParen = mark('LParen', '(')
export const RParen = mark('RParen', ')')
export const LSquare = mark('LSquare', '[')
export const RSquare = mark('RSquare', ']')
export const LCurly = mark('LCurly', '{')
export const RCurly = mark('RCurly', '}')
export const Minus = mark('Minus', '-', [BinaryOperator, Prefix])
export const Slash = mark('Slash', '/', [BinaryOperator])

// Longer marks first: the lexer takes the first that fits.
const binaryMarks = ['==', '!=', '<=', '>=', '<', '>', '+', '*', '^'].map((text) => mark(`Operator${text}`, text, [BinaryOperator]))

export const allTokens: TokenType[] = [
  ...[blank, comment, foreign, Str3, OpenStr3, Str, OpenStr, ForeignStr, Num, ...wordTokens, Name],
  ...[Arrow, ...binaryMarks, Minus, Slash, Equals, Colon, Comma, Dot, Tilde],
  ...[LParen, RParen, LSquare, RSquare, LCurly, RCurly],
  ...[AnyName, BinaryOperator, Prefix],
]

// Nobody asks a token for its line. Without lines there are no ends either; lex.ts adds them.
export const lexer = new Lexer(allTokens, { ensureOptimizations: true, positionTracking: 'onlyOffset', skipValidations: true })

const opening = [LParen, LSquare, LCurly]
const closing = [RParen, RSquare, RCurly]
const ending = [...closing, Name, Num, Str, OpenStr, Str3, OpenStr3, Word.true, Word.false]
const within = (category: TokenType): readonly TokenType[] => allTokens.filter(({ CATEGORIES }) => CATEGORIES?.includes(category))

/** Names and reserved words. */
export const words = within(AnyName)
export const operators = [...within(BinaryOperator), ...within(Prefix)]
export const brackets = [...opening, ...closing]

export const opens = among(opening)
export const closes = among(closing)
export const isWord = among(words)
export const isPrefix = among(within(Prefix))
export const isOperator = among(operators)
/** Whether an expression may end with this token. */
export const endsValue = among(ending)
/** Whether this token begins what may stand behind a value: arguments, dimensions, a member or an amendment. */
export const beginsSuffix = among([...opening, Dot])

/** Whether a token is of one of these types. It is asked of every token of a page, more than once. */
export function among(types: readonly TokenType[]): (token: IToken) => boolean {
  const known: boolean[] = []
  for (const { tokenTypeIdx } of types) known[tokenTypeIdx!] = true
  return ({ tokenTypeIdx }) => known[tokenTypeIdx] === true
}
