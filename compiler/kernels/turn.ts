// A product, and a kernel that reads its result beside itself turned along the innermost dim, as rotary positions do, become one: on a
// matrix unit whole rows of a tile pass through workgroup memory, where the sum to turn to is at hand. The result never leaves.
import type { DeviceFacts } from '../facts.ts'
import type { Dim } from '../graph/graph.ts'
import { isReduction } from './cost.ts'
import type { Body, Index, KernelGraph, MatmulKernel, PointwiseKernel, Scalar, ScalarId, TensorId } from './kernel.ts'
import { writesOf } from './lifetimes.ts'
import { matrixJoint } from './matmul-matrix.ts'
import { turnOf } from './matmul-product.ts'
import { copyIndex } from './slice.ts'
import { bindingsOf, windowsOnceCut } from './window.ts'
import { tensorsOf } from './write.ts'

/** The program with such pairs as one kernel each, where the device can do that. Numbers stay the same to the bit. */
export function turnInProducts(graph: KernelGraph, facts: DeviceFacts): KernelGraph {
  const kernels = [...graph.kernels]
  for (let at = 0; at < kernels.length; at++) {
    const follower = kernels[at]!
    if (follower.kind !== 'pointwise') continue
    const read = turned(follower)
    const before = kernels.findIndex((kernel) => kernel.kind === 'matmul' && kernel.stores.some((s) => s.tensor === read?.tensor))
    const product = kernels[before]
    if (!read || product?.kind !== 'matmul' || !isAlone({ ...graph, kernels }, read.tensor, before, at)) continue
    const whole = merged(product, follower, read)
    if (!whole || bindingsOf(tensorsOf(whole), graph.tensors, facts, windowsOnceCut) >= facts.limits.maxStorageBuffersPerShaderStage)
      continue
    if (!matrixJoint(whole, { facts, tensors: graph.tensors, live: graph })) continue
    kernels[before] = whole
    kernels.splice(at--, 1)
  }
  return { ...graph, kernels }
}

interface Turned {
  readonly tensor: TensorId
  readonly dim: Dim
  readonly by: number
}

/** The tensor that a kernel reads turned along its innermost dim and otherwise only where the kernel itself is. */
function turned({ body, dims }: PointwiseKernel): Turned | undefined {
  for (const scalar of body) {
    const last = scalar.op === 'load' ? scalar.index.at(-1) : undefined
    if (scalar.op !== 'load' || last?.kind !== 'rotate' || last.of.kind !== 'dim' || last.size.live) continue
    const [dim, by, { name }] = [last.size, last.by, last.of]
    const isHere = (index: Index): boolean => index.kind === 'dim'
    const fits = body.every((other) => {
      if (other.op !== 'load' || other.tensor !== scalar.tensor) return true
      const end = other.index.at(-1)!
      const near = end.kind === 'rotate' && end.by === by ? end.of : end
      return [...other.index.slice(0, -1), near].every(isHere) && near.kind === 'dim' && near.name === name
    })
    if (fits && dims.length === scalar.index.length) return { tensor: scalar.tensor, dim: { ...dim, name }, by }
  }
  return undefined
}

/** Whether only the kernel `at` reads the tensor, and may run at the place of the one that writes it. */
function isAlone({ kernels, tensors, results }: KernelGraph, tensor: TensorId, before: number, at: number): boolean {
  const follower = kernels[at]!
  const own = new Set(writesOf(follower))
  const needed = tensorsOf(follower).filter((t) => !own.has(t) && t !== tensor)
  const touches = (t: TensorId): boolean => kernels.some((kernel, i) => i !== before && i !== at && tensorsOf(kernel).includes(t))
  const written = new Set(kernels.slice(before, at).flatMap(writesOf))
  return (
    at > before &&
    tensors[tensor]!.source.kind === 'kernel' &&
    [...own].every((t) => tensors[t]!.source.kind === 'kernel') &&
    !touches(tensor) &&
    !results.some((result) => result.tensor === tensor) &&
    needed.every((t) => !written.has(t))
  )
}

/** The product with the follower's work in its epilogue, if what it stores follows from each sum alone. */
function merged(product: MatmulKernel, follower: PointwiseKernel, { tensor, dim, by }: Turned): MatmulKernel | undefined {
  const last = product.n.at(-1)
  const store = product.stores.find((s) => s.tensor === tensor)!
  const names = [...product.batch, ...product.m, ...product.n].map((d) => d.name)
  const sameLoops = follower.dims.length === names.length && follower.dims.every((d) => names.includes(d.name))
  if (turnOf(product) || product.parts > 1 || !sameLoops || last?.name !== dim.name || last.size !== dim.size) return undefined
  const body: Scalar[] = [...product.body]
  const push = (scalar: Scalar): ScalarId => body.push(scalar) - 1
  const across = partner(product.body, store.value, { dim: dim.name, by: ((by % dim.size) + dim.size) % dim.size }, push)
  if (across === undefined) return undefined
  const made: ScalarId[] = []
  const again = (index: Index): Index => copyIndex(index, (id) => made[id])!
  const moved = (scalar: Scalar): ScalarId => {
    if (scalar.op === 'coordinate') return push({ ...scalar, index: again(scalar.index) })
    if (scalar.op !== 'load') return push({ ...scalar, inputs: scalar.inputs.map((id) => made[id]!) })
    if (scalar.tensor !== tensor) return push({ ...scalar, index: scalar.index.map(again) })
    return scalar.index.at(-1)!.kind === 'rotate' ? across : store.value
  }
  for (const scalar of follower.body) made.push(moved(scalar))
  const stores = follower.stores.map((s) => ({ ...s, value: made[s.value]! }))
  return { ...product, label: `${product.label} turned`, body, stores: [...product.stores.filter((s) => s !== store), ...stores] }
}

/** The value again, of the sum that stands elsewhere; undefined if anything but the sum and constants goes into it. */
function partner(
  body: Body,
  value: ScalarId,
  attrs: { readonly dim: string; readonly by: number },
  push: (scalar: Scalar) => ScalarId,
): ScalarId | undefined {
  const scalar = body[value]!
  if (scalar.op === 'load' || scalar.op === 'coordinate' || isReduction(scalar)) return undefined
  if (scalar.op === 'contract') return push({ op: 'rotate', inputs: [value], attrs, type: scalar.type })
  if (scalar.op === 'constant') return value
  const inputs: ScalarId[] = []
  for (const input of scalar.inputs) {
    const copy = partner(body, input, attrs, push)
    if (copy === undefined) return undefined
    inputs.push(copy)
  }
  return push({ ...scalar, inputs })
}
