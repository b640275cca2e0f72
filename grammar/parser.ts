// Tokens → concrete tree, one rule per construct in the order a file is read. The rules accept a little
// more than the language (a missing comma or promise, `=` for `:`, prefixes in any order), so that
// abstract.ts can say precisely what is wrong. Precedence is settled later, in precedence.ts, which keeps
// the recursion shallow. With recovery on, any child of any node may be absent.
import type { IToken } from 'chevrotain'
import { Rules, type Rule } from './rules.ts'
import * as token from './tokens.ts'

// Children that are read in the order of the text share a label; so does the one of several that may stand in a place.
const under = { only: { LABEL: 'only' }, piece: { LABEL: 'piece' }, value: { LABEL: 'value' }, suffix: { LABEL: 'suffix' } }

const isIf = ({ tokenType }: IToken): boolean => tokenType === token.Word.if
const opensField = [token.Colon, token.LCurly]

export class Parser extends Rules {
  constructor({ validated = false } = {}) {
    super(validated)
    this.performSelfAnalysis()
  }

  readonly declaration: Rule = this.RULE(
    'declaration',
    this.choice(
      () => this.SUBRULE(this.use, under.only),
      () => this.SUBRULE(this.let, under.only),
      () => this.SUBRULE(this.param, under.only),
      () => this.SUBRULE(this.op, under.only),
      () => this.SUBRULE(this.block, under.only),
      () => this.SUBRULE(this.noun, under.only),
    ),
  )

  // prettier-ignore
  private readonly used = this.choice(() => this.CONSUME(token.Str), () => this.CONSUME(token.Name))

  // prettier-ignore
  private readonly apart = this.choice(() => this.CONSUME(token.Dot), () => this.CONSUME(token.Slash))

  readonly use: Rule = this.RULE('use', () => {
    this.CONSUME(token.Word.use)
    this.used()
    // A path without quotes.
    this.MANY(() => {
      this.apart(1)
      this.CONSUME2(token.Name, { LABEL: 'path' })
    })
    this.OPTION(() => {
      this.CONSUME(token.Word.as)
      this.CONSUME3(token.Name, { LABEL: 'alias' })
    })
  })

  readonly let: Rule = this.RULE('let', () => {
    this.CONSUME(token.Word.let)
    this.CONSUME(token.Name)
    this.annotation()
    this.assigned()
  })

  readonly param: Rule = this.RULE('param', () => {
    this.CONSUME(token.Word.param)
    this.CONSUME(token.Name)
    this.annotation()
    this.OPTION2(() => this.assigned())
  })

  /** Part of a rule: a colon and a type, or neither. */
  private annotation(): void {
    this.OPTION(() => {
      this.CONSUME(token.Colon)
      this.SUBRULE(this.type)
    })
  }

  /** Part of a rule: an equals sign and a value. */
  private assigned(): void {
    this.CONSUME(token.Equals)
    this.SUBRULE(this.expr)
  }

  // prettier-ignore
  private readonly key = this.choice(() => this.CONSUME(token.Num), () => this.CONSUME(token.Str))

  private readonly meaning = this.choice(
    () => this.assigned(),
    () => this.SUBRULE(this.record),
  )

  readonly noun: Rule = this.RULE('noun', () => {
    this.CONSUME(token.Name, { LABEL: 'noun' })
    this.CONSUME2(token.Name)
    this.OPTION(() => {
      this.CONSUME(token.LParen)
      this.key()
      this.CONSUME(token.RParen)
    })
    this.meaning(1)
  })

  readonly record: Rule = this.RULE('record', () => {
    this.CONSUME(token.LCurly)
    this.MANY(() => {
      this.SUBRULE(this.field)
      this.OPTION(() => this.CONSUME(token.Comma))
    })
    this.CONSUME(token.RCurly)
  })

  private readonly given = this.choice(
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

  readonly field: Rule = this.RULE('field', () => {
    this.CONSUME(token.AnyName)
    this.given()
  })

  private readonly formula = this.choice(
    () => this.assigned(),
    () => this.SUBRULE(this.body),
  )

  readonly op: Rule = this.RULE('op', () => {
    this.CONSUME(token.Word.op)
    this.signature()
    this.formula()
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
    this.signature()
    this.SUBRULE(this.body)
  })

  /** Part of a rule: a name, what it takes and what it promises. */
  private signature(): void {
    this.CONSUME(token.Name)
    this.OPTION(() => this.SUBRULE(this.dims))
    this.SUBRULE(this.formals)
    this.OPTION2(() => {
      this.CONSUME(token.Arrow)
      this.SUBRULE(this.type)
    })
  }

  /** Part of a rule: items with commas between them, of which some may be forgotten. */
  private several(item: Rule): void {
    this.SUBRULE(item)
    this.MANY(() => {
      this.OPTION2(() => this.CONSUME(token.Comma))
      this.SUBRULE2(item)
    })
  }

  readonly formals: Rule = this.RULE('formals', () => {
    this.CONSUME(token.LParen)
    this.OPTION(() => this.several(this.formal))
    this.CONSUME(token.RParen)
  })

  readonly formal: Rule = this.RULE('formal', () => {
    this.CONSUME(token.Name)
    this.annotation()
    this.OPTION2(() => this.assigned())
  })

  readonly type: Rule = this.RULE(
    'type',
    this.choice(
      () => {
        this.CONSUME(token.Name)
        this.OPTION(() => this.SUBRULE(this.dims))
      },
      () => this.SUBRULE2(this.dims),
    ),
  )

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

  readonly statement: Rule = this.RULE(
    'statement',
    this.choice(
      () => this.SUBRULE(this.let, under.only),
      () => this.SUBRULE(this.param, under.only),
      () => this.SUBRULE(this.weight, under.only),
      () => this.SUBRULE(this.repeat, under.only),
      () => this.SUBRULE(this.return, under.only),
      () => this.SUBRULE(this.assign, under.only),
    ),
  )

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
  readonly count: Rule = this.RULE(
    'count',
    this.choice(
      () => this.CONSUME(token.Name),
      () => this.CONSUME(token.Num),
      () => {
        this.CONSUME(token.LParen)
        this.SUBRULE(this.expr)
        this.CONSUME(token.RParen)
      },
    ),
  )

  readonly return: Rule = this.RULE('return', () => {
    this.CONSUME(token.Word.return)
    this.SUBRULE(this.expr)
  })

  readonly assign: Rule = this.RULE('assign', () => {
    this.CONSUME(token.Name)
    this.annotation()
    this.assigned()
  })

  /** A text that is one expression. */
  readonly lone: Rule = this.RULE('lone', () => this.SUBRULE(this.expr))

  // Few rules for what a page has most of: each costs a node of the concrete tree at every value. And most values are a word or a
  // number alone: one look at the next token is cheaper than a repetition of nothing.
  readonly expr: Rule = this.RULE('expr', () => {
    if (this.sees(isIf)) this.MANY(() => this.SUBRULE(this.branch))
    if (this.sees(token.isPrefix)) this.MANY2(() => this.CONSUME(token.Prefix, under.piece))
    this.SUBRULE(this.operand, under.piece)
    if (this.sees(token.isOperator)) this.MANY3(this.further)
  })

  private readonly further = {
    // `mod: 3` after a value is the next field, not an operator.
    GATE: () => !opensField.includes(this.LA(2).tokenType) || !/^\w/.test(this.LA(1).image),
    DEF: () => {
      this.CONSUME(token.BinaryOperator, under.piece)
      this.MANY4(() => this.CONSUME2(token.Prefix, under.piece))
      this.SUBRULE2(this.operand, under.piece)
    },
  }

  readonly branch: Rule = this.RULE('branch', () => {
    this.CONSUME(token.Word.if)
    this.SUBRULE(this.expr, { LABEL: 'test' })
    this.CONSUME(token.Word.then)
    this.SUBRULE2(this.expr, { LABEL: 'then' })
    this.CONSUME(token.Word.else)
  })

  private readonly primary = this.choice(
    () => this.CONSUME(token.Num, under.value),
    () => this.CONSUME(token.Str, under.value),
    () => this.CONSUME(token.Str3, under.value),
    () => this.CONSUME(token.Word.true, under.value),
    () => this.CONSUME(token.Word.false, under.value),
    () => this.SUBRULE(this.wgsl, under.value),
    () => this.CONSUME(token.Name, under.value),
    () => {
      this.CONSUME(token.LParen, under.value)
      this.SUBRULE(this.expr)
      this.CONSUME(token.RParen)
    },
    () => this.SUBRULE(this.list, under.value),
  )

  private readonly suffix = this.choice(
    () => this.SUBRULE(this.args, under.suffix),
    () => this.SUBRULE(this.indices, under.suffix),
    () => this.SUBRULE(this.member, under.suffix),
    () => this.SUBRULE(this.record, under.suffix),
  )

  // A record literal takes no suffix: `{ … } { … }` is a forgotten comma, not an amendment.
  readonly operand: Rule = this.RULE(
    'operand',
    this.choice(
      () => this.SUBRULE2(this.record, { LABEL: 'literal' }),
      () => {
        this.primary(1)
        if (this.sees(token.beginsSuffix)) this.MANY(() => this.suffix(2))
      },
    ),
  )

  // prettier-ignore
  private readonly code = this.choice(() => this.CONSUME(token.Str), () => this.CONSUME(token.Str3))

  readonly wgsl: Rule = this.RULE('wgsl', () => {
    this.CONSUME(token.Word.wgsl)
    this.code()
  })

  readonly list: Rule = this.RULE('list', () => {
    this.CONSUME(token.LSquare)
    this.OPTION(() => {
      this.several(this.expr)
      this.OPTION3(() => this.CONSUME2(token.Comma))
    })
    this.CONSUME(token.RSquare)
  })

  readonly args: Rule = this.RULE('args', () => {
    this.CONSUME(token.LParen)
    this.OPTION(() => this.several(this.arg))
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
    this.several(this.index)
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
