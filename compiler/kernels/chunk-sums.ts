// Sums over rows that come in stretches: the first stretch stores its sums, every later one adds its own to what is there. A kernel
// that does more with a sum than to store it is taken apart first, since the rest has to wait until all rows are in.
import type { Node } from '../graph/graph.ts'
import { isAccumulated } from './cost.ts'
import type { Body, Kernel, LoopKernel, PointwiseKernel, Scalar, ScalarId, Store, Stored, TensorId } from './kernel.ts'
import { extract } from './slice.ts'

/** What makes one of the sums of two stretches. */
const unites = { reduce_sum: 'add', contract: 'add', reduce_max: 'max', reduce_min: 'min' } as const
type Sum = Extract<Node, { readonly op: keyof typeof unites }>

function isSum(scalar: Scalar): scalar is Sum {
  return Object.hasOwn(unites, scalar.op)
}

/** The kernel for stretches behind the first: it takes in what it finds. */
export function growing(kernel: LoopKernel): LoopKernel {
  const body: Scalar[] = [...kernel.body]
  const push = (scalar: Scalar): ScalarId => body.push(scalar) - 1
  const stores = kernel.stores.map((store): Store => {
    const sum = kernel.body[store.value]!
    if (!isSum(sum)) return store
    const found = push({ op: 'load', tensor: store.tensor, index: store.index, dtype: sum.type.dtype })
    return { ...store, value: push({ op: unites[sum.op], inputs: [found, store.value], attrs: undefined, type: sum.type }) }
  })
  return body.length === kernel.body.length ? kernel : { ...kernel, label: `${kernel.label}, added`, body, stores }
}

/** Whether all that becomes of the kernel's sums is that they are stored, or added to a state in place: then stretches may follow. */
export function grows(kernel: Kernel, tensors: readonly Stored[]): kernel is LoopKernel {
  if (kernel.kind === 'attention') return false
  const { body, stores } = kernel
  return (
    areIndependent(body) &&
    stores.every((store) => {
      const value = body[store.value]!
      const stored = isSum(value) && value.type.dtype === tensors[store.tensor]!.type.dtype
      return stored || isUpdate(store, body) || !needsSums(body, [store.value])
    })
  )
}

/** Whether a kernel that writes the tensor reads it for nothing but to add to it. */
export function isUpdated({ body, stores }: LoopKernel, tensor: TensorId): boolean {
  return stores.some((store) => store.tensor === tensor && isUpdate(store, body))
}

/** The old value at the same place plus a sum; and the old value goes nowhere else. */
function isUpdate({ tensor, value, index }: Store, body: Body): boolean {
  const sum = body[value]!
  const olds = body.flatMap((s, id) => (s.op === 'load' && s.tensor === tensor ? [id] : []))
  const [old] = olds
  if (sum.op !== 'add' || old === undefined || olds.length > 1) return false
  const [added] = sum.inputs.filter((id) => id !== old).map((id) => body[id]!)
  const readers = body.filter((s) => s.op !== 'load' && s.op !== 'coordinate' && s.inputs.includes(old))
  const same = JSON.stringify((body[old] as { readonly index?: unknown }).index) === JSON.stringify(index)
  return same && readers.length === 1 && readers[0] === sum && added !== undefined && isSum(added) && unites[added.op] === 'add'
}

/** Whether no sum is made of another one, which cannot be told before all rows are in. */
function areIndependent(body: Body): boolean {
  return body.every((s) => !isAccumulated(s) || (isSum(s) && !needsSums(body, s.inputs)))
}

function needsSums(body: Body, ids: readonly ScalarId[]): boolean {
  return extract(body, ids, (_, scalar) => (isAccumulated(scalar) ? undefined : scalar)) === undefined
}

/** The kernel with its sums in tensors that `add` makes, and one that does with them what the kernel did. Undefined where that cannot be. */
export function apart(kernel: Kernel, add: (stored: Stored) => TensorId): readonly [LoopKernel, PointwiseKernel] | undefined {
  if ((kernel.kind !== 'matmul' && kernel.kind !== 'reduction') || kernel.parts > 1) return undefined
  const { body, label } = kernel
  if (!areIndependent(body) || body.some(({ op }) => op === 'rotate')) return undefined
  const dims = kernel.kind === 'matmul' ? [...kernel.batch, ...kernel.m, ...kernel.n] : kernel.rows
  const index = dims.map(({ name }) => ({ kind: 'dim', name }) as const)
  const sums = body.flatMap((s, id) => (isSum(s) ? [{ id, dtype: s.type.dtype }] : []))
  const loads = new Map(
    sums.map(({ id, dtype }) => {
      const tensor = add({ type: { dtype, dims }, label: 'sum', source: { kind: 'kernel' } })
      return [id, { op: 'load', tensor, index, dtype } as const]
    }),
  )
  const late = kernel.stores.filter((store) => needsSums(body, [store.value]))
  if (!late.every((store) => store.index.every((x) => x.kind === 'dim' && dims.some(({ name }) => name === x.name)))) return undefined
  const early = kernel.stores.filter((store) => !late.includes(store))
  const raw = [...loads].map(([value, { tensor }]): Store => ({ tensor, value, index }))
  return [
    { ...kernel, ...reduced(body, [...early, ...raw], (_, scalar) => scalar) },
    { kind: 'pointwise', label: `${label}, finished`, dims, ...reduced(body, late, (id, scalar) => loads.get(id) ?? scalar) },
  ]
}

/** What stores need of a body. */
function reduced(body: Body, stores: readonly Store[], instead: Parameters<typeof extract>[2]): Pick<LoopKernel, 'body' | 'stores'> {
  const part = extract(body, stores.map((s) => s.value), instead)! // prettier-ignore
  return { body: part.body, stores: stores.map((store, i) => ({ ...store, value: part.values[i]! })) }
}
