// Sizes of workgroups and tiles, from shapes and what the device can do.
import type { DeviceFacts } from '../facts.ts'
import type { Dtype } from '../graph/graph.ts'
import { matrixUnit } from './matrix-unit.ts'

/** Threads of kernels without a reason for another number. */
export const workgroup = 256

/** A reduction's workgroup: `rows` rows of `lanes` threads each; which of both runs fastest over the threads. */
export interface ReductionTile {
  readonly rows: number
  readonly lanes: number
  readonly rowsFastest: boolean
}

/** `acrossRows`: neighbours in memory belong to different rows. */
export function reductionTile(rows: number, over: number, acrossRows: boolean): ReductionTile {
  if (acrossRows) {
    const width = Math.min(32, powerOfTwo(rows))
    const lanes = Math.min(workgroup / width, powerOfTwo(Math.ceil(over / 4)))
    return { rows: width, lanes, rowsFastest: true }
  }
  const lanes = over <= 4 ? 1 : Math.min(workgroup, powerOfTwo(Math.ceil(over / 4)))
  return { rows: Math.min(workgroup / lanes, powerOfTwo(rows)), lanes, rowsFastest: false }
}

/** Into how many ranges a reduction is cut so that few rows keep a device busy. */
export function reductionParts(rows: number, over: number): number {
  const groups = rows >= 32 ? rows / 32 : rows
  return over < 4096 || groups >= 128 ? 1 : Math.ceil(Math.min(over / 2048, 256 / groups))
}

/** A product's tile: m x n results per workgroup, each thread an own block of perThread x perThread, k steps at a time. */
export interface MatmulTile {
  readonly m: number
  readonly n: number
  readonly k: number
  readonly perThread: number
}

const matmulTiles: readonly MatmulTile[] = [
  { m: 128, n: 128, k: 16, perThread: 8 },
  { m: 128, n: 128, k: 8, perThread: 8 },
  { m: 64, n: 64, k: 16, perThread: 4 },
  { m: 32, n: 32, k: 16, perThread: 4 },
]

/** Sizes of the products of one dispatch, live ones at their bounds. */
export interface JointShape {
  readonly m: number
  /** Of each of those beside each other. */
  readonly n: readonly number[]
  readonly k: number
  /** The parts of a cut k are batches. */
  readonly batch: number
}

/** The largest tile of which there are enough to fill the device and that no result leaves mostly empty. */
export function matmulTile({ m, n, batch }: Omit<JointShape, 'k'>, facts: DeviceFacts): MatmulTile {
  const fits = (tile: MatmulTile) =>
    (tile.m / tile.perThread) * (tile.n / tile.perThread) <= facts.limits.maxComputeInvocationsPerWorkgroup &&
    (tile.m + tile.n + 8) * tile.k * 4 <= facts.limits.maxComputeWorkgroupStorageSize
  const count = (tile: MatmulTile) => Math.ceil(m / tile.m) * columnsOf(n, tile.n) * batch
  const smallest = matmulTiles.at(-1)!
  return (
    matmulTiles.find(
      (tile) => fits(tile) && (tile === smallest || (count(tile) >= 128 && m * 2 > tile.m && Math.min(...n) * 2 > tile.n)),
    ) ?? smallest
  )
}

/** Tiles that stand side by side, where results in one dispatch have these sizes. */
export function columnsOf(n: readonly number[], width: number): number {
  return n.reduce((sum, size) => sum + Math.ceil(size / width), 0)
}

/** Processors of a large GPU. */
export const processors = 128
/** By how much one of its workgroups takes longer than half of a pair that shares a processor. */
const alone = 1.3
/** Multiply-adds in the time that a part takes to be written and read, a result, and in the time of one more dispatch, on such a GPU. */
const [again, dispatch] = [308, 2 ** 28]
/** k of a part at least, and how much longer products of parts may take than guessed. */
const [leastK, doubt] = [1024, 1.25]

/**
 * Into how many ranges k of a product is cut: results alone may be too few to keep a device busy, or leave much of it idle at the end.
 * A guess of the time decides. Measured tiles have no say: results would change.
 */
export function matmulParts(m: number, n: number, k: number, batch: number, dtype: Dtype, facts: DeviceFacts): number {
  const tile = dtype === 'f16' && matrixUnit(facts) ? matmulTiles[0]! : matmulTile({ m, n: [n], batch }, facts)
  const tiles = Math.ceil(m / tile.m) * Math.ceil(n / tile.n) * batch
  const most = Math.max(1, Math.floor(k / leastK))
  const time = (parts: number): number => {
    const each = Math.max(alone, Math.ceil((tiles * parts) / processors))
    const products = (each * tile.m * tile.n * k) / parts
    return parts === 1 ? products : doubt * products + (dispatch + again * parts * m * n * batch) / processors
  }
  let best = 1
  for (let parts = 2; parts <= most && tiles * parts <= 16 * processors; parts++) if (time(parts) < time(best)) best = parts
  return best
}

export function powerOfTwo(x: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, x)))
}
