// The products of one dispatch, as their writers see them → which tiles of which of them a workgroup makes, and the grid.
// Beside each other, their columns of tiles are counted through; behind each other, a workgroup makes its tile of every one.
import type { Groups } from '../plan/plan.ts'
import type { MatmulKernel, ProductsKernel } from './kernel.ts'
import { boundOf, productOf, type Product } from './matmul-product.ts'
import { Module, type Context } from './module.ts'
import { bound, groupsFor, sizeOf, sizeText } from './size.ts'
import { columnsOf, type JointShape } from './tile.ts'

export interface Joint {
  readonly order: ProductsKernel['order']
  readonly module: Module
  readonly products: readonly [Product, ...(readonly Product[])]
}

/** A product alone is one behind nothing. */
export function jointOf(kernel: MatmulKernel | ProductsKernel, context: Context): Joint {
  const [order, kernels] = kernel.kind === 'products' ? ([kernel.order, kernel.products] as const) : (['behind', [kernel]] as const)
  const module = new Module(kernels, context)
  const [first, ...others] = kernels.map((one, number) => productOf(one, number, module))
  return { order, module, products: [first!, ...others] }
}

/** Of products behind each other, k adds up. */
export function shapeOf({ order, products }: Joint): JointShape {
  const [first] = products
  const sizes = (of: 'n' | 'k') => products.map((product) => boundOf(product, product.kernel[of]))
  const [n, k] = order === 'beside' ? [sizes('n'), sizes('k').slice(0, 1)] : [sizes('n').slice(0, 1), sizes('k')]
  return { m: boundOf(first, first.kernel.m), n, k: k.reduce((a, b) => a + b), batch: boundOf(first, first.batch.dims) }
}

/** WGSL: the tile at row `m0` and in column `column` of tiles is made, by functions `productN(batch, m0, n0, …)` with these arguments. */
export function callLines(joint: Joint, width: number, more: string): readonly string[] {
  const { order, products } = joint
  const call = ({ number }: Product, column: string): string => `product${number}(batch, m0, ${column} * ${width}u, ${more});`
  // Workgroup memory is free again when all have done with it.
  if (order === 'behind') return products.flatMap((product, i) => [...(i === 0 ? [] : ['workgroupBarrier();']), call(product, 'column')])
  const { n } = shapeOf(joint)
  const before = products.map((_, i) => columnsOf(n.slice(0, i), width))
  return products.map((product, i) => {
    const own = call(product, i === 0 ? 'column' : `(column - ${before[i]!}u)`)
    const end = before[i + 1]
    return `${i === 0 ? '' : 'else '}${end === undefined ? '' : `if (column < ${end}u) `}{ ${own} }`
  })
}

/** Batches that a workgroup makes one after the other: one, if the grid has room for all of them. */
export function batchesEach({ products: [{ batch, context }] }: Joint): number {
  const { live, facts } = context
  return Math.ceil(bound(sizeOf(batch.dims, live), live) / facts.limits.maxComputeWorkgroupsPerDimension)
}

/** WGSL: the lines for each batch of the workgroup. */
export function batchLines(joint: Joint, lines: readonly string[]): readonly string[] {
  const each = batchesEach(joint)
  if (each === 1) return ['let batch = group.z;', ...lines]
  const [{ batch, context }] = joint.products
  const all = sizeText(sizeOf(batch.dims, context.live), context.live)
  const end = `min((group.z + 1u) * ${each}u, ${all})`
  return [`for (var batch = group.z * ${each}u; batch < ${end}; batch++) {`, ...lines, 'workgroupBarrier();', '}']
}

/** One workgroup per tile and batch, or a few of these: n, m, batch. */
export function gridOf(joint: Joint, tile: { readonly m: number; readonly n: number }): readonly [Groups, Groups, Groups] {
  const { order, products } = joint
  const [{ kernel, context, batch }] = products
  const { live } = context
  const columns = order === 'beside' ? columnsOf(shapeOf(joint).n, tile.n) : groupsFor(sizeOf(kernel.n, live), tile.n, live)
  return [columns, groupsFor(sizeOf(kernel.m, live), tile.m, live), groupsFor(sizeOf(batch.dims, live), batchesEach(joint), live)]
}
