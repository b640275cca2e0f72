// What emitted code calls: values are numbers, booleans, and vectors as arrays that are never changed.
import { bitcast, convert } from './numbers.ts'
import type { Scalar } from './types.ts'

export type Value = number | boolean | readonly number[]

/** A function of numbers for operands of which some are vectors. In loops, as most of the time is spent here. */
export function spread(f: (...x: readonly number[]) => number | boolean, a: Value, b: Value = 0, c: Value = 0): Value {
  const vector = Array.isArray(a) ? a : Array.isArray(b) ? b : (c as readonly number[])
  const all: number[] = []
  for (let i = 0; i < vector.length; i++) all.push(f(component(a, i), component(b, i), component(c, i)) as number)
  return all
}

function component(x: Value, i: number): number {
  return (typeof x === 'object' ? x[i] : x) as number
}

/** One vector from numbers and vectors; from nothing zeros; of one number, that everywhere. */
export function construct(size: number, from: readonly Scalar[], to: Scalar, operands: readonly Value[]): readonly number[] {
  const all: number[] = []
  for (let i = 0; i < operands.length; i++) {
    const operand = operands[i]!
    if (typeof operand === 'object') for (const x of operand) all.push(convert(x, from[i]!, to))
    else all.push(convert(operand as number, from[i]!, to))
  }
  while (all.length < size) all.push(all[0] ?? 0)
  return all
}

export function pick(vector: readonly number[], places: readonly number[]): number[] {
  return places.map((i) => vector[i]!)
}

export function replaced(vector: readonly number[], place: number, value: number): readonly number[] {
  return vector.map((x, i) => (i === place ? value : x))
}

export function select(otherwise: Value, value: Value, condition: boolean | readonly boolean[]): Value {
  if (!Array.isArray(condition)) return condition ? value : otherwise
  return condition.map((yes, i) => ((yes ? value : otherwise) as readonly number[])[i]!)
}

/** `size`: of the result; 1 is a number. */
export function cast(value: Value, from: Scalar, to: Scalar, size: number): Value {
  const given = typeof value === 'object' ? value : [value as number]
  const found = bitcast(given, from, to)
  if (found.length !== size) throw new Error(`bitcast from ${given.length} ${from} to ${size} ${to}`)
  return size === 1 ? found[0]! : found
}

export function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum = Math.fround(sum + Math.fround(a[i]! * b[i]!))
  return sum
}

/** An element's place in an array of `count`. */
export function inside(at: number, count: number, line: number): number {
  if (!(at >= 0 && at < count)) throw new Error(`line ${line}: element ${at} of an array of ${count}`)
  return at
}
