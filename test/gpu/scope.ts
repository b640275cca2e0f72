// Names of a shader and what they stand for while it is emitted.
import type { Shader, TypeName } from './syntax.ts'
import { componentOf, nothing, numeric, scalar, vector, type Scalar, type Type } from './types.ts'

/** A value in JavaScript, or where a variable lies in memory. */
export type Meaning =
  | { readonly kind: 'value'; readonly code: string; readonly type: Type }
  | { readonly kind: 'memory'; readonly index: number; readonly type: Type }

const scalars: ReadonlySet<string> = new Set<Scalar>(['bool', 'i32', 'u32', 'f32', 'f16'])
const roles = { subgroup_matrix_left: 'left', subgroup_matrix_right: 'right', subgroup_matrix_result: 'result' } as const

export class Scope {
  readonly #shader: Shader
  readonly #frames = [new Map<string, Meaning>()]
  /** Functions and data that emitted code refers to as `k0`, `k1`, …. */
  readonly constants: unknown[] = []
  #count = 0

  constructor(shader: Shader) {
    this.#shader = shader
    shader.variables.forEach(({ name, type }, index) => this.#frames[0]!.set(name, { kind: 'memory', index, type: this.typeOf(type) }))
  }

  /** Runs `emit` in a scope of its own. */
  within<T>(emit: () => T): T {
    this.#frames.push(new Map())
    try {
      return emit()
    } finally {
      this.#frames.pop()
    }
  }

  /** Returns what a new name is called in JavaScript. */
  declare(name: string, type: Type): string {
    const code = `${name}_${this.#count++}`
    this.#frames.at(-1)!.set(name, { kind: 'value', code, type })
    return code
  }

  find(name: string): Meaning | undefined {
    return this.#frames.findLast((frame) => frame.has(name))?.get(name)
  }

  constant(value: unknown): string {
    const known = this.constants.indexOf(value)
    return `k${known >= 0 ? known : this.constants.push(value) - 1}`
  }

  typeOf(type: TypeName | undefined): Type {
    const found = type ? this.typeIn(type) : nothing
    if (!found) throw new Error(`no type ${type!.name}`)
    return found
  }

  /** undefined where the name is none of a type. */
  typeIn({ name, arguments: given }: TypeName): Type | undefined {
    const alias = this.#shader.aliases.get(name)
    if (alias) return this.typeOf(alias)
    if (scalars.has(name)) return scalar(name as Scalar)
    const of = given[0] === undefined || typeof given[0] === 'number' ? undefined : this.typeOf(given[0])
    if (!of) return undefined
    const [, width] = /^vec([234])$/.exec(name) ?? []
    if (width) return vector(componentOf(of), Number(width))
    if (name === 'array') return { kind: 'array', of, ...(typeof given[1] === 'number' && { count: given[1] }) }
    if (name === 'atomic') return { kind: 'atomic', of: componentOf(of) }
    if (!Object.hasOwn(roles, name)) return undefined
    const [columns, rows] = [given[1] as number, given[2] as number]
    return { kind: 'matrix', role: roles[name as keyof typeof roles], of: numeric(of), columns, rows }
  }
}
