// A kernel → the tiles it may be given instead of its own, for a search of the fastest on a device. Only kernels for matrix units
// have a choice; see matrix-tile.ts and flash-tile.ts.
import type { Tuning } from '../plan/plan.ts'
import { flashKey, flashTiles, flashTileTable } from './flash-tile.ts'
import type { JoinedKernel } from './kernel.ts'
import { matrixJoint } from './matmul-matrix.ts'
import { matrixTiles, matrixTileTable, tuningKey } from './matrix-tile.ts'
import type { Context } from './module.ts'

/** Undefined where there is nothing to choose. */
export function tuningOf(kernel: JoinedKernel, context: Context): Tuning | undefined {
  const isProduct = kernel.kind === 'matmul' || kernel.kind === 'products'
  const tuning = kernel.kind === 'attention' ? attention(kernel.request) : isProduct ? product(kernel, context) : undefined
  return tuning && tuning.places.length > 1 ? tuning : undefined
}

function attention(request: Parameters<typeof flashTiles>[0]): Tuning {
  return { key: flashKey(request), places: flashTiles(request).map((tile) => flashTileTable.indexOf(tile)) }
}

function product(kernel: Parameters<typeof matrixJoint>[0], context: Context): Tuning | undefined {
  const made = matrixJoint(kernel, context)
  return made && { key: tuningKey(made.shape), places: matrixTiles(made.shape, context.facts).map((tile) => matrixTileTable.indexOf(tile)) }
}
