// WGSL → its tree. Dawn's front end has judged a kernel before it comes here, so what does not fit is what our kernels never contain.
import type { Expression, Parameter, Routine, Shader, Statement, TypeName, Variable } from './syntax.ts'

interface Token {
  readonly text: string
  readonly line: number
  /** Nothing stands between it and the next. */
  readonly glued: boolean
}

const pattern =
  /\s+|\/\/[^\n]*|0x[\da-fA-F]+[ui]?|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[uifh]?|[A-Za-z_]\w*|->|&&|\|\||[+\-*/%&|^]=|[=!]=|\+\+|--|[^\s\w]/y

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = []
  let line = 1
  pattern.lastIndex = 0
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text)
    if (!match) throw new Error(`line ${line}: no token`)
    const [token] = match
    if (/^(\s|\/\/)/.test(token)) line += token.split('\n').length - 1
    else tokens.push({ text: token, line, glued: !/\s/.test(text[pattern.lastIndex] ?? ' ') })
  }
  return tokens
}

/** Names that a `<` behind them gives parameters. */
const generic = /^(vec[234]|array|atomic|bitcast|subgroup_matrix_\w+|subgroupMatrix\w+)$/
const levels = [['||'], ['&&'], ['|'], ['^'], ['&'], ['==', '!='], ['<', '>', '<=', '>='], ['<<', '>>'], ['+', '-'], ['*', '/', '%']]

export function parse(text: string): Shader {
  return new Parser(tokensOf(text)).shader()
}

class Parser {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  shader(): Shader {
    const aliases = new Map<string, TypeName>()
    const constants: { name: string; type?: TypeName; value: Expression }[] = []
    const variables: Variable[] = []
    const routines: Routine[] = []
    let main: { readonly entry: Routine; readonly workgroup: number; readonly subgroup?: number } | undefined
    while (this.#next !== '') {
      const attributes = this.#attributes()
      if (this.#take('enable') || this.#take('diagnostic')) while (!this.#take(';')) this.#at++
      else if (this.#take('alias')) {
        const name = this.#name()
        this.#expect('=')
        aliases.set(name, this.#type())
        this.#expect(';')
      } else if (this.#take('const')) {
        const { name, type, value } = this.#declared()
        constants.push({ name, value: value!, ...(type && { type }) })
        this.#expect(';')
      } else if (this.#take('var')) variables.push(this.#variable(attributes.get('binding')))
      else {
        this.#expect('fn')
        const routine = this.#routine()
        routines.push(routine)
        const [workgroup, subgroup] = [attributes.get('workgroup_size'), attributes.get('subgroup_size')]
        if (workgroup) main = { entry: routine, workgroup: Number(workgroup), ...(subgroup && { subgroup: Number(subgroup) }) }
      }
    }
    if (!main) throw new Error('no entry point')
    return { aliases, constants, variables, routines, ...main }
  }

  /** `@name(argument)`, with the argument's text. */
  #attributes(): ReadonlyMap<string, string> {
    const found = new Map<string, string>()
    while (this.#take('@')) {
      const name = this.#name()
      let argument = ''
      if (this.#take('(')) while (!this.#take(')')) argument += this.#tokens[this.#at++]!.text
      found.set(name, argument.replace(/u$/, ''))
    }
    return found
  }

  #variable(binding: string | undefined): Variable {
    this.#expect('<')
    const space = this.#name()
    if (space !== 'storage' && space !== 'uniform' && space !== 'workgroup') throw this.#wrong()
    const writable = this.#take(',') ? this.#name() === 'read_write' : space === 'workgroup'
    this.#expect('>')
    const name = this.#name()
    this.#expect(':')
    const type = this.#type()
    this.#expect(';')
    return { name, space, writable, type, ...(binding !== undefined && { binding: Number(binding) }) }
  }

  #routine(): Routine {
    const name = this.#name()
    const parameters: Parameter[] = []
    this.#expect('(')
    while (!this.#take(')')) {
      const builtin = this.#attributes().get('builtin')
      const parameter = this.#name()
      this.#expect(':')
      parameters.push({ name: parameter, type: this.#type(), ...(builtin !== undefined && { builtin }) })
      this.#take(',')
    }
    const result = this.#take('->') ? this.#type() : undefined
    return { name, parameters, body: this.#block(), ...(result && { result }) }
  }

  #type(): TypeName {
    const name = this.#name()
    return { name, arguments: generic.test(name) && this.#next === '<' ? this.#arguments() : [] }
  }

  #arguments(): readonly (TypeName | number)[] {
    const found: (TypeName | number)[] = []
    this.#expect('<')
    while (!this.#take('>')) {
      found.push(/^\d/.test(this.#next) ? parseInt(this.#tokens[this.#at++]!.text) : this.#type())
      this.#take(',')
    }
    return found
  }

  #block(): Statement {
    const { line } = this.#tokens[this.#at]!
    const statements: Statement[] = []
    this.#expect('{')
    while (!this.#take('}')) statements.push(this.#statement())
    return { kind: 'block', line, statements }
  }

  #statement(): Statement {
    const { line, text } = this.#tokens[this.#at]!
    switch (text) {
      case '{':
        return this.#block()
      case 'if':
        return this.#if()
      case 'for':
        return this.#for()
      case 'while':
        this.#at++
        return { kind: 'for', line, condition: this.#expression(), body: this.#block() }
      case 'return': {
        this.#at++
        const value = this.#next === ';' ? undefined : this.#expression()
        this.#expect(';')
        return { kind: 'return', line, ...(value && { value }) }
      }
      case 'break':
      case 'continue':
        this.#at++
        this.#expect(';')
        return { kind: text, line }
      default: {
        const simple = this.#simple()
        this.#expect(';')
        return simple
      }
    }
  }

  #if(): Statement {
    const { line } = this.#tokens[this.#at++]!
    const condition = this.#expression()
    const then = this.#block()
    if (!this.#take('else')) return { kind: 'if', line, condition, then }
    return { kind: 'if', line, condition, then, otherwise: this.#next === 'if' ? this.#if() : this.#block() }
  }

  #for(): Statement {
    const { line } = this.#tokens[this.#at++]!
    this.#expect('(')
    const first = this.#next === ';' ? undefined : this.#simple()
    this.#expect(';')
    const condition = this.#next === ';' ? undefined : this.#expression()
    this.#expect(';')
    const next = this.#next === ')' ? undefined : this.#simple()
    this.#expect(')')
    return { kind: 'for', line, body: this.#block(), ...(first && { first }), ...(condition && { condition }), ...(next && { next }) }
  }

  /** A declaration, an assignment or a call. */
  #simple(): Statement {
    const { line } = this.#tokens[this.#at]!
    if (this.#take('let') || this.#take('var') || this.#take('const')) return { kind: 'declare', line, ...this.#declared() }
    const to = this.#unary()
    const one: Expression = { kind: 'number', line, value: 1, suffix: '', whole: true }
    if (this.#take('++')) return { kind: 'assign', line, to, operator: '+', value: one }
    if (this.#take('--')) return { kind: 'assign', line, to, operator: '-', value: one }
    const [, operator] = /^([+\-*/%&|^]?)=$/.exec(this.#next) ?? []
    if (operator === undefined) return { kind: 'call', line, call: to }
    this.#at++
    return { kind: 'assign', line, to, operator, value: this.#expression() }
  }

  #declared(): { readonly name: string; readonly type?: TypeName; readonly value?: Expression } {
    const name = this.#name()
    const type = this.#take(':') ? this.#type() : undefined
    const value = this.#take('=') ? this.#expression() : undefined
    return { name, ...(type && { type }), ...(value && { value }) }
  }

  #expression(level = 0): Expression {
    if (level === levels.length) return this.#unary()
    let left = this.#expression(level + 1)
    for (;;) {
      const { line } = this.#tokens[this.#at]!
      const operator = this.#operator(levels[level]!)
      if (operator === undefined) return left
      left = { kind: 'binary', line, operator, left, right: this.#expression(level + 1) }
    }
  }

  /** The next tokens as one of these operators; `<<`, `>=` and their like are two tokens, since templates end in a `>`. */
  #operator(operators: readonly string[]): string | undefined {
    const [first, second] = [this.#tokens[this.#at], this.#tokens[this.#at + 1]]
    const pair = first?.glued && second && /^[<>]$/.test(first.text) && /^(=|<|>)$/.test(second.text) ? first.text + second.text : undefined
    const operator = pair ?? first?.text ?? ''
    if (!operators.includes(operator)) return undefined
    this.#at += pair ? 2 : 1
    return operator
  }

  #unary(): Expression {
    const { line, text } = this.#tokens[this.#at]!
    if (!['-', '!', '~', '&', '*'].includes(text)) return this.#postfix()
    this.#at++
    return { kind: 'unary', line, operator: text, of: this.#unary() }
  }

  #postfix(): Expression {
    let found = this.#primary()
    for (;;) {
      const { line } = this.#tokens[this.#at]!
      if (this.#take('[')) {
        found = { kind: 'index', line, of: found, at: this.#expression() }
        this.#expect(']')
      } else if (this.#take('.')) found = { kind: 'member', line, of: found, name: this.#name() }
      else return found
    }
  }

  #primary(): Expression {
    const { line, text } = this.#tokens[this.#at]!
    if (this.#take('(')) {
      const inner = this.#expression()
      this.#expect(')')
      return inner
    }
    if (this.#take('true') || this.#take('false')) return { kind: 'boolean', line, value: text === 'true' }
    if (/^[\d.]/.test(text)) return this.#number()
    const type = this.#type()
    if (!this.#take('(')) return { kind: 'name', line, name: type.name }
    const found: Expression[] = []
    while (!this.#take(')')) {
      found.push(this.#expression())
      this.#take(',')
    }
    return { kind: 'call', line, type, arguments: found }
  }

  #number(): Expression {
    const { line, text } = this.#tokens[this.#at++]!
    const hexadecimal = text.startsWith('0x')
    const [, digits, suffix] = (hexadecimal ? /^(.*?)([ui]?)$/ : /^(.*?)([uifh]?)$/).exec(text)!
    const whole = hexadecimal || !/[.e]/i.test(digits!)
    return { kind: 'number', line, value: Number(digits), suffix: suffix as '' | 'u' | 'i' | 'f' | 'h', whole }
  }

  get #next(): string {
    return this.#tokens[this.#at]?.text ?? ''
  }

  #take(text: string): boolean {
    if (this.#next !== text) return false
    this.#at++
    return true
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw this.#wrong(text)
  }

  #name(): string {
    if (!/^[A-Za-z_]/.test(this.#next)) throw this.#wrong('a name')
    return this.#tokens[this.#at++]!.text
  }

  #wrong(wanted = 'something else'): Error {
    return new Error(`line ${this.#tokens[this.#at]?.line}: ${wanted} instead of '${this.#next}'`)
  }
}
