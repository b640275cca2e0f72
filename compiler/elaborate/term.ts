// What an expression stands for while a body is elaborated: a number or truth value known now, a tensor of the graph,
// an op or block, or nothing because a message has been given. Tensors know what the graph does not need to:
// the range of whole numbers (so that an index is proved inside) and the factors of a product (so that a sum over it
// becomes a contraction, without a node for the product).
import type { Span } from '../../grammar/source.ts'
import type { Code } from './code.ts'
import type { Value } from '../graph/builder.ts'
import type { Dim, Type } from '../graph/graph.ts'

export type Term = NumberTerm | TruthTerm | TensorTerm | CodeTerm | Failed

export interface NumberTerm {
  readonly kind: 'number'
  readonly value: number
  /** The formula that gave no number: NaN. */
  readonly since?: Span | undefined
}

export interface TruthTerm {
  readonly kind: 'truth'
  readonly value: boolean
}

/** Floats are f32, whole numbers i32, truth values bool. */
export interface TensorTerm {
  readonly kind: 'tensor'
  readonly type: Type
  /** The node; products are appended when first asked for. */
  value(): Value
  /** Whole numbers: the least and the greatest. */
  readonly range?: Range
  /** This is pos[dim] + by, or that mod the size of dim: as an index along dim, a rotation. */
  readonly shift?: { readonly dim: string; readonly by: number; readonly wrapped: boolean }
  readonly factors?: readonly [Value, Value]
}

export type Range = readonly [least: number, greatest: number]

export interface CodeTerm {
  readonly kind: 'code'
  readonly code: Code
}

/** The user has been told why. Whatever is made of it fails silently. */
export interface Failed {
  readonly kind: 'failed'
}

/** What arithmetic works on. */
export type Numeric = NumberTerm | TensorTerm

export const FAILED: Failed = { kind: 'failed' }

export function number(value: number, since?: Span): NumberTerm {
  return { kind: 'number', value, since }
}

export function truth(value: boolean): TruthTerm {
  return { kind: 'truth', value }
}

export function tensor(value: Value, more: Pick<TensorTerm, 'range' | 'shift'> = {}): TensorTerm {
  return {
    kind: 'tensor',
    type: value.type,
    value() {
      return value
    },
    ...more,
  }
}

/** A value of settings and module-level names. */
export function known(value: number | boolean | Code): Term {
  if (typeof value === 'number') return number(value)
  return typeof value === 'boolean' ? truth(value) : { kind: 'code', code: value }
}

export function dimsOf(term: Term): readonly Dim[] {
  return term.kind === 'tensor' ? term.type.dims : []
}

/** Whether it holds whole numbers of 32 bits: an i32 tensor, or a number without fraction. */
export function isWhole(term: Numeric): boolean {
  if (term.kind === 'tensor') return term.type.dtype === 'i32'
  return Number.isInteger(term.value) && Math.abs(term.value) < 2 ** 31
}

/** The range of a whole term; everything, where none is known. */
export function rangeOf(term: Numeric): Range {
  if (term.kind === 'number') return [term.value, term.value]
  return term.range ?? [-Infinity, Infinity]
}

/** `[batch, time, width]`. */
export function showDims(dims: readonly Dim[]): string {
  return `[${dims.map((d) => d.name).join(', ')}]`
}

/** `[batch, time]`, or `a number`, for messages. */
export function showTerm(term: Term): string {
  switch (term.kind) {
    case 'number':
      return 'a number'
    case 'truth':
      return 'true or false'
    case 'tensor':
      return term.type.dims.length > 0 ? showDims(term.type.dims) : term.type.dtype === 'bool' ? 'true or false' : 'a number'
    case 'code':
      return `the ${term.code.kind} \`${term.code.decl.name.name}\``
    case 'failed':
      return 'nothing'
    default:
      return term satisfies never
  }
}
