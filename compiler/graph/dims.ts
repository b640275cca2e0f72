// Arithmetic on named dimensions, shared by every type rule. One name means one size; anything else is a bug.
import { bug } from '../bug.ts'
import type { Dim, Dtype, Type } from './graph.ts'

/** `shape('f32', { batch: 2, time: 8 })`. */
export function shape(dtype: Dtype, sizes: Readonly<Record<string, number>> = {}): Type {
  return { dtype, dims: Object.entries(sizes).map(([name, size]) => ({ name, size })) }
}

/** For messages: `f32[batch 2, time 8]`; a live dim as `slot ≤64`. */
export function showType(type: Type): string {
  return type.dtype + showDims(type.dims)
}
export function showDims(dims: readonly Dim[]): string {
  return '[' + dims.map((d) => `${d.name} ${d.live ? '≤' : ''}${d.size}`).join(', ') + ']'
}

export function find(dims: readonly Dim[], name: string): Dim {
  return dims.find((d) => d.name === name) ?? bug(`no dimension ${name} in ${showDims(dims)}`)
}

export function without(dims: readonly Dim[], names: readonly string[]): readonly Dim[] {
  return dims.filter((d) => !names.includes(d.name))
}

export function names(dims: readonly Dim[]): string[] {
  return dims.map((d) => d.name)
}

/** Same names and sizes in the same order. */
export function sameDims(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length === b.length && a.every((d, i) => sameDim(d, b[i]!))
}

export function sameType(a: Type, b: Type): boolean {
  return a.dtype === b.dtype && sameDims(a.dims, b.dims)
}

function sameDim(a: Dim, b: Dim): boolean {
  return a.name === b.name && a.size === b.size && (a.live ?? false) === (b.live ?? false)
}

/** `dims` followed by those of `more` that it lacks. */
export function extend(dims: readonly Dim[], more: readonly Dim[]): readonly Dim[] {
  const all = [...dims]
  for (const d of more) {
    const known = all.find((e) => e.name === d.name)
    if (!known) all.push(d)
    else if (!sameDim(known, d)) bug(`dimension ${d.name} is ${known.size} in ${showDims(dims)} and ${d.size} in ${showDims(more)}`)
  }
  return all
}

/** Dims of an elementwise result: those of the operand with most (the first on ties), then missing ones in order of appearance. */
export function union(types: readonly Type[]): readonly Dim[] {
  const widest = types.reduce<readonly Dim[]>((best, t) => (t.dims.length > best.length ? t.dims : best), [])
  return types.reduce((dims, t) => (t.dims === dims ? dims : extend(dims, t.dims)), widest)
}
