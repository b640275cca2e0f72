// Tokens with matching brackets → one run of tokens for each declaration. Parsed one by one, a mistake in
// one declaration cannot spill into the next. It rests on the language's own rule: no expression has two
// words side by side, so the second begins something new.
import { Name, Equals, LCurly, LParen, Word, closes, endsValue, isOperator, isWord, opens, Dot } from './tokens.ts'
import type { IToken, TokenType } from 'chevrotain'

const starters: readonly TokenType[] = [Word.use, Word.let, Word.param, Word.op, Word.block]
/** Words that continue a declaration. */
const inner: readonly TokenType[] = [Word.as, Word.grad, Word.then, Word.else]

export function split(tokens: readonly IToken[]): readonly (readonly IToken[])[] {
  const runs: IToken[][] = []
  let depth = 0
  let start = 0
  tokens.forEach((token, i) => {
    if (i === 0 || (depth === 0 && begins(tokens, i, start))) {
      runs.push([])
      start = i
    }
    runs.at(-1)!.push(token)
    if (opens(token)) depth++
    else if (closes(token)) depth--
  })
  return runs
}

/** Whether a declaration begins at token `i`, when the last one began at `start`. */
function begins(tokens: readonly IToken[], i: number, start: number): boolean {
  const [previous, token, next, afterNext] = [tokens[i - 1]!, tokens[i]!, tokens[i + 1], tokens[i + 2]]
  // The word after the first names what is declared, even if it is a reserved one.
  if (i === start + 1 || !isWord(token) || previous.tokenType === Dot || previous.tokenType === Word.as) return false
  if (starters.includes(token.tokenType)) return true
  if (inner.includes(token.tokenType) || isOperator(token)) return false
  const noun = token.tokenType === Name && next?.tokenType === Name && [LCurly, Equals, LParen].includes(afterNext?.tokenType ?? Name)
  return noun || endsValue(previous)
}
