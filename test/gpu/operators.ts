// What operators and functions do to numbers of a type. One function for each of them, so that emitted code names it once.
import { convert, operation, rounders } from './numbers.ts'
import type { Scalar } from './types.ts'

type Function = (...x: readonly number[]) => number

const known = new Map<string, unknown>()

function once<T>(key: string, make: () => T): T {
  const found = (known.get(key) as T | undefined) ?? make()
  known.set(key, found)
  return found
}

export const not = (x: boolean): boolean => !x

/** `+`, `<<` and their like, rounded to the type. */
export function arithmetic(operator: string, of: Scalar): Function {
  return once(`${operator} ${of}`, () => rounded(operation(operator, of), of))
}

/** `-` or `~` before an operand. */
export function negation(operator: string, of: Scalar): Function {
  return once(`unary ${operator} ${of}`, () => rounded(operator === '-' ? (x) => -x : (x) => ~x, of))
}

export function conversion(from: Scalar, to: Scalar): (x: number) => number {
  return once(`${from} to ${to}`, () => (x: number) => convert(x, from, to))
}

/** A function called `name`, with its results rounded to a type. */
export function rounding(name: string, f: Function, of: Scalar): Function {
  return once(`${name} of ${of}`, () => rounded(f, of))
}

function rounded(f: Function, of: Scalar): Function {
  const round = rounders[of]
  return (...x) => round(f(...x))
}

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
  '<=': (a, b) => a <= b,
  '>=': (a, b) => a >= b,
}

export function comparison(operator: string): (a: number, b: number) => boolean {
  return comparisons[operator]!
}
