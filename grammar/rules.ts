// What rules of a grammar are made with, whatever they read: recovery, choices, a look at the next token.
import { CstParser, type CstNode, type IOrAlt, type IToken, type ParserMethod } from 'chevrotain'
import { expectations } from './recovery.ts'
import { allTokens } from './tokens.ts'

export type Rule = ParserMethod<[], CstNode>

export class Rules extends CstParser {
  /** Whether the rules fit each other is for tests to ask: every command would wait for the answer. */
  constructor(validated: boolean) {
    super(allTokens, {
      recoveryEnabled: true,
      maxLookahead: 2,
      nodeLocationTracking: 'onlyOffset',
      errorMessageProvider: expectations,
      skipValidations: !validated,
    })
  }

  /** Part of a rule: one of these, made once and not wherever one is taken. The further choices of a rule are called with a number. */
  protected choice(...alternatives: readonly (() => unknown)[]): (index?: number) => void {
    const all: IOrAlt<unknown>[] = alternatives.map((ALT) => ({ ALT }))
    return (index = 0) => void this.or(index, all)
  }

  /** Part of a rule: whether the next token is such a one. What then follows belongs to the grammar all the same. */
  protected sees(is: (token: IToken) => boolean): boolean {
    return this.RECORDING_PHASE || is(this.LA(1))
  }
}
