// Products that need no dispatch of their own: those of one left operand, such as queries, keys and values, run beside each other; one
// that reads what another has left at each position, as a gated unit does, runs behind it. A dispatch waits for the one before it, and
// a small product alone leaves most of a GPU idle. Afterwards kernels may stand in another order; numbers are the same to the bit.
import type { DeviceFacts } from '../facts.ts'
import type { JoinedGraph, JoinedKernel, KernelGraph, MatmulKernel, ProductsKernel, Scalar, ScalarId } from './kernel.ts'
import { writesOf } from './lifetimes.ts'
import { matrixJoint } from './matmul-matrix.ts'
import { contractOf, loadsBehind } from './matmul-product.ts'
import { boundTensors, type Context } from './module.ts'
import { sizeOf } from './size.ts'
import { bindingsOf } from './window.ts'
import { tensorsOf } from './write.ts'

/** Kernels between two that are joined, at most: what they read and leave waits in memory for longer. */
const near = 8

/** The program with such products as one kernel each, where the device has enough bindings. */
export function joinProducts(graph: KernelGraph, facts: DeviceFacts): JoinedGraph {
  const context = { facts, tensors: graph.tensors, live: graph }
  let kernels: readonly JoinedKernel[] = graph.kernels
  for (const order of ['behind', 'beside'] as const) {
    for (let at = 1; at < kernels.length; at++) {
      for (let next = joinedAt(kernels, at, order, context); next; next = joinedAt(kernels, at, order, context)) [kernels, at] = next
    }
  }
  return { ...graph, kernels }
}

/** The kernels with the one at a position joined to one before it, and where it is then. */
function joinedAt(
  kernels: readonly JoinedKernel[],
  at: number,
  order: ProductsKernel['order'],
  context: Context,
): readonly [readonly JoinedKernel[], number] | undefined {
  for (let before = at - 1; before >= Math.max(0, at - 1 - near); before--) {
    const whole = together(kernels[before]!, kernels[at]!, order, context)
    const moved = whole && isRunnable(whole, context) ? replaced(kernels, before, at, whole) : undefined
    if (whole && moved) return [moved, moved.indexOf(whole)]
  }
  return undefined
}

/** Both kernels as one, if they are products that fit so. */
function together(
  before: JoinedKernel,
  after: JoinedKernel,
  order: ProductsKernel['order'],
  { live }: Context,
): ProductsKernel | undefined {
  const [a, b] = [productsIn(before, order), productsIn(after, order)]
  if (!a || !b) return undefined
  const [x, y] = [a[0]!, b[0]!]
  const alike = (...keys: readonly (keyof MatmulKernel)[]) => keys.every((key) => JSON.stringify(x[key]) === JSON.stringify(y[key]))
  const fits =
    order === 'beside'
      ? alike('batch', 'm', 'k', 'parts', 'again') &&
        [x, y].every(({ n }) => sizeOf(n, live).live.length === 0) &&
        leftOf(x) === leftOf(y) &&
        !waits(after, [before])
      : alike('batch', 'm', 'n', 'again') && x.parts === 1 && y.parts === 1 && readsWhereStored(b, a)
  const products = [...a, ...b]
  const label = [...new Set(products.map((p) => p.label))].join(' | ')
  return fits ? { kind: 'products', label, ...(x.again && { again: x.again }), order, products } : undefined
}

function productsIn(kernel: JoinedKernel, order: ProductsKernel['order']): readonly MatmulKernel[] | undefined {
  // Those of a stretch have extents that no other dispatch has.
  if (kernel.stretch !== undefined) return undefined
  return kernel.kind === 'matmul' ? [kernel] : kernel.kind === 'products' && kernel.order === order ? kernel.products : undefined
}

/** The left operand as text: equal ones have equal values. */
function leftOf({ body }: MatmulKernel): string {
  const text = (id: ScalarId): string => {
    const scalar: Scalar = body[id]!
    return 'inputs' in scalar ? JSON.stringify([{ ...scalar, inputs: [] }, scalar.inputs.map(text)]) : JSON.stringify(scalar)
  }
  return text(contractOf(body).inputs[0]!)
}

/** Whether later products read, in their epilogues, what earlier ones leave: all of it where it is stored, and change nothing of theirs. */
function readsWhereStored(later: readonly MatmulKernel[], earlier: readonly MatmulKernel[]): boolean {
  const stored = new Map(earlier.flatMap(({ stores }) => stores.map((s) => [s.tensor, JSON.stringify(s.index)])))
  const touched = new Set(boundTensors(earlier).map((b) => b.tensor))
  const reads = later.flatMap(({ body }) => {
    const operands = new Set(contractOf(body).inputs.flatMap((id) => loadsBehind(body, id)))
    return body.flatMap((s) =>
      s.op === 'load' && stored.has(s.tensor) ? [!operands.has(s) && stored.get(s.tensor) === JSON.stringify(s.index)] : [],
    )
  })
  return reads.length > 0 && reads.every(Boolean) && !later.some(({ stores }) => stores.some((s) => touched.has(s.tensor)))
}

/** Whether the device has the bindings, and one kind of workgroup can make tiles of each product. */
function isRunnable(whole: ProductsKernel, context: Context): boolean {
  const { products } = whole
  if (bindingsOf(tensorsOf(whole), context.tensors, context.facts) > context.facts.limits.maxStorageBuffersPerShaderStage) return false
  if (matrixJoint(whole, context)) return true
  return new Set(products.map(({ body }) => contractOf(body).type.dtype)).size === 1 && !products.some((one) => matrixJoint(one, context))
}

/** The kernels with two of them as one; those between that wait for the first come after it. Undefined if the second waits for such. */
function replaced(
  kernels: readonly JoinedKernel[],
  first: number,
  second: number,
  whole: ProductsKernel,
): readonly JoinedKernel[] | undefined {
  const [free, waiting]: [JoinedKernel[], JoinedKernel[]] = [[], []]
  for (const kernel of kernels.slice(first + 1, second)) (waits(kernel, [kernels[first]!, ...waiting]) ? waiting : free).push(kernel)
  if (waits(kernels[second]!, waiting)) return undefined
  return [...kernels.slice(0, first), ...free, whole, ...waiting, ...kernels.slice(second + 1)]
}

/** Whether a kernel must run after one of the others. */
function waits(kernel: JoinedKernel, others: readonly JoinedKernel[]): boolean {
  const [touched, written] = [new Set(tensorsOf(kernel)), new Set(writesOf(kernel))]
  return others.some((other) => writesOf(other).some((t) => touched.has(t)) || tensorsOf(other).some((t) => written.has(t)))
}
