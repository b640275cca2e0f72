// The part of WGSL's syntax that our kernels are written in, as a tree. `line` counts from 1.

export interface TypeName {
  readonly name: string
  readonly arguments: readonly (TypeName | number)[]
}

export type Expression = { readonly line: number } & (
  | { readonly kind: 'number'; readonly value: number; readonly suffix: '' | 'u' | 'i' | 'f' | 'h'; readonly whole: boolean }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'call'; readonly type: TypeName; readonly arguments: readonly Expression[] }
  | { readonly kind: 'index'; readonly of: Expression; readonly at: Expression }
  | { readonly kind: 'member'; readonly of: Expression; readonly name: string }
  | { readonly kind: 'unary'; readonly operator: string; readonly of: Expression }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
)

export type Statement = { readonly line: number } & (
  | { readonly kind: 'declare'; readonly name: string; readonly type?: TypeName; readonly value?: Expression }
  | { readonly kind: 'assign'; readonly to: Expression; readonly operator: string; readonly value: Expression }
  | { readonly kind: 'call'; readonly call: Expression }
  | { readonly kind: 'if'; readonly condition: Expression; readonly then: Statement; readonly otherwise?: Statement }
  | {
      readonly kind: 'for'
      readonly first?: Statement
      readonly condition?: Expression
      readonly next?: Statement
      readonly body: Statement
    }
  | { readonly kind: 'return'; readonly value?: Expression }
  | { readonly kind: 'break' | 'continue' }
  | { readonly kind: 'block'; readonly statements: readonly Statement[] }
)

export interface Parameter {
  readonly name: string
  readonly type: TypeName
  /** `workgroup_id`, of an entry point's. */
  readonly builtin?: string
}

export interface Routine {
  readonly name: string
  readonly parameters: readonly Parameter[]
  readonly result?: TypeName
  readonly body: Statement
}

export interface Variable {
  readonly name: string
  readonly space: 'storage' | 'uniform' | 'workgroup'
  readonly writable: boolean
  readonly binding?: number
  readonly type: TypeName
}

export interface Shader {
  readonly aliases: ReadonlyMap<string, TypeName>
  readonly constants: readonly { readonly name: string; readonly type?: TypeName; readonly value: Expression }[]
  readonly variables: readonly Variable[]
  readonly routines: readonly Routine[]
  readonly entry: Routine
  /** Lanes of a workgroup. */
  readonly workgroup: number
  /** That it asks for. */
  readonly subgroup?: number
}
