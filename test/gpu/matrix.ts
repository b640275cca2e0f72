// Matrices that a subgroup's lanes hold together, as one object for all of them.
import { bytesPer, type Memory, type Number, type Place } from './memory.ts'
import type { MatrixType } from './types.ts'

export interface Matrix {
  readonly type: MatrixType
  /** Row by row. */
  readonly numbers: Float64Array
}

/** How a matrix lies in an array: `from` bytes on, by elements of `element` bytes. */
export interface Layout {
  readonly memory: Memory
  readonly from: number
  readonly element: number
  readonly offset: number
  readonly stride: number
  readonly columnMajor: boolean
}

const zeros = new Map<string, Matrix>()

/** One and the same for a type, as lanes must agree on the matrices that they name. */
export function zeroMatrix(type: MatrixType): Matrix {
  const key = [type.role, type.of, type.rows, type.columns].join()
  const found = zeros.get(key) ?? { type, numbers: new Float64Array(type.rows * type.columns) }
  zeros.set(key, found)
  return found
}

export function loadMatrix(type: MatrixType, layout: Layout, place: Place, line: number): Matrix {
  const numbers = new Float64Array(type.rows * type.columns)
  for (let i = 0; i < numbers.length; i++) numbers[i] = layout.memory.load(place, type.of as Number, byteOf(type, layout, i), line)
  return { type, numbers }
}

export function storeMatrix({ type, numbers }: Matrix, layout: Layout, place: Place, line: number): void {
  for (let i = 0; i < numbers.length; i++) layout.memory.store(place, type.of as Number, byteOf(type, layout, i), numbers[i]!, line)
}

/** left times right plus sum, each result rounded once. */
export function multiply(left: Matrix, right: Matrix, sum: Matrix): Matrix {
  const { rows, columns } = sum.type
  const depth = left.type.columns
  const fits = left.type.rows === rows && right.type.columns === columns && right.type.rows === depth
  if (!fits || left.type.role !== 'left' || right.type.role !== 'right') throw new Error('matrices that do not fit')
  const numbers = new Float64Array(rows * columns)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let total = sum.numbers[row * columns + column]!
      for (let k = 0; k < depth; k++) total += left.numbers[row * depth + k]! * right.numbers[k * columns + column]!
      numbers[row * columns + column] = Math.fround(total)
    }
  }
  return { type: sum.type, numbers }
}

function byteOf({ of, columns }: MatrixType, { from, element, offset, stride, columnMajor }: Layout, i: number): number {
  const [row, column] = [Math.floor(i / columns), i % columns]
  const [line, within] = columnMajor ? [column, row] : [row, column]
  return from + (offset + line * stride) * element + within * bytesPer[of as Number]
}
