// Tokens with matching brackets → one run of tokens for each declaration. Parsed one by one, a mistake in
// one declaration cannot spill into the next. It rests on the language's own rule: no expression has two
// words side by side, so the second begins something new.
import { Name, Equals, LCurly, LParen, Word, closes, endsValue, isOperator, isWord, opens, Dot } from './tokens.ts'
import type { IToken, TokenType } from 'chevrotain'

const starters: readonly TokenType[] = [Word.use, Word.let, Word.param, Word.op, Word.block]
/** Words that continue a declaration. */
const inner: readonly TokenType[] = [Word.as, Word.grad, Word.then, Word.else]

export function split(tokens: readonly IToken[]): readonly (readonly IToken[])[] {
  const starts: number[] = []
  let depth = 0
  tokens.forEach((token, i) => {
    if (i === 0 || (depth === 0 && begins(tokens, i, starts.at(-1)!))) starts.push(i)
    if (opens(token)) depth++
    else if (closes(token)) depth--
  })
  return starts.map((start, i) => tokens.slice(start, starts[i + 1]))
}

/** Whether a declaration begins at token `i`, when the last one began at `start`. */
function begins(tokens: readonly IToken[], i: number, start: number): boolean {
  const [previous, token] = [tokens[i - 1]!, tokens[i]!]
  // The word after the first names what is declared, even if it is a reserved one.
  if (i === start + 1 || !isWord(token) || previous.tokenType === Dot || previous.tokenType === Word.as) return false
  if (starters.includes(token.tokenType)) return true
  if (inner.includes(token.tokenType) || isOperator(token)) return false
  const [next, afterNext] = [tokens[i + 1], tokens[i + 2]]
  const noun = token.tokenType === Name && next?.tokenType === Name && [LCurly, Equals, LParen].includes(afterNext?.tokenType ?? Name)
  return noun || endsValue(previous)
}
