// What lanes wait for, and what those of a subgroup are given.
import { loadMatrix, multiply, storeMatrix, type Layout, type Matrix } from './matrix.ts'
import type { Memory, Place } from './memory.ts'
import type { MatrixType, Numeric } from './types.ts'
import type { Value } from './values.ts'

interface At {
  readonly line: number
}

export type Request = WorkgroupRequest | SubgroupRequest

/** All lanes of a workgroup wait; where a value is loaded, too, each is given it. */
export type WorkgroupRequest =
  | (At & { readonly kind: 'barrier'; readonly of: 'storage' | 'workgroup' })
  | (At & { readonly kind: 'uniform'; readonly memory: Memory; readonly of: Numeric; readonly at: number })

export type SubgroupRequest = Shuffle | Load | Store | Multiply

interface Shuffle extends At {
  readonly kind: 'shuffle'
  readonly value: Value
  readonly by: number
}

interface Load extends At, Layout {
  readonly kind: 'load'
  readonly type: MatrixType
}

interface Store extends At, Layout {
  readonly kind: 'store'
  readonly matrix: Matrix
}

interface Multiply extends At {
  readonly kind: 'multiply'
  readonly left: Matrix
  readonly right: Matrix
  readonly sum: Matrix
}

export function isOfSubgroup(request: Request | undefined): request is SubgroupRequest {
  return request !== undefined && request.kind !== 'barrier' && request.kind !== 'uniform'
}

/** What each lane is given for its request; all are of one kind, and those that name a matrix or a place name the same. */
export function serve(requests: readonly SubgroupRequest[], place: Place): readonly unknown[] {
  const [first] = requests as readonly [SubgroupRequest]
  switch (first.kind) {
    case 'shuffle':
      return (requests as readonly Shuffle[]).map(({ by, line }, i) => {
        const other = (requests as readonly Shuffle[])[i ^ by]
        if (!other) throw new Error(`${place.kernel}, line ${line}: there is no lane ${i ^ by}`)
        return other.value
      })
    case 'load':
      agree(requests as readonly Load[], ['memory', 'offset', 'stride'], place)
      return requests.map(constant(loadMatrix(first.type, first, place, first.line)))
    case 'store':
      agree(requests as readonly Store[], ['memory', 'offset', 'stride', 'matrix'], place)
      storeMatrix(first.matrix, first, place, first.line)
      return requests.map(constant(undefined))
    case 'multiply':
      agree(requests as readonly Multiply[], ['left', 'right', 'sum'], place)
      return requests.map(constant(multiply(first.left, first.right, first.sum)))
  }
}

function agree<R extends At>(requests: readonly R[], fields: readonly (keyof R)[], { kernel }: Place): void {
  const [first] = requests as readonly [R]
  for (const field of fields) {
    if (!requests.every((one) => one[field] === first[field]))
      throw new Error(`${kernel}, line ${first.line}: lanes disagree about ${String(field)}`)
  }
}

function constant<T>(value: T): () => T {
  return () => value
}
