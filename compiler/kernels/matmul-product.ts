// A matmul kernel as its writers see it: the contract with its operands, the axes of the result, and what is known of their sizes.
// Of several that one dispatch computes each has functions of its own in one module.
import type { Dim, Dtype, Node } from '../graph/graph.ts'
import { bug } from '../bug.ts'
import type { Axis } from './address.ts'
import { partDim, type Body, type Load, type MatmulKernel, type ScalarId } from './kernel.ts'
import type { Context, Module } from './module.ts'
import { Shader } from './shader.ts'
import { bound, sizeOf, sizeText } from './size.ts'

export interface Product {
  readonly kernel: MatmulKernel
  readonly context: Context
  readonly shader: Shader
  /** Its place among those of the dispatch; names of its functions end with it. */
  readonly number: number
  /** The variable `batch`: the parts of k, if it is cut, then the batch dims. */
  readonly batch: Axis
  readonly contract: ScalarId
  readonly operands: readonly [ScalarId, ScalarId]
  /** Of the sums. */
  readonly dtype: Dtype
}

export function productOf(kernel: MatmulKernel, number: number, module: Module): Product {
  const { context } = module
  const parts: readonly Dim[] = kernel.parts > 1 ? [{ name: partDim, size: kernel.parts }] : []
  const node = contractOf(kernel.body)
  const batch = { dims: [...parts, ...kernel.batch], variable: 'batch' }
  const operands = node.inputs as readonly [ScalarId, ScalarId]
  return {
    kernel,
    context,
    shader: new Shader(kernel, module),
    number,
    batch,
    contract: kernel.body.indexOf(node),
    operands,
    dtype: node.type.dtype,
  }
}

/** A product's one contract. */
export function contractOf(body: Body): Extract<Node, { readonly op: 'contract' }> {
  return body.find((s) => s.op === 'contract') ?? bug('a matmul kernel without contract')
}

/** Along the innermost dim of a product's result, which has `size` positions: position i meets (i + by) mod size. */
export interface Turn {
  readonly size: number
  readonly by: number
}

/** How far a product's epilogue turns its sums, if it does (turn.ts): a body has one such `rotate`, of the sum itself. */
export function turnOf({ body, n }: MatmulKernel): Turn | undefined {
  const [by] = body.flatMap((s) => (s.op === 'rotate' ? [s.attrs.by] : []))
  return by === undefined ? undefined : { size: n.at(-1)!.size, by }
}

/** Loads that a scalar depends on. */
export function loadsBehind(body: Body, id: ScalarId): readonly Load[] {
  const seen = new Set<ScalarId>()
  const visit = (at: ScalarId): readonly Load[] => {
    if (seen.has(at)) return []
    seen.add(at)
    const scalar = body[at]!
    return scalar.op === 'load' ? [scalar] : scalar.op === 'coordinate' ? [] : scalar.inputs.flatMap(visit)
  }
  return visit(id)
}

/** Positions of the dims, live ones at their bounds. */
export function boundOf({ context }: Product, dims: readonly Dim[]): number {
  return bound(sizeOf(dims, context.live), context.live)
}

/** WGSL (u32): positions of the dims. */
export function extentText({ context }: Product, dims: readonly Dim[]): string {
  return sizeText(sizeOf(dims, context.live), context.live)
}

/** Whether the number of positions is known to be a multiple. */
export function divides({ context }: Product, by: number, dims: readonly Dim[]): boolean {
  const { factor, live } = sizeOf(dims, context.live)
  return live.length === 0 && factor % by === 0
}

/** Conditions under which a position is inside the result, for tiles of this size. */
export function inside(product: Product, tile: { readonly m: number; readonly n: number }, m: string, n: string): readonly string[] {
  const { kernel } = product
  return [
    ...(divides(product, tile.m, kernel.m) ? [] : [`${m} < ${extentText(product, kernel.m)}`]),
    ...(divides(product, tile.n, kernel.n) ? [] : [`${n} < ${extentText(product, kernel.n)}`]),
  ]
}

/** `let`s: the workgroup's range of k, from `start` to `end`. Cuts are at multiples of `step`. */
export function rangeLines(product: Product, step = 1): readonly string[] {
  const { kernel, batch, shader } = product
  const length = extentText(product, kernel.k)
  if (kernel.parts === 1) return ['let start = 0u;', `let end = ${length};`]
  const part = shader.indexOf(shader.scope([batch]), { kind: 'dim', name: partDim })
  const steps = kernel.parts * step
  return [
    `let chunk = (${length} + ${steps - 1}u) / ${steps}u${step === 1 ? '' : ` * ${step}u`};`,
    `let start = ${part} * chunk;`,
    `let end = min(start + chunk, ${length});`,
  ]
}
