// Tokens → concrete tree, one rule per construct in the order a file is read. The rules accept a little
// more than the language (a missing comma or promise, `=` for `:`, prefixes in any order), so that
// abstract.ts can say precisely what is wrong. Precedence is settled later, in precedence.ts, which keeps
// the recursion shallow. With recovery on, any child of any node may be absent.
import { CstParser, type CstNode, type IOrAlt, type IToken, type ParserMethod } from 'chevrotain'
import { expectations } from './recovery.ts'
import * as token from './tokens.ts'

const asAlternative = (ALT: () => unknown): IOrAlt<unknown> => ({ ALT })

type Rule = ParserMethod<[], CstNode>

export class Parser extends CstParser {
  constructor() {
    super(token.allTokens, {
      recoveryEnabled: true,
      maxLookahead: 2,
      nodeLocationTracking: 'onlyOffset',
      errorMessageProvider: expectations,
    })
    this.performSelfAnalysis()
  }

  // Functions that an object literal holds get their names at run time, each time anew; as arguments they have none.
  private either(...alternatives: readonly (() => unknown)[]): void {
    this.OR(alternatives.map(asAlternative))
  }

  private either2(...alternatives: readonly (() => unknown)[]): void {
    this.OR2(alternatives.map(asAlternative))
  }

  readonly declaration: Rule = this.RULE('declaration', () => {
    this.either(
      () => this.SUBRULE(this.use),
      () => this.SUBRULE(this.let),
      () => this.SUBRULE(this.param),
      () => this.SUBRULE(this.op),
      () => this.SUBRULE(this.block),
      () => this.SUBRULE(this.noun),
    )
  })

  readonly use: Rule = this.RULE('use', () => {
    this.CONSUME(token.Word.use)
    // prettier-ignore
    this.either(() => this.CONSUME(token.Str), () => this.CONSUME(token.Name))
    this.OPTION(() => {
      this.CONSUME(token.Word.as)
      this.CONSUME2(token.Name, { LABEL: 'alias' })
    })
  })

  readonly let: Rule = this.RULE('let', () => {
    this.CONSUME(token.Word.let)
    this.CONSUME(token.Name)
    this.annotation()
    this.CONSUME(token.Equals)
    this.SUBRULE(this.expr)
  })

  readonly param: Rule = this.RULE('param', () => {
    this.CONSUME(token.Word.param)
    this.CONSUME(token.Name)
    this.annotation()
    this.OPTION2(() => {
      this.CONSUME(token.Equals)
      this.SUBRULE(this.expr)
    })
  })

  /** Part of a rule: a colon and a type, or neither. */
  private annotation(): void {
    this.OPTION(() => {
      this.CONSUME(token.Colon)
      this.SUBRULE(this.type)
    })
  }

  readonly noun: Rule = this.RULE('noun', () => {
    this.CONSUME(token.Name, { LABEL: 'noun' })
    this.CONSUME2(token.Name)
    this.OPTION(() => {
      this.CONSUME(token.LParen)
      // prettier-ignore
      this.either(() => this.CONSUME(token.Num), () => this.CONSUME(token.Str))
      this.CONSUME(token.RParen)
    })
    this.either2(
      () => {
        this.CONSUME(token.Equals)
        this.SUBRULE(this.expr)
      },
      () => this.SUBRULE(this.record),
    )
  })

  readonly record: Rule = this.RULE('record', () => {
    this.CONSUME(token.LCurly)
    this.MANY(() => {
      this.SUBRULE(this.field)
      this.OPTION(() => this.CONSUME(token.Comma))
    })
    this.CONSUME(token.RCurly)
  })

  readonly field: Rule = this.RULE('field', () => {
    this.CONSUME(token.AnyName)
    this.either(
      () => {
        this.CONSUME(token.Colon)
        this.SUBRULE(this.expr)
      },
      () => {
        this.CONSUME(token.Equals)
        this.SUBRULE2(this.expr)
      },
      () => this.SUBRULE(this.record),
    )
  })

  readonly op: Rule = this.RULE('op', () => {
    this.CONSUME(token.Word.op)
    this.CONSUME(token.Name)
    this.OPTION(() => this.SUBRULE(this.dims))
    this.SUBRULE(this.formals)
    this.OPTION2(() => {
      this.CONSUME(token.Arrow)
      this.SUBRULE(this.type)
    })
    this.either(
      () => {
        this.CONSUME(token.Equals)
        this.SUBRULE(this.expr)
      },
      () => this.SUBRULE(this.body),
    )
    this.OPTION3(() => this.SUBRULE(this.grad))
  })

  readonly grad: Rule = this.RULE('grad', () => {
    this.CONSUME(token.Word.grad)
    this.CONSUME(token.LParen)
    this.CONSUME(token.Name)
    this.CONSUME(token.RParen)
    this.SUBRULE(this.record)
  })

  readonly block: Rule = this.RULE('block', () => {
    this.CONSUME(token.Word.block)
    this.CONSUME(token.Name)
    this.OPTION(() => this.SUBRULE(this.dims))
    this.SUBRULE(this.formals)
    this.OPTION2(() => {
      this.CONSUME(token.Arrow)
      this.SUBRULE(this.type)
    })
    this.SUBRULE(this.body)
  })

  readonly formals: Rule = this.RULE('formals', () => {
    this.CONSUME(token.LParen)
    this.OPTION(() => {
      this.SUBRULE(this.formal)
      this.MANY(() => {
        this.OPTION2(() => this.CONSUME(token.Comma))
        this.SUBRULE2(this.formal)
      })
    })
    this.CONSUME(token.RParen)
  })

  readonly formal: Rule = this.RULE('formal', () => {
    this.CONSUME(token.Name)
    this.annotation()
    this.OPTION2(() => {
      this.CONSUME(token.Equals)
      this.SUBRULE(this.expr)
    })
  })

  readonly type: Rule = this.RULE('type', () => {
    this.either(
      () => {
        this.CONSUME(token.Name)
        this.OPTION(() => this.SUBRULE(this.dims))
      },
      () => this.SUBRULE2(this.dims),
    )
  })

  readonly dims: Rule = this.RULE('dims', () => {
    this.CONSUME(token.LSquare)
    this.OPTION(() => {
      this.CONSUME(token.Name)
      this.MANY(() => {
        this.OPTION2(() => this.CONSUME(token.Comma))
        this.CONSUME2(token.Name)
      })
    })
    this.CONSUME(token.RSquare)
  })

  readonly body: Rule = this.RULE('body', () => {
    this.CONSUME(token.LCurly)
    this.MANY(() => this.SUBRULE(this.statement))
    this.CONSUME(token.RCurly)
  })

  readonly statement: Rule = this.RULE('statement', () => {
    this.either(
      () => this.SUBRULE(this.let),
      () => this.SUBRULE(this.param),
      () => this.SUBRULE(this.weight),
      () => this.SUBRULE(this.repeat),
      () => this.SUBRULE(this.return),
      () => this.SUBRULE(this.assign),
    )
  })

  readonly weight: Rule = this.RULE('weight', () => {
    this.CONSUME(token.Word.weight)
    this.CONSUME(token.Name)
    this.MANY(() => {
      this.CONSUME(token.Comma)
      this.CONSUME2(token.Name)
    })
    this.CONSUME(token.Colon)
    this.SUBRULE(this.type)
    this.OPTION(() => {
      this.CONSUME(token.Tilde)
      this.SUBRULE(this.expr)
    })
  })

  readonly repeat: Rule = this.RULE('repeat', () => {
    this.CONSUME(token.Word.repeat)
    this.SUBRULE(this.count)
    this.SUBRULE(this.body)
  })

  // Not any expression: `layers { … }` would amend `layers`.
  readonly count: Rule = this.RULE('count', () => {
    this.either(
      () => this.CONSUME(token.Name),
      () => this.CONSUME(token.Num),
      () => {
        this.CONSUME(token.LParen)
        this.SUBRULE(this.expr)
        this.CONSUME(token.RParen)
      },
    )
  })

  readonly return: Rule = this.RULE('return', () => {
    this.CONSUME(token.Word.return)
    this.SUBRULE(this.expr)
  })

  readonly assign: Rule = this.RULE('assign', () => {
    this.CONSUME(token.Name)
    this.annotation()
    this.CONSUME(token.Equals)
    this.SUBRULE(this.expr)
  })

  readonly expr: Rule = this.RULE('expr', () => {
    this.MANY(() => this.SUBRULE(this.branch))
    this.SUBRULE(this.operation)
  })

  readonly branch: Rule = this.RULE('branch', () => {
    this.CONSUME(token.Word.if)
    this.SUBRULE(this.expr, { LABEL: 'test' })
    this.CONSUME(token.Word.then)
    this.SUBRULE2(this.expr, { LABEL: 'then' })
    this.CONSUME(token.Word.else)
  })

  readonly operation: Rule = this.RULE('operation', () => {
    this.MANY(() => this.CONSUME(token.Prefix))
    this.SUBRULE(this.operand)
    this.MANY2(this.further)
  })

  private readonly further = {
    GATE: () => !this.startsField(this.LA(1), this.LA(2)),
    DEF: () => {
      this.CONSUME(token.BinaryOperator)
      this.MANY3(() => this.CONSUME2(token.Prefix))
      this.SUBRULE2(this.operand)
    },
  }

  /** `mod: 3` after a value is the next field, not an operator. */
  private startsField(word: IToken, next: IToken): boolean {
    return /^\w/.test(word.image) && (next.tokenType === token.Colon || next.tokenType === token.LCurly)
  }

  // A record literal takes no suffix: `{ … } { … }` is a forgotten comma, not an amendment.
  readonly operand: Rule = this.RULE('operand', () => {
    // prettier-ignore
    this.either(() => this.SUBRULE(this.record), () => this.SUBRULE(this.suffixed))
  })

  readonly suffixed: Rule = this.RULE('suffixed', () => {
    this.SUBRULE(this.primary)
    this.MANY(() =>
      this.either(
        () => this.SUBRULE(this.args),
        () => this.SUBRULE(this.indices),
        () => this.SUBRULE(this.member),
        () => this.SUBRULE(this.record),
      ),
    )
  })

  readonly primary: Rule = this.RULE('primary', () => {
    this.either(
      () => this.CONSUME(token.Num),
      () => this.CONSUME(token.Str),
      () => this.CONSUME(token.Str3),
      () => this.CONSUME(token.Word.true),
      () => this.CONSUME(token.Word.false),
      () => this.SUBRULE(this.wgsl),
      () => this.CONSUME(token.Name),
      () => {
        this.CONSUME(token.LParen)
        this.SUBRULE(this.expr)
        this.CONSUME(token.RParen)
      },
      () => this.SUBRULE(this.list),
    )
  })

  readonly wgsl: Rule = this.RULE('wgsl', () => {
    this.CONSUME(token.Word.wgsl)
    // prettier-ignore
    this.either(() => this.CONSUME(token.Str), () => this.CONSUME(token.Str3))
  })

  readonly list: Rule = this.RULE('list', () => {
    this.CONSUME(token.LSquare)
    this.OPTION(() => {
      this.SUBRULE(this.expr)
      this.MANY(() => {
        this.OPTION2(() => this.CONSUME(token.Comma))
        this.SUBRULE2(this.expr)
      })
      this.OPTION3(() => this.CONSUME2(token.Comma))
    })
    this.CONSUME(token.RSquare)
  })

  readonly args: Rule = this.RULE('args', () => {
    this.CONSUME(token.LParen)
    this.OPTION(() => {
      this.SUBRULE(this.arg)
      this.MANY(() => {
        this.OPTION2(() => this.CONSUME(token.Comma))
        this.SUBRULE2(this.arg)
      })
    })
    this.CONSUME(token.RParen)
  })

  readonly arg: Rule = this.RULE('arg', () => {
    this.OPTION(() => {
      this.CONSUME(token.Name)
      this.CONSUME(token.Colon)
    })
    this.SUBRULE(this.expr)
  })

  readonly indices: Rule = this.RULE('indices', () => {
    this.CONSUME(token.LSquare)
    this.SUBRULE(this.index)
    this.MANY(() => {
      this.OPTION(() => this.CONSUME(token.Comma))
      this.SUBRULE2(this.index)
    })
    this.CONSUME(token.RSquare)
  })

  readonly index: Rule = this.RULE('index', () => {
    this.CONSUME(token.Name)
    this.OPTION(() => {
      this.CONSUME(token.Colon)
      this.SUBRULE(this.expr)
    })
  })

  readonly member: Rule = this.RULE('member', () => {
    this.CONSUME(token.Dot)
    this.CONSUME(token.AnyName)
  })
}
