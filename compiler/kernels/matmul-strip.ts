// The end of a product on a matrix unit → a WGSL function: a row of every subgroup's fragments lies in workgroup memory, the strip, and
// lanes finish and store it, neighbours along n by neighbours. Every pass of the lanes is written out, so that what the epilogue reads
// is on its way for several of them before the first waits for it.
import { finishAt, widthOf, type Finish } from './matmul-epilogue.ts'
import type { TensorId } from './kernel.ts'
import { inside, turnOf, type Product } from './matmul-product.ts'
import { threadsOf, type MatrixTile, type Pool } from './matrix-tile.ts'
import type { MatrixUnit } from './matrix-unit.ts'
import { block, functionText, range } from './text.ts'

export interface Strip {
  readonly unit: MatrixUnit
  readonly tile: MatrixTile
  readonly pool: Pool
}

/** vec4s that a lane may have on their way: more would take registers that the multiplications leave to other subgroups. */
const waiting = 16

/** The function `finishStrip(batch, m0, n0, lane)`, where m0 is the strip's first row. */
export function stripFinisher(product: Product, strip: Strip, vectors: ReadonlySet<TensorId>): string {
  const { unit, tile } = strip
  const threads = threadsOf(tile, unit)
  const [rows, columns] = [tile.warpsM * unit.M, tile.n / widthOf(product)]
  const passes = range(Math.ceil((rows * columns) / threads)).map((t) => passAt(t, columns, product, strip, vectors))
  const [first] = passes
  // Where not all may be inside, each reads for itself.
  const together = first!.inside.length > 0 ? 1 : Math.max(1, Math.floor(waiting / first!.reads.length))
  const all = range(Math.ceil(passes.length / together)).flatMap((i) => {
    const some = passes.slice(i * together, (i + 1) * together)
    const [place, reads, rest] = (['place', 'reads', 'rest'] as const).map((part) => some.flatMap((pass) => pass[part]))
    return [...place!, ...block(some[0]!.inside, [...reads!, ...rest!])]
  })
  return functionText(`finishStrip${product.number}(batch: u32, m0: u32, n0: u32, lane: u32)`, [
    `let row = lane / ${columns}u;`,
    `let column = lane % ${columns}u;`,
    `let m = m0 + row / ${unit.M}u * ${tile.m / tile.warpsM}u + row % ${unit.M}u;`,
    ...block(threads > rows * columns ? [`row < ${rows}u`] : [], all),
  ])
}

/** What a lane finishes in a pass. */
interface Pass extends Finish {
  readonly place: readonly string[]
  /** Conditions under which that is inside the result. */
  readonly inside: readonly string[]
}

/** A pass is some rows, or a part of one: all sizes are powers of two. */
function passAt(t: number, columns: number, product: Product, { unit, tile, pool }: Strip, vectors: ReadonlySet<TensorId>): Pass {
  const width = widthOf(product)
  const threads = threadsOf(tile, unit)
  const each = threads / columns
  const row = Math.floor(t * each)
  const down = Math.floor(row / unit.M) * (tile.m / tile.warpsM) + (row % unit.M)
  const column = each < 1 ? `(column + ${(t * threads) % columns}u)` : 'column'
  const sumAt = (column: string): string => {
    const at = `row * ${pool.stripPitch}u + ${row * pool.stripPitch}u + ${column}`
    return width === 4 ? `bitcast<vec4<f32>>(pool[${at}])` : `bitcast<f32>(pool[${at} / 4u][${column} % 4u])`
  }
  const [m, n, sum, turned] = [`m_${t}`, `n_${t}`, `sum_${t}`, `turned_${t}`]
  const turn = turnOf(product.kernel)
  const across = (size: number, by: number): string => `(${column} - ${column} % ${size}u + (${column} + ${by}u) % ${size}u)`
  const { reads, rest } = finishAt({ m, n, sum, turned }, product, vectors)
  return {
    place: [`let ${m} = m + ${down}u;`, `let ${n} = n0 + ${column}${width === 1 ? '' : ` * ${width}u`};`],
    inside: inside(product, tile, m, n),
    reads: [
      ...reads,
      `let ${sum} = ${sumAt(column)};`,
      ...(turn ? [`let ${turned} = ${sumAt(across(turn.size / width, turn.by / width))};`] : []),
    ],
    rest,
  }
}
