// Matrices that a subgroup's lanes hold together, as one object for all of them.
import type { Memory, Place } from './memory.ts'
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
  const { outer, inner, step, stride } = linesOf(type, layout)
  for (let i = 0; i < outer; i++) {
    const found = layout.memory.loadVector(place, type.of, byteOf(layout, i), inner, line)
    for (let j = 0; j < inner; j++) numbers[i * stride + j * step] = found[j]!
  }
  return { type, numbers }
}

export function storeMatrix({ type, numbers }: Matrix, layout: Layout, place: Place, line: number): void {
  const { outer, inner, step, stride } = linesOf(type, layout)
  for (let i = 0; i < outer; i++) {
    const values = Array.from({ length: inner }, (_, j) => numbers[i * stride + j * step]!)
    layout.memory.storeVector(place, type.of, byteOf(layout, i), values, line)
  }
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

/** Rows, or columns where these lie together: how many of how many numbers, and where those are among a matrix's numbers. */
function linesOf({ rows, columns }: MatrixType, { columnMajor }: Layout) {
  return columnMajor ? { outer: columns, inner: rows, step: columns, stride: 1 } : { outer: rows, inner: columns, step: 1, stride: columns }
}

function byteOf({ from, element, offset, stride }: Layout, line: number): number {
  return from + (offset + line * stride) * element
}
