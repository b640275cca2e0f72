// A shader's tree → a JavaScript generator for one lane. It yields where it waits for other lanes: workgroup.ts carries that out.
import { compileFunction } from 'node:vm'
import { Expressions, isTogether, places, type Callable, type Code } from './expression.ts'
import type { Memory, Place } from './memory.ts'
import { Scope } from './scope.ts'
import type { Expression, Routine, Shader, Statement } from './syntax.ts'
import { scalar, widthOf, type Type } from './types.ts'
import { inside, replaced } from './values.ts'
import type { Request } from './request.ts'

/** A lane while it computes: an agent, its memories in the order of the shader's variables, and what is built in. */
export interface Lane extends Place {
  readonly memories: readonly Memory[]
  readonly builtins: Readonly<Record<string, number | readonly number[]>>
}

export type Program = (lane: Lane) => Generator<Request, void, unknown>

export function emit(shader: Shader): Program {
  return new Emitter(shader).program()
}

class Emitter {
  readonly #shader: Shader
  readonly #scope: Scope
  readonly #callables: ReadonlyMap<string, Callable>
  readonly #expressions: Expressions
  #result: Type | undefined

  constructor(shader: Shader) {
    this.#shader = shader
    this.#scope = new Scope(shader)
    const waiting = waitingIn(shader)
    this.#callables = new Map(
      shader.routines.map((routine) => [routine.name, { code: `${routine.name}_`, routine, waits: waiting.has(routine.name) }]),
    )
    this.#expressions = new Expressions(this.#scope, this.#callables)
  }

  program(): Program {
    const constants = this.#shader.constants.map(({ name, type, value }) => this.#declared(name, type && this.#scope.typeOf(type), value))
    const routines = this.#shader.routines.map((routine) => this.#routine(routine))
    const known = this.#scope.constants.map((_, i) => `const k${i} = K[${i}]`)
    const body = ['const { fround } = Math', ...known, ...constants, ...routines, `return ${this.#shader.entry.name}_`].join('\n')
    return (compileFunction(body, ['K']) as (constants: readonly unknown[]) => Program)(this.#scope.constants)
  }

  #routine(routine: Routine): string {
    return this.#scope.within(() => {
      const entry = routine === this.#shader.entry
      const parameters = routine.parameters.map(({ name, type, builtin }) => ({
        code: this.#scope.declare(name, this.#scope.typeOf(type)),
        builtin,
      }))
      const built = entry ? parameters.map(({ code, builtin }) => `const ${code} = L.builtins.${builtin}`) : []
      const { code, waits } = this.#callables.get(routine.name)!
      this.#result = routine.result && this.#scope.typeOf(routine.result)
      const given = ['L', ...(entry ? [] : parameters.map((parameter) => parameter.code))]
      return `function${waits || entry ? '*' : ''} ${code}(${given.join(', ')}) {\n${built.join('\n')}\n${this.#statement(routine.body)}\n}`
    })
  }

  #statement(s: Statement): string {
    switch (s.kind) {
      case 'block':
        return `{\n${this.#scope.within(() => s.statements.map((one) => this.#statement(one)).join(';\n'))}\n}`
      case 'declare':
        return this.#declared(s.name, s.type && this.#scope.typeOf(s.type), s.value)
      case 'assign':
        return this.#assign(s.to, s.operator, s.value, s.line)
      case 'call':
        return this.#expressions.emit(s.call).code
      case 'if': {
        const [condition, then] = [this.#expressions.emit(s.condition).code, this.#statement(s.then)]
        return `if (${condition}) ${then}${s.otherwise ? ` else ${this.#statement(s.otherwise)}` : ''}`
      }
      case 'for':
        return this.#scope.within(() => {
          const first = s.first ? this.#statement(s.first) : ''
          const condition = s.condition ? this.#expressions.emit(s.condition).code : ''
          const next = s.next ? this.#statement(s.next) : ''
          return `for (${first}; ${condition}; ${next}) ${this.#statement(s.body)}`
        })
      case 'return':
        return s.value ? `return ${this.#expressions.as(s.value, this.#result!)}` : 'return'
      case 'break':
      case 'continue':
        return s.kind
    }
  }

  #declared(name: string, type: Type | undefined, value: Expression | undefined): string {
    const code = value && (type ? { code: this.#expressions.as(value, type), type } : this.#expressions.concrete(value))
    const found: Code = code ?? { code: this.#expressions.zero(type!), type: type! }
    return `let ${this.#scope.declare(name, found.type)} = ${found.type.kind === 'array' && value?.kind === 'name' ? `[...${found.code}]` : found.code}`
  }

  #assign(to: Expression, operator: string, value: Expression, line: number): string {
    if (to.kind === 'name' && to.name === '_') return this.#expressions.emit(value).code
    const spot = this.#expressions.spot(to)
    const old = spot ? this.#expressions.load(spot, line) : this.#expressions.emit(to)
    const code = operator
      ? this.#expressions.combine(operator, old, this.#expressions.emit(value)).code
      : this.#expressions.as(value, old.type)
    if (spot) return this.#expressions.store(spot, code, line)
    return this.#put(to, code, line)
  }

  /** Stores into a variable of the lane's own: vectors are replaced as a whole, arrays changed. */
  #put(to: Expression, code: string, line: number): string {
    if (to.kind === 'name') return `${this.#expressions.emit(to).code} = ${code}`
    if (to.kind !== 'index' && to.kind !== 'member') throw new Error(`line ${line}: nothing to assign to`)
    const of = this.#expressions.emit(to.of)
    const count = of.type.kind === 'array' ? of.type.count! : widthOf(of.type)
    const at = to.kind === 'member' ? String(places[to.name]) : this.#expressions.as(to.at, scalar('u32'))
    const place = `${this.#scope.constant(inside)}(${at}, ${count}, ${line})`
    if (of.type.kind === 'array') return `${of.code}[${place}] = ${code}`
    return this.#put(to.of, `${this.#scope.constant(replaced)}(${of.code}, ${place}, ${code})`, line)
  }
}

/** Names of routines that wait for other lanes, themselves or through what they call. */
function waitingIn({ routines }: Shader): ReadonlySet<string> {
  const found = new Set<string>()
  for (let before = -1; before < found.size;) {
    before = found.size
    for (const { name, body } of routines) if (callsIn(body).some((call) => isTogether(call) || found.has(call))) found.add(name)
  }
  return found
}

function callsIn(tree: object): readonly string[] {
  const own = 'kind' in tree && tree.kind === 'call' && 'type' in tree ? [(tree.type as { name: string }).name] : []
  const inner = Object.values(tree).flatMap((part: unknown) => (typeof part === 'object' && part !== null ? callsIn(part) : []))
  return [...own, ...inner]
}
