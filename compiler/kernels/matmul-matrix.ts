// Products of stored f16 matrices → WGSL for the device's matrix unit. Tiles of both operands go through one pool of workgroup memory,
// twice as large as a tile, so that the next tile is on its way while this one is multiplied; one barrier per tile. Sums stay in
// fragments until the end, then pass through the same pool, a row of fragments at a time, to the lanes that finish and store them.
import type { MatmulKernel, ProductsKernel, TensorId } from './kernel.ts'
import { viewInFours } from './matmul-epilogue.ts'
import { batchesEach, callLines, gridOf, jointOf, shapeOf, type Joint } from './matmul-joint.ts'
import { matrixOf, type Matrix } from './matmul-operand.ts'
import { Panel } from './matmul-panel.ts'
import { divides, extentText, rangeLines, turnOf, type Product } from './matmul-product.ts'
import { stripFinisher } from './matmul-strip.ts'
import { matrixStep, matrixTiles, poolOf, threadsOf, type Form, type MatrixTile, type Pool, type ProductShape } from './matrix-tile.ts'
import { matrixAliases, matrixEntry, matrixUnit, type MatrixUnit } from './matrix-unit.ts'
import { measure } from './measure.ts'
import type { Context } from './module.ts'
import { sizeOf } from './size.ts'
import { functionText, indented, range } from './text.ts'
import type { WrittenKernel } from './written.ts'

/** Rows of tiles that are computed one column after the other, so that neighbouring workgroups find their operands in the cache. */
const band = 8

/** Products that a matrix unit can compute in one dispatch. */
export interface MatrixJoint extends Joint {
  readonly unit: MatrixUnit
  /** Of each product. */
  readonly matrices: readonly (readonly [Matrix, Matrix])[]
  readonly shape: ProductShape
  /** The first of `matrixTiles`. */
  readonly tile: MatrixTile
}

/** The kernel's products for the device's matrix unit, if it has one and all operands are regular. */
export function matrixJoint(kernel: MatmulKernel | ProductsKernel, context: Context): MatrixJoint | undefined {
  const unit = matrixUnit(context.facts)
  if (!unit) return undefined
  const joint = jointOf(kernel, context)
  const matrices = joint.products.map(matricesOf).filter((both) => both !== undefined)
  const [form, ...others] = new Set(matrices.map(formOf))
  if (matrices.length < joint.products.length || form === undefined || others.length > 0 || isReadOtherwise(joint)) return undefined
  const turns = joint.products.flatMap(({ kernel: one }) => turnOf(one) ?? [])
  if (turns.some(({ size, by }) => size % 4 !== 0 || by % 4 !== 0 || size !== turns[0]!.size)) return undefined
  // So many are tiny, and the order of tiles is that of one batch.
  if (batchesEach(joint) > 1) return undefined
  const shape = { together: turns[0]?.size, form, ...shapeOf(joint) }
  const [tile] = matrixTiles(shape, context.facts)
  return tile && { ...joint, unit, matrices, shape, tile }
}

function matricesOf(product: Product): readonly [Matrix, Matrix] | undefined {
  const { kernel, operands } = product
  const a = matrixOf(product, operands[0], kernel.m)
  const b = matrixOf(product, operands[1], kernel.n)
  return a && b && [a, b]
}

function formOf([a, b]: readonly [Matrix, Matrix]): Form {
  return `${a.alongK ? 'N' : 'T'}${b.alongK ? 'T' : 'N'}`
}

/** Whether an epilogue, too, reads the tensor of an operand, or writes it. */
function isReadOtherwise({ products }: Joint): boolean {
  const loads = ({ kernel, operands }: Product, own: boolean) =>
    kernel.body.flatMap((s, id) => (s.op === 'load' && operands.includes(id) === own ? [s.tensor] : []))
  const operands = new Set(products.flatMap((product) => loads(product, true)))
  const others = products.flatMap((product) => [...loads(product, false), ...product.kernel.stores.map((s) => s.tensor)])
  return others.some((tensor) => operands.has(tensor))
}

export function writeMatrixMatmul(label: string, joint: MatrixJoint): WrittenKernel {
  const { products, module, unit, tile, shape, matrices } = joint
  const pool = poolOf(tile, shape.form, unit)
  const writers = products.map((product, i) => new MatrixWriter(product, matrices[i]!, unit, tile, pool))
  const vectors = viewInFours(joint)
  const functions = writers.flatMap((writer) => writer.functions(vectors))
  const globals = [...matrixAliases(unit), `var<workgroup> pool: array<vec4<u32>, ${pool.size}>;`, ...functions]
  const lines = [...placeLines(joint), ...callLines(joint, tile.n, 'lane, subgroup')]
  return {
    label,
    ...module.text(threadsOf(tile, unit), globals, lines, matrixEntry(unit)),
    ...measure(module.kernels, module.context),
    groups: gridOf(joint, tile),
  }
}

/** Which tile is the workgroup's: in bands of rows, column by column. */
function placeLines({ products: [product], tile }: MatrixJoint): readonly string[] {
  const { kernel, batch, context } = product
  // Of several live dims all but one count with their bound in the grid.
  const axes = [['m0', kernel.m], [`column * ${tile.n}u`, kernel.n], ['batch', batch.dims]] as const // prettier-ignore
  const outside = axes.flatMap(([at, dims]) =>
    sizeOf(dims, context.live).live.length > 1 ? [`${at} >= ${extentText(product, dims)}`] : [],
  )
  return [
    'let batch = group.z;',
    'let number = group.y * groups.x + group.x;',
    `let above = number / (${band}u * groups.x) * ${band}u;`,
    `let within = number % (${band}u * groups.x);`,
    `let height = min(groups.y - above, ${band}u);`,
    `let m0 = (above + within % height) * ${tile.m}u;`,
    'let column = within / height;',
    ...outside.map((beyond) => `if (${beyond}) { return; }`),
  ]
}

/** One product's functions. */
class MatrixWriter {
  private readonly product: Product
  private readonly unit: MatrixUnit
  private readonly tile: MatrixTile
  private readonly pool: Pool
  private readonly threads: number
  private readonly panels: readonly [Panel, Panel]
  /** Fragments of a subgroup: down, right, and steps of k in a tile. */
  private readonly fragments: { readonly m: number; readonly n: number; readonly k: number }
  private readonly wholeK: boolean

  constructor(product: Product, [a, b]: readonly [Matrix, Matrix], unit: MatrixUnit, tile: MatrixTile, pool: Pool) {
    this.product = product
    this.unit = unit
    this.tile = tile
    this.pool = pool
    this.threads = threadsOf(tile, unit)
    this.fragments = { m: tile.m / (tile.warpsM * unit.M), n: tile.n / (tile.warpsN * unit.N), k: tile.k / unit.K }
    const { kernel } = product
    this.wholeK = divides(product, kernel.parts === 1 ? tile.k : kernel.parts * matrixStep, kernel.k)
    const common = { k: tile.k, threads: this.threads, wholeK: this.wholeK }
    this.panels = [
      new Panel({ ...common, name: 'a', matrix: a, width: tile.m, origin: 'm0', at: 0 }, product),
      new Panel({ ...common, name: 'b', matrix: b, width: tile.n, origin: 'n0', at: pool.second }, product),
    ]
  }

  functions(vectors: ReadonlySet<TensorId>): readonly string[] {
    const { product, panels, unit, tile, pool } = this
    const lines = [
      ...rangeLines(product, matrixStep),
      `let down = subgroup % ${tile.warpsM}u * ${tile.m / tile.warpsM}u;`,
      `let right = subgroup / ${tile.warpsM}u * ${tile.n / tile.warpsN}u;`,
      ...panels.flatMap((panel) => panel.declare()),
      ...this.sums((name) => `var ${name}: Sums = Sums();`),
      ...this.loop(),
      ...this.finish(),
    ]
    const whole = functionText(`product${product.number}(batch: u32, m0: u32, n0: u32, lane: u32, subgroup: u32)`, lines)
    return [stripFinisher(product, { unit, tile, pool }, vectors), whole]
  }

  private loop(): readonly string[] {
    const { panels, tile, pool, wholeK } = this
    const fetch = (k: string) => panels.flatMap((panel) => panel.fetch(k))
    const put = (stage: string) => panels.flatMap((panel) => panel.put(stage))
    return [
      ...(wholeK ? fetch('start') : ['if (start < end) {', ...indented(fetch('start')), '}']),
      ...put('0u'),
      'workgroupBarrier();',
      'var stage: u32 = 0u;',
      `for (var k: u32 = start; k < end; k += ${tile.k}u) {`,
      ...indented([
        `let next = k + ${tile.k}u;`,
        'if (next < end) {',
        ...indented(fetch('next')),
        '}',
        ...range(this.fragments.k).flatMap((step) => this.multiply(step)),
        `stage = ${pool.stage}u - stage;`,
        'if (next < end) {',
        ...indented(put('stage')),
        '}',
        'workgroupBarrier();',
      ]),
      '}',
    ]
  }

  private multiply(step: number): readonly string[] {
    const { fragments, panels, unit } = this
    return [
      ...panels[0].fragments(unit, fragments.m, 'down', step),
      ...panels[1].fragments(unit, fragments.n, 'right', step),
      ...this.sums((name, i, j) => `${name} = subgroupMatrixMultiplyAccumulate(a${i}_${step}, b${j}_${step}, ${name});`),
    ]
  }

  /** Separate variables stay in registers. */
  private sums(text: (name: string, i: number, j: number) => string): readonly string[] {
    return range(this.fragments.m).flatMap((i) => range(this.fragments.n).map((j) => text(`sum${i}_${j}`, i, j)))
  }

  /** A row of every subgroup's fragments at a time goes through the pool to the lanes. */
  private finish(): readonly string[] {
    const { fragments, unit, tile, pool, product } = this
    return range(fragments.m).flatMap((i) => [
      ...(i === 0 ? [] : ['workgroupBarrier();']),
      ...range(fragments.n).map((j) => {
        const at = `subgroup % ${tile.warpsM}u * ${unit.M * pool.stripPitch}u + right / 4u + ${(j * unit.N) / 4}u`
        return `subgroupMatrixStore<row_major>(&pool, ${at}, sum${i}_${j}, ${pool.stripPitch}u);`
      }),
      'workgroupBarrier();',
      `finishStrip${product.number}(batch, m0 + ${i * unit.M}u, n0, lane);`,
    ])
  }
}
