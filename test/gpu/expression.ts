// Expressions → JavaScript. `L` is the lane that computes.
import { atomics, builtin, unified } from './builtins.ts'
import { zeroMatrix } from './matrix.ts'
import { rounders } from './numbers.ts'
import { arithmetic, comparison, conversion, negation, not, rounding } from './operators.ts'
import type { Scope } from './scope.ts'
import type { Expression, Routine, TypeName } from './syntax.ts'
import { componentOf, nameOf, nothing, numeric, scalar, strideOf, vector, widthOf, type Type } from './types.ts'
import { cast, construct, dot, inside, pick, select, spread } from './values.ts'

export interface Code {
  readonly code: string
  readonly type: Type
}

/** Where something lies: `memory` an expression for a Memory, `at` one for bytes. */
export interface Spot {
  readonly memory: string
  readonly at: string
  readonly type: Type
}

export interface Callable {
  readonly code: string
  readonly routine: Routine
  /** It waits for other lanes. */
  readonly waits: boolean
}

/** Functions that lanes carry out together. */
export const isTogether = (name: string): boolean => /^(workgroup|storage|subgroup)[A-Z]/.test(name)

export const places: Readonly<Record<string, number>> = { x: 0, y: 1, z: 2, w: 3, r: 0, g: 1, b: 2, a: 3 }
const orders: Readonly<Record<string, string>> = { '==': '===', '!=': '!==', '<': '<', '>': '>', '<=': '<=', '>=': '>=' }

export class Expressions {
  readonly #scope: Scope
  readonly #callables: ReadonlyMap<string, Callable>

  constructor(scope: Scope, callables: ReadonlyMap<string, Callable>) {
    this.#scope = scope
    this.#callables = callables
  }

  emit(e: Expression): Code {
    switch (e.kind) {
      case 'number':
        return this.#number(e)
      case 'boolean':
        return { code: String(e.value), type: scalar('bool') }
      case 'name': {
        const found = this.#scope.find(e.name)
        if (!found) throw new Error(`line ${e.line}: nothing is called ${e.name}`)
        return found.kind === 'value' ? found : this.load(this.spot(e)!, e.line)
      }
      case 'index':
      case 'member': {
        const spot = this.spot(e)
        if (spot) return this.load(spot, e.line)
        return e.kind === 'index' ? this.#element(e) : this.#swizzle(e)
      }
      case 'unary':
        return this.#unary(e)
      case 'binary':
        return this.#binary(e)
      case 'call':
        return this.#call(e)
    }
  }

  /** An expression as a value of a type that WGSL converts it to by itself. */
  as(e: Expression, type: Type): string {
    return this.#become(this.emit(e), type)
  }

  /** With literals as what they are where nothing else says so. */
  concrete(e: Expression): Code {
    const found = this.emit(e)
    if (found.type.kind !== 'scalar' && found.type.kind !== 'vector') return found
    const of = found.type.of === 'int' ? 'i32' : found.type.of === 'float' ? 'f32' : found.type.of
    const type = vector(of, widthOf(found.type))
    return { code: this.#become(found, type), type }
  }

  /** Where an expression lies in memory; undefined for one that is a value. */
  spot(e: Expression): Spot | undefined {
    if (e.kind === 'name') {
      const found = this.#scope.find(e.name)
      return found?.kind === 'memory' ? { memory: `L.memories[${found.index}]`, at: '0', type: found.type } : undefined
    }
    if (e.kind === 'unary' && e.operator === '&') return this.spot(e.of)
    if (e.kind !== 'index' && e.kind !== 'member') return undefined
    const of = this.spot(e.of)
    if (!of) return undefined
    if (e.kind === 'member') {
      if (e.name.length > 1) return undefined
      return { ...of, at: `${of.at} + ${places[e.name]! * strideOf(scalar(componentOf(of.type)))}`, type: scalar(componentOf(of.type)) }
    }
    const element = of.type.kind === 'array' ? of.type.of : scalar(componentOf(of.type))
    const count = of.type.kind === 'array' ? of.type.count : widthOf(of.type)
    const at = this.emit(e.at).code
    const checked = count === undefined ? at : this.#use(inside, at, String(count), String(e.line))
    return { ...of, at: `${of.at} + ${strideOf(element)} * ${checked}`, type: element }
  }

  load({ memory, at, type }: Spot, line: number): Code {
    const of = numeric(type)
    if (type.kind === 'vector') return { code: `${memory}.loadVector(L, '${of}', ${at}, ${type.size}, ${line})`, type }
    return { code: `${memory}.load(L, '${of}', ${at}, ${line})`, type: scalar(of) }
  }

  store({ memory, at, type }: Spot, value: string, line: number): string {
    return `${memory}.${type.kind === 'vector' ? 'storeVector' : 'store'}(L, '${numeric(type)}', ${at}, ${value}, ${line})`
  }

  /** What a variable holds before anything is stored in it. */
  zero(type: Type): string {
    if (type.kind === 'matrix') return this.#scope.constant(zeroMatrix(type))
    if (type.kind === 'vector') return `[${Array(type.size).fill(0).join()}]`
    if (type.kind === 'array') return `Array.from({ length: ${type.count} }, () => ${this.zero(type.of)})`
    return componentOf(type) === 'bool' ? 'false' : '0'
  }

  /** `left operator right`, both of them emitted. */
  combine(operator: string, left: Code, right: Code): Code {
    const order = orders[operator]
    const shift = operator === '<<' || operator === '>>'
    const of = shift ? componentOf(left.type) : unified(componentOf(left.type), componentOf(right.type))
    const size = Math.max(widthOf(left.type), widthOf(right.type))
    const type: Type = vector(order ? 'bool' : of, size)
    const a = this.#become(left, vector(of, widthOf(left.type)))
    const b = shift ? right.code : this.#become(right, vector(of, widthOf(right.type)))
    if (size === 1 && order) return { code: `(${a} ${order} ${b})`, type }
    if (size === 1 && of === 'bool') return { code: `(${a} ${operator === '&' ? '&&' : '||'} ${b})`, type }
    if (size === 1 && of === 'f32' && operator !== '%') return { code: `fround(${a} ${operator} ${b})`, type }
    if (size === 1 && of === 'u32' && /^[+-]$/.test(operator)) return { code: `((${a} ${operator} ${b}) >>> 0)`, type }
    if (size === 1 && of === 'u32' && operator === '*') return { code: `(Math.imul(${a}, ${b}) >>> 0)`, type }
    const f = order ? comparison(operator) : arithmetic(operator, of)
    return { code: size === 1 ? this.#use(f, a, b) : this.#spread(f, a, b), type }
  }

  #number(e: Expression & { readonly kind: 'number' }): Code {
    const of = ({ u: 'u32', i: 'i32', f: 'f32', h: 'f16', '': e.whole ? 'int' : 'float' } as const)[e.suffix]
    return { code: String(rounders[of](e.value)), type: scalar(of) }
  }

  #become({ code, type }: Code, to: Type): string {
    if (type.kind !== 'scalar' && type.kind !== 'vector') return code
    const [from, of] = [type.of, componentOf(to)]
    if (from === of) return code
    if (from !== 'int' && from !== 'float') throw new Error(`${nameOf(type)} is no ${nameOf(to)}`)
    const round = rounders[of]
    return type.kind === 'scalar' ? this.#use(round, code) : this.#spread(round, code)
  }

  #element(e: Expression & { readonly kind: 'index' }): Code {
    const of = this.emit(e.of)
    const count = of.type.kind === 'array' ? of.type.count! : widthOf(of.type)
    const type = of.type.kind === 'array' ? of.type.of : scalar(componentOf(of.type))
    return { code: `${of.code}[${this.#use(inside, this.emit(e.at).code, String(count), String(e.line))}]`, type }
  }

  #swizzle(e: Expression & { readonly kind: 'member' }): Code {
    const of = this.emit(e.of)
    const chosen = [...e.name].map((letter) => places[letter]!)
    const type = vector(componentOf(of.type), chosen.length)
    return { code: chosen.length === 1 ? `${of.code}[${chosen[0]}]` : this.#use(pick, of.code, `[${chosen.join()}]`), type }
  }

  #unary(e: Expression & { readonly kind: 'unary' }): Code {
    const of = this.emit(e.of)
    const component = componentOf(of.type)
    const f = e.operator === '!' ? not : negation(e.operator, component)
    return { code: of.type.kind === 'vector' ? this.#spread(f, of.code) : this.#use(f, of.code), type: of.type }
  }

  #binary(e: Expression & { readonly kind: 'binary' }): Code {
    const [left, right] = [this.emit(e.left), this.emit(e.right)]
    if (e.operator === '&&' || e.operator === '||') return { code: `(${left.code} ${e.operator} ${right.code})`, type: left.type }
    return this.combine(e.operator, left, right)
  }

  #call(e: Expression & { readonly kind: 'call' }): Code {
    const { name } = e.type
    const callable = this.#callables.get(name)
    if (callable) return this.#routine(callable, e.arguments)
    const type = /^(bitcast|subgroup[A-Z])/.test(name) ? undefined : this.#scope.typeIn(e.type)
    if (type) return this.#construct(type, e.arguments)
    if (isTogether(name)) return this.#together(e)
    if (Object.hasOwn(atomics, name)) return this.#atomic(e)
    const given = e.arguments.map((argument) => this.emit(argument))
    const codes = given.map(({ code }) => code)
    switch (name) {
      case 'bitcast': {
        const to = this.#scope.typeOf(e.type.arguments[0] as TypeName)
        const [from, size] = [componentOf(given[0]!.type), widthOf(to)]
        return { code: this.#use(cast, codes[0]!, `'${from}'`, `'${componentOf(to)}'`, String(size)), type: to }
      }
      case 'select': {
        const of = unified(componentOf(given[0]!.type), componentOf(given[1]!.type))
        const to = vector(of, widthOf(given[0]!.type))
        return { code: this.#use(select, this.#become(given[0]!, to), this.#become(given[1]!, to), codes[2]!), type: to }
      }
      case 'dot':
        return { code: this.#use(dot, ...codes), type: scalar(componentOf(given[0]!.type)) }
      case 'pack2x16float':
        return { code: this.#use(cast, codes[0]!, `'f16'`, `'u32'`, '1'), type: scalar('u32') }
      case 'unpack2x16float':
        return { code: this.#use(cast, codes[0]!, `'u32'`, `'f16'`, '2'), type: vector('f32', 2) }
      default:
        return this.#builtin(name, given, e.line)
    }
  }

  #builtin(name: string, given: readonly Code[], line: number): Code {
    const f = builtin(name)
    if (!f) throw new Error(`line ${line}: no function ${name}`)
    const of = given.map(({ type }) => componentOf(type)).reduce(unified)
    const size = Math.max(...given.map(({ type }) => widthOf(type)))
    const codes = given.map((one) => this.#become(one, vector(of, widthOf(one.type))))
    const rounded = rounding(name, f, of)
    return { code: size === 1 ? this.#use(rounded, ...codes) : this.#spread(rounded, ...codes), type: vector(of, size) }
  }

  #routine({ code, routine, waits }: Callable, given: readonly Expression[]): Code {
    const codes = given.map((argument, i) => this.as(argument, this.#scope.typeOf(routine.parameters[i]!.type)))
    const call = `${code}(${['L', ...codes].join(', ')})`
    return { code: waits ? `(yield* ${call})` : call, type: this.#scope.typeOf(routine.result) }
  }

  #construct(type: Type, given: readonly Expression[]): Code {
    if (given.length === 0) return { code: this.zero(type), type }
    if (type.kind === 'array') {
      const { of, count = given.length } = type
      return { code: `[${given.map((argument) => this.as(argument, of)).join(', ')}]`, type: { ...type, count } }
    }
    const codes = given.map((argument) => this.emit(argument))
    const [of, size] = [componentOf(type), widthOf(type)]
    if (size > 1) {
      const from = codes.map((one) => `'${componentOf(one.type)}'`)
      return {
        code: this.#use(construct, String(size), `[${from.join()}]`, `'${of}'`, `[${codes.map(({ code }) => code).join(', ')}]`),
        type,
      }
    }
    const [one] = codes as [Code]
    if (of === 'bool') return { code: `(${one.code} != 0)`, type }
    return { code: componentOf(one.type) === of ? one.code : this.#use(conversion(componentOf(one.type), of), one.code), type }
  }

  /** What lanes do together: a lane says what it wants, and waits. */
  #together(e: Expression & { readonly kind: 'call' }): Code {
    const { name } = e.type
    const { line } = e
    const give = (fields: string, type: Type): Code => ({ code: `(yield { line: ${line}, ${fields} })`, type })
    const values = e.arguments.slice(1).map((argument) => this.emit(argument))
    switch (name) {
      case 'workgroupBarrier':
      case 'storageBarrier':
        return {
          code: `(yield ${this.#scope.constant({ kind: 'barrier', of: name === 'storageBarrier' ? 'storage' : 'workgroup', line })})`,
          type: nothing,
        }
      case 'workgroupUniformLoad': {
        const spot = this.spot(e.arguments[0]!)!
        return give(`kind: 'uniform', memory: ${spot.memory}, of: '${numeric(spot.type)}', at: ${spot.at}`, scalar(componentOf(spot.type)))
      }
      case 'subgroupShuffleXor': {
        const value = this.emit(e.arguments[0]!)
        return give(`kind: 'shuffle', value: ${value.code}, by: ${values[0]!.code}`, value.type)
      }
      case 'subgroupMatrixLoad': {
        const [kind, layout] = e.type.arguments as readonly TypeName[]
        const type = this.#scope.typeOf(kind)
        const where = this.#layout(e.arguments[0]!, layout!, values[0]!, values[1]!)
        return give(`kind: 'load', type: ${this.#scope.constant(type)}, ${where}`, type)
      }
      case 'subgroupMatrixStore': {
        const [layout] = e.type.arguments as readonly TypeName[]
        const where = this.#layout(e.arguments[0]!, layout!, values[0]!, values[2]!)
        return give(`kind: 'store', matrix: ${values[1]!.code}, ${where}`, nothing)
      }
      case 'subgroupMatrixMultiplyAccumulate': {
        const left = this.emit(e.arguments[0]!)
        return give(`kind: 'multiply', left: ${left.code}, right: ${values[0]!.code}, sum: ${values[1]!.code}`, values[1]!.type)
      }
      default:
        throw new Error(`line ${line}: no function ${name}`)
    }
  }

  /** The fields of a Layout. */
  #layout(array: Expression, order: TypeName, offset: Code, stride: Code): string {
    const { memory, at, type } = this.spot(array)!
    const where = `memory: ${memory}, from: ${at}, element: ${strideOf((type as { readonly of: Type }).of)}`
    return `${where}, offset: ${offset.code}, stride: ${stride.code}, columnMajor: ${order.name === 'col_major'}`
  }

  #atomic(e: Expression & { readonly kind: 'call' }): Code {
    const { memory, at, type } = this.spot(e.arguments[0]!)!
    const of = componentOf(type)
    const value = e.arguments[1] ? this.as(e.arguments[1], scalar(of)) : '0'
    const change = `(old) => ${this.#use(rounders[of], this.#use(atomics[e.type.name]!, 'old', value))}`
    const code = `${memory}.exchange(L, '${numeric(type)}', ${at}, ${change}, ${e.line}, ${e.type.name === 'atomicStore'})`
    return { code, type: scalar(of) }
  }

  #use(f: unknown, ...codes: readonly string[]): string {
    return `${this.#scope.constant(f)}(${codes.join(', ')})`
  }

  #spread(f: unknown, ...codes: readonly string[]): string {
    return this.#use(spread, this.#scope.constant(f), ...codes)
  }
}
