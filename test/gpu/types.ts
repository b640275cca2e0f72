// The types of WGSL that our kernels use, and how they lie in memory.

/** `int` and `float` are literals without a suffix, which become what stands beside them. */
export type Scalar = Numeric | 'bool' | 'int' | 'float'

/** What lies in memory. */
export type Numeric = 'f32' | 'f16' | 'u32' | 'i32'
export const bytesPer: Readonly<Record<Numeric, number>> = { f32: 4, f16: 2, u32: 4, i32: 4 }

export type Type =
  | { readonly kind: 'scalar'; readonly of: Scalar }
  | { readonly kind: 'vector'; readonly of: Scalar; readonly size: number }
  | { readonly kind: 'array'; readonly of: Type; readonly count?: number }
  | { readonly kind: 'atomic'; readonly of: Scalar }
  | MatrixType
  | { readonly kind: 'nothing' }

/** Spread over the lanes of a subgroup. WGSL's parameters are columns before rows. */
export interface MatrixType {
  readonly kind: 'matrix'
  readonly role: 'left' | 'right' | 'result'
  readonly of: Numeric
  readonly columns: number
  readonly rows: number
}

export const scalar = (of: Scalar): Type => ({ kind: 'scalar', of })
export const vector = (of: Scalar, size: number): Type => (size === 1 ? scalar(of) : { kind: 'vector', of, size })
export const nothing: Type = { kind: 'nothing' }

/** The component of a scalar, a vector, an atomic or a matrix. */
export function componentOf(type: Type): Scalar {
  if (type.kind === 'array' || type.kind === 'nothing') throw new Error(`no component in ${nameOf(type)}`)
  return type.of
}

/** The same of what lies in memory. */
export function numeric(type: Type): Numeric {
  const of = componentOf(type)
  if (!Object.hasOwn(bytesPer, of)) throw new Error(`${nameOf(type)} in memory`)
  return of as Numeric
}

/** How many numbers a value is. */
export function widthOf(type: Type): number {
  return type.kind === 'vector' ? type.size : 1
}

export function bytesOf(type: Type): number {
  switch (type.kind) {
    case 'scalar':
    case 'atomic':
      return bytesPer[numeric(type)]
    case 'vector':
      return type.size * bytesOf(scalar(type.of))
    case 'array':
      if (type.count === undefined) throw new Error('an array whose length the buffer decides')
      return type.count * strideOf(type.of)
    case 'matrix':
    case 'nothing':
      throw new Error(`${nameOf(type)} does not lie in memory`)
  }
}

/** Bytes from one element of an array to the next. */
export function strideOf(element: Type): number {
  return element.kind === 'vector' && element.size === 3 ? 4 * bytesOf(scalar(element.of)) : bytesOf(element)
}

export function nameOf(type: Type): string {
  switch (type.kind) {
    case 'scalar':
      return type.of
    case 'vector':
      return `vec${type.size}<${type.of}>`
    case 'array':
      return `array<${nameOf(type.of)}${type.count === undefined ? '' : `, ${type.count}`}>`
    case 'atomic':
      return `atomic<${type.of}>`
    case 'matrix':
      return `subgroup_matrix_${type.role}<${type.of}, ${type.columns}, ${type.rows}>`
    case 'nothing':
      return 'nothing'
  }
}
