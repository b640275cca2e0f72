// Tokens → tokens whose brackets match, before any rule sees them: a forgotten bracket is reported where
// it was opened and closed where its declaration ends, a stray one is dropped. So one mistake stays one
// diagnostic. Also measures how deep the tree will be, because deeper trees would exhaust the stack.
import { createTokenInstance, EOF, type IToken, type TokenType } from 'chevrotain'
import {
  among,
  brackets,
  Colon,
  Comma,
  Dot,
  Equals,
  LCurly,
  LParen,
  LSquare,
  Name,
  RCurly,
  RParen,
  RSquare,
  Word,
  closes,
  endsValue,
  isOperator,
  opens,
  operators,
  words,
} from './tokens.ts'

/** Open brackets and `if`s around one place: what the parser can recurse into. */
export const deepestNesting = 100
/** Levels of the tree, counting every operator of a chain: what a walk over the tree can recurse into. */
export const longestChain = 1000

const isBracket = among(brackets)
/** What the depth of a tree depends on. */
const counts = among([...brackets, ...operators, Dot, Comma, Colon, Equals, Word.if, Word.then, Word.else])
// No expression has two words side by side: the second begins the next field, statement or declaration.
const beginsItem = among(words.filter((type) => !operators.includes(type) && type !== Word.then && type !== Word.else))

const closers = new Map<TokenType, TokenType>([
  [LParen, RParen],
  [LSquare, RSquare],
  [LCurly, RCurly],
])
const fits = (open: IToken | undefined, close: IToken): boolean => open !== undefined && closers.get(open.tokenType) === close.tokenType

/** An opening bracket that nothing closes, and the offset up to which it was taken to reach. */
export interface Unclosed {
  readonly open: IToken
  readonly close: string
  readonly until: number
}

export interface Balanced {
  readonly tokens: readonly IToken[]
  readonly unclosed: readonly Unclosed[]
  readonly stray: readonly IToken[]
  /** Closing brackets of another kind than what they close, with the right one. */
  readonly wrong: readonly { readonly open: IToken; readonly token: IToken; readonly close: string }[]
}

export function balance(tokens: readonly IToken[], text: string): Balanced {
  if (matches(tokens)) return { tokens, unclosed: [], stray: [], wrong: [] }
  const out: IToken[] = []
  const unclosed: Unclosed[] = []
  const stray: IToken[] = []
  const wrong: Balanced['wrong'][number][] = []
  const stack: IToken[] = []
  const closeDownTo = (depth: number): void => {
    const end = (out.at(-1)?.endOffset ?? -1) + 1
    while (stack.length > depth) {
      const open = stack.pop()!
      const type = closers.get(open.tokenType)!
      const image = type.PATTERN as string
      unclosed.push({ open, close: image, until: end })
      out.push(createTokenInstance(type, '', end, end - 1, NaN, NaN, NaN, NaN))
    }
  }
  tokens.forEach((token, i) => {
    if (stack.length > 0 && beginsDeclaration(token, tokens[i + 1], text)) closeDownTo(0)
    if (opens(token)) stack.push(token)
    else if (closes(token)) {
      const depth = stack.findLastIndex((open) => fits(open, token))
      const inner = stack.at(-1)
      if (depth < 0 && inner !== undefined && !hasNewline(text, inner.startOffset, token.startOffset)) {
        const type = closers.get(inner.tokenType)!
        wrong.push({ open: inner, token, close: type.PATTERN as string })
        stack.pop()
        out.push({ ...token, tokenType: type, tokenTypeIdx: type.tokenTypeIdx! })
        return
      }
      if (depth < 0) {
        stray.push(token)
        return
      }
      closeDownTo(depth + 1)
      stack.pop()
    } else if (stack.at(-1)?.tokenType !== LCurly && beginsField(token, tokens[i + 1], tokens[i - 1], text)) {
      closeDownTo(stack.findLastIndex((open) => open.tokenType === LCurly) + 1)
    }
    out.push(token)
  })
  closeDownTo(0)
  return { tokens: out, unclosed, stray, wrong }
}

function matches(tokens: readonly IToken[]): boolean {
  const stack: IToken[] = []
  for (const token of tokens) {
    if (!isBracket(token)) continue
    if (opens(token)) stack.push(token)
    else if (!fits(stack.pop(), token)) return false
  }
  return stack.length === 0
}

// Only where brackets are known not to match does layout count: a declaration in the first column ends all that is open.
function beginsDeclaration(token: IToken, next: IToken | undefined, text: string): boolean {
  if (next === undefined || (token.startOffset > 0 && !hasNewline(text, token.startOffset - 1, token.startOffset))) return false
  const word = token.tokenType
  if (word === Name) return next.tokenType === Name
  if (next.tokenType === Colon || next.tokenType === LCurly) return false
  return [Word.use, Word.let, Word.param, Word.op, Word.block].includes(word)
}

/** A `name:` or `name =` that starts a line ends the parentheses and lists of the line above. */
function beginsField(token: IToken, next: IToken | undefined, previous: IToken | undefined, text: string): boolean {
  if (token.tokenType !== Name && !/^[a-z]/.test(token.image)) return false
  if (previous === undefined || opens(previous) || previous.tokenType === Comma) return false
  if (!hasNewline(text, previous.endOffset! + 1, token.startOffset)) return false
  return next?.tokenType === Colon || next?.tokenType === Equals || token.tokenType === Word.return
}

function hasNewline(text: string, start: number, end: number): boolean {
  return /[\r\n]/.test(text.slice(start, end))
}

/** The token at which most brackets and `if`s are open, and how many. */
export function deepest(tokens: readonly IToken[]): { readonly token: IToken; readonly depth: number } {
  let found = { token: tokens[0]!, depth: 0 }
  let depth = 0
  for (const token of tokens) {
    if (opens(token) || token.tokenType === Word.if) depth++
    else if (closes(token)) depth--
    if (depth > found.depth) found = { token, depth }
  }
  return found
}

/** The first token at which the text nests too deep for the parser, or its tree for those who walk it. */
export function tooDeep(tokens: readonly IToken[]): { readonly token: IToken; readonly chain: boolean } | undefined {
  // One frame for every open bracket or `if`; its number bounds the depth of the tree built in it so far.
  const frames: { readonly opener: TokenType; depth: number; deepest: number }[] = [{ opener: EOF, depth: 0, deepest: 0 }]
  const close = (): void => {
    if (frames.length === 1) return
    const inner = frames.pop()!
    const outer = frames.at(-1)!
    outer.depth = Math.max(outer.depth, inner.depth, inner.deepest) + 1
  }
  const separate = (frame: { depth: number; deepest: number }): void => {
    frame.deepest = Math.max(frame.deepest, frame.depth)
    frame.depth = 0
  }
  let afterValue = false
  for (const token of tokens) {
    const type = token.tokenType
    if (afterValue && beginsItem(token)) separate(frames.at(-1)!)
    afterValue = endsValue(token)
    // Most tokens are names and numbers, which change nothing.
    if (!counts(token)) continue
    if (opens(token) || type === Word.if) frames.push({ opener: type, depth: 0, deepest: 0 })
    else if (closes(token)) {
      while (frames.at(-1)!.opener === Word.if) close()
      close()
    } else if (type === Word.else && frames.at(-1)!.opener === Word.if) close()
    const frame = frames.at(-1)!
    if (isOperator(token) || type === Dot) frame.depth++
    else if (type === Comma || type === Colon || type === Equals || type === Word.then) separate(frame)
    if (frames.length - 1 > deepestNesting) return { token, chain: false }
    if (frame.depth > longestChain) return { token, chain: true }
  }
  return undefined
}
