// One operand of a product on a matrix unit: vec4s of eight halves travel from memory through registers into a tile in workgroup memory,
// the panel, and from there into fragments. The workgroup's lanes take neighbouring vec4s, then the same ones some rows further down.
import type { Matrix } from './matmul-operand.ts'
import { divides, extentText, type Product } from './matmul-product.ts'
import { panelOf, type PanelLayout } from './matrix-tile.ts'
import type { MatrixUnit } from './matrix-unit.ts'
import { firstHalves } from './rows.ts'
import { sizeOf, sizeText } from './size.ts'
import { range } from './text.ts'

/** vec4s that workgroup memory takes at a time. */
const banks = 8

export interface PanelSpec {
  /** Prefix of its variables: `a` is the left operand. */
  readonly name: 'a' | 'b'
  readonly matrix: Matrix
  /** Positions of its own dims, and of k, in a tile. */
  readonly width: number
  readonly k: number
  /** WGSL: the tile's first position along its own dims. */
  readonly origin: string
  /** Where in a stage of the pool it begins. */
  readonly at: number
  readonly threads: number
  /** Tiles never reach beyond the end of k. */
  readonly wholeK: boolean
}

export class Panel {
  private readonly spec: PanelSpec
  private readonly product: Product
  private readonly layout: PanelLayout
  /** WGSL: vec4s from one row to the next in memory. */
  private readonly stride: string
  /** Elements of a row; a multiple of eight if their number is live. */
  private readonly row: number
  /** First rows of what a lane takes, less its own. */
  private readonly rows: readonly number[]

  constructor(spec: PanelSpec, product: Product) {
    this.spec = spec
    this.product = product
    const { matrix, width, k, threads } = spec
    this.layout = panelOf(width, k, matrix.alongK)
    const { rows, columns } = this.layout
    this.row = sizeOf(matrix.alongK ? product.kernel.k : matrix.dims, product.context.live).factor
    this.stride = sizeText({ ...matrix.stride, factor: matrix.stride.factor / 8 }, product.context.live)
    this.rows = range((rows * columns) / threads).map((i) => (i * threads) / columns)
    product.shader.module.view(matrix.load.tensor, { element: 'vec4<u32>', count: 8 })
  }

  /** Registers, and where the lane's vec4s come from and go to. */
  declare(): readonly string[] {
    const { name, matrix, origin, at } = this.spec
    const { columns, pitch } = this.layout
    const { shader, batch } = this.product
    const scope = shader.scope([batch])
    const base = `(${shader.offset(scope, matrix.load.tensor, matrix.load.index)}) / 8u`
    const from = matrix.alongK
      ? this.rows.map(
          (row, i) => `let ${name}${i}_from = ${base} + ${this.clamped(`${origin} + ${name}_row + ${row}u`, 1)} * ${this.stride};`,
        )
      : [`let ${name}_from = ${base} + ${this.clamped(`${origin} / 8u + ${name}_column`, 8)};`]
    return [
      ...scope.lines,
      `let ${name}_row = ${rowOf(columns)};`,
      `let ${name}_column = lane % ${columns}u;`,
      `let ${name}_to = ${at}u + ${name}_row * ${pitch}u + ${name}_column;`,
      ...from,
      ...this.rows.map((_, i) => `var ${name}${i}: vec4<u32> = vec4<u32>();`),
    ]
  }

  /** Reads the tile that begins at a position of k before `end`; past the end there are zeros. */
  fetch(k: string): readonly string[] {
    const { name, matrix, wholeK } = this.spec
    return this.rows.map((row, i) => {
      const [at, end] = matrix.alongK ? [`${k} / 8u + ${name}_column`, this.vectors('end')] : [`${k} + ${name}_row + ${row}u`, 'end']
      const valid = wholeK ? `(${at})` : `min(${at}, ${end} - 1u)`
      const from = matrix.alongK ? `${name}${i}_from + ${valid}` : `${name}_from + ${valid} * ${this.stride}`
      const element = this.product.shader.module.read(matrix.load.tensor, from)
      return `${name}${i} = ${wholeK ? element : `select(vec4<u32>(), ${this.ended(element, at)}, ${at} < ${end})`};`
    })
  }

  /** Writes the registers into the stage of the pool that begins at `stage`. */
  put(stage: string): readonly string[] {
    const { name } = this.spec
    return this.rows.map((row, i) => `pool[${stage} + ${name}_to + ${row * this.layout.pitch}u] = ${name}${i};`)
  }

  /** `let`s of `count` fragments at step `k` of the tile, for a block that begins at `block` of the own dims. */
  fragments(unit: MatrixUnit, count: number, block: string, k: number): readonly string[] {
    const { name, matrix, at } = this.spec
    const { pitch } = this.layout
    const [type, size] = name === 'a' ? ['Left', unit.M] : ['Right', unit.N]
    const order = matrix.alongK === (name === 'a') ? 'row_major' : 'col_major'
    const steps = k * unit.K
    return range(count).map((i) => {
      const offset = matrix.alongK
        ? `${block} * ${pitch}u + ${at + i * size * pitch + steps / 8}u`
        : `${block} / 8u + ${at + (i * size) / 8 + steps * pitch}u`
      return `let ${name}${i}_${k} = subgroupMatrixLoad<${type}, ${order}>(&pool, stage + ${offset}, ${pitch}u);`
    })
  }

  /** Positions along the dim that lies together, in vec4s: the last of a row may end early. */
  private vectors(positions: string): string {
    return this.row % 8 === 0 ? `${positions} / 8u` : `(${positions} + 7u) / 8u`
  }

  /** A vec4 at `at` along k; what lies behind the end of its row is zero. */
  private ended(element: string, at: string): string {
    const { matrix } = this.spec
    const last = this.row % 8
    if (!matrix.alongK || last === 0) return element
    return `${element} & select(${firstHalves(8)}, ${firstHalves(last)}, ${at} == ${Math.floor(this.row / 8)}u)`
  }

  /** Past the edge a valid element is read and not used. `unit`: positions that the text counts as one. */
  private clamped(position: string, unit: 1 | 8): string {
    const { matrix, width } = this.spec
    if (divides(this.product, width, matrix.dims)) return `(${position})`
    const size = extentText(this.product, matrix.dims)
    return `min(${position}, ${unit === 1 ? size : this.vectors(size)} - 1u)`
  }
}

/**
 * WGSL: the row of a lane's first vec4. Where rows are shorter than the banks, a store of eight lanes goes to rows that lie as far apart
 * as fills them all: next ones would meet, since rows are padded by one.
 */
function rowOf(columns: number): string {
  if (columns >= banks) return `lane / ${columns}u`
  const together = banks / columns
  return `lane / ${banks * columns}u * ${banks}u + lane / ${columns}u % ${together}u * ${columns}u + lane / ${banks}u % ${columns}u`
}
