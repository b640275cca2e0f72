// Tiles of products on a matrix unit: every size there is, which of them a device can run, and which one to try first.
// A choice among them never changes a result: k is summed in the same order whatever the tile.
import type { DeviceFacts } from '../facts.ts'
import { matrixUnit, type MatrixUnit } from './matrix-unit.ts'
import { columnsOf, powerOfTwo, processors, type JointShape } from './tile.ts'

/** Which operand is stored transposed, as BLAS says it: `NT` is [m, k] times [n, k], both with k innermost. */
export type Form = 'NN' | 'NT' | 'TN' | 'TT'

/** Products of stored f16 matrices that one dispatch computes. */
export interface ProductShape extends JointShape {
  readonly form: Form
  /** So many neighbours along n must be in one tile. */
  readonly together?: number
}

/** A product's tile on a matrix unit: m x n results per workgroup, each of warpsM x warpsN subgroups an equal block of them. */
export interface MatrixTile {
  readonly m: number
  readonly n: number
  readonly k: number
  readonly warpsM: number
  readonly warpsN: number
}

/** Every tile there is. New ones go to the end, since measured choices are remembered by their places. */
export const matrixTileTable: readonly MatrixTile[] = [
  { m: 128, n: 128, k: 32, warpsM: 4, warpsN: 2 },
  { m: 128, n: 128, k: 32, warpsM: 2, warpsN: 2 },
  { m: 256, n: 128, k: 16, warpsM: 4, warpsN: 2 },
  { m: 128, n: 256, k: 16, warpsM: 2, warpsN: 4 },
  { m: 128, n: 128, k: 16, warpsM: 4, warpsN: 2 },
  { m: 128, n: 64, k: 32, warpsM: 2, warpsN: 2 },
  { m: 64, n: 128, k: 32, warpsM: 2, warpsN: 2 },
  { m: 64, n: 64, k: 32, warpsM: 2, warpsN: 2 },
  { m: 64, n: 64, k: 64, warpsM: 2, warpsN: 2 },
  { m: 32, n: 64, k: 32, warpsM: 2, warpsN: 2 },
  { m: 32, n: 32, k: 32, warpsM: 2, warpsN: 2 },
  { m: 32, n: 32, k: 64, warpsM: 2, warpsN: 2 },
]

export function threadsOf({ warpsM, warpsN }: MatrixTile, { subgroup }: MatrixUnit): number {
  return warpsM * warpsN * subgroup
}

/** k is cut into parts at multiples of it, so that tiles of every size meet the cuts. */
export const matrixStep = 64

/** Results that a lane can keep in registers, and how many leave room for a second workgroup on the same processor. */
const accumulators = { most: 128, few: 64 }

/** A tile for the shapes of this class may be measured: the key of a choice in `facts.tuned`. */
export function tuningKey({ form, m, n, k, batch, together }: ProductShape): string {
  const sum = n.reduce((a, b) => a + b)
  return `product ${form} ${[m, sum, k, batch].map(powerOfTwo).join('x')}${together === undefined ? '' : ` in ${together}s`}`
}

/** The tiles that a device can run a product with: a measured one first, then by what they should take. Empty without a matrix unit. */
export function matrixTiles(shape: ProductShape, facts: DeviceFacts): readonly MatrixTile[] {
  const unit = matrixUnit(facts)
  if (!unit) return []
  const legal = matrixTileTable.filter((tile) => fits(tile, shape, unit, facts))
  const guessed = legal.toSorted((a, b) => effort(a, shape, unit) - effort(b, shape, unit))
  const tuned = matrixTileTable[facts.tuned?.[tuningKey(shape)] ?? -1]
  return tuned && legal.includes(tuned) ? [tuned, ...guessed.filter((tile) => tile !== tuned)] : guessed
}

/** An operand's tile in workgroup memory: rows of vec4s of eight halves, padded by one against bank conflicts. */
export interface PanelLayout {
  readonly rows: number
  readonly columns: number
  /** vec4s from one row to the next. */
  readonly pitch: number
}

/** Rows are those of memory. */
export function panelOf(width: number, k: number, alongK: boolean): PanelLayout {
  const [rows, columns] = alongK ? [width, k / 8] : [k, width / 8]
  return { rows, columns, pitch: columns + 1 }
}

/** Workgroup memory in vec4s: two stages of both operands' tiles, and later a strip of sums, one row of every subgroup's fragments. */
export interface Pool {
  /** Where in a stage the second operand's tile begins, and what a stage takes. */
  readonly second: number
  readonly stage: number
  readonly size: number
  /** vec4s from one row of the strip to the next: fragments are stored in halves of vec4s, whose four rows lie in different banks so. */
  readonly stripPitch: number
}

export function poolOf(tile: MatrixTile, form: Form, { M }: MatrixUnit): Pool {
  const [a, b] = panelsOf(tile, form)
  const second = a.rows * a.pitch
  const stage = second + b.rows * b.pitch
  const stripPitch = tile.n / 4 + 2
  return { second, stage, size: Math.max(2 * stage, tile.warpsM * M * stripPitch), stripPitch }
}

function panelsOf(tile: MatrixTile, form: Form): readonly [PanelLayout, PanelLayout] {
  return [panelOf(tile.m, tile.k, form[0] === 'N'), panelOf(tile.n, tile.k, form[1] === 'T')]
}

function fits(tile: MatrixTile, { form, together = 1 }: ProductShape, unit: MatrixUnit, { limits }: DeviceFacts): boolean {
  const { m, n, k, warpsM, warpsN } = tile
  const threads = threadsOf(tile, unit)
  const loads = panelsOf(tile, form).flatMap(({ rows, columns }) => [threads / columns, (rows * columns) / threads])
  return (
    [m / (warpsM * unit.M), n / (warpsN * unit.N), n / together, k / unit.K, threads / unit.largest, ...loads].every(Number.isInteger) &&
    threads <= Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX) &&
    poolOf(tile, form, unit).size * 16 <= limits.maxComputeWorkgroupStorageSize &&
    (m * n) / threads <= accumulators.most
  )
}

/** Relative time: rounds of workgroups, each bound by its multiplications and by what it loads for them. A guess until measured. */
function effort(tile: MatrixTile, { m, n, k, batch }: ProductShape, unit: MatrixUnit): number {
  const rounds = Math.ceil((Math.ceil(m / tile.m) * columnsOf(n, tile.n) * batch) / processors)
  const steps = Math.ceil(k / tile.k) * tile.k
  const crowded = (tile.m * tile.n) / threadsOf(tile, unit) > accumulators.few
  return rounds * steps * (tile.m * tile.n + 32 * (tile.m + tile.n) + 65536 / tile.k) * (crowded ? 1.25 : 1)
}
