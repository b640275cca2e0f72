// One result of a kernel, computed again: by elementwise work alone from what is still in memory, or by all of the kernel.
import type { Dim } from '../graph/graph.ts'
import { isAccumulated } from './cost.ts'
import type { Body, Index, Kernel, LoopKernel, PointwiseKernel, Scalar, ScalarId, Stored, TensorId } from './kernel.ts'

/**
 * A pointwise kernel that stores the tensor as the kernel does, where what takes a sum or a product can be loaded: other results of
 * the kernel that `alive` says are at hand. Undefined where something else would have to be summed again.
 */
export function pointwiseSlice(
  kernel: LoopKernel,
  tensor: TensorId,
  dims: readonly Dim[],
  tensors: readonly Stored[],
  alive: (tensor: TensorId) => boolean,
): PointwiseKernel | undefined {
  const store = kernel.stores.find((s) => s.tensor === tensor)
  const stored = new Map(kernel.stores.flatMap((s) => (s.tensor !== tensor && alive(s.tensor) ? [[s.value, s]] : [])))
  const part = extract(kernel.body, store ? [store.value] : [], (id, scalar) => {
    const at = stored.get(id)
    if (at) return { op: 'load', tensor: at.tensor, index: at.index, dtype: tensors[at.tensor]!.type.dtype }
    // A product's epilogue turns sums of a whole tile (turn.ts).
    return isAccumulated(scalar) || scalar.op === 'scatter' || scalar.op === 'rotate' ? undefined : scalar
  })
  if (!part || !store) return undefined
  return {
    kind: 'pointwise',
    ...relabelled(kernel),
    dims,
    body: part.body,
    stores: [{ tensor, value: part.values[0]!, index: store.index }],
  }
}

/** What some scalars of a body need, and what they are in it. `instead`: a load or the scalar itself; undefined where it cannot be had. */
export function extract(
  body: Body,
  wanted: readonly ScalarId[],
  instead: (id: ScalarId, scalar: Scalar) => Scalar | undefined,
): { readonly body: Body; readonly values: readonly ScalarId[] } | undefined {
  const part: Scalar[] = []
  const made = new Map<ScalarId, ScalarId>()
  const copy = (id: ScalarId): ScalarId | undefined => {
    const known = made.get(id)
    if (known !== undefined) return known
    const scalar = compute(id)
    if (scalar) made.set(id, part.push(scalar) - 1)
    return made.get(id)
  }
  const compute = (id: ScalarId): Scalar | undefined => {
    const scalar = instead(id, body[id]!)
    if (!scalar || scalar !== body[id]) return scalar
    if (scalar.op === 'load') {
      const index = all(scalar.index.map((x) => copyIndex(x, copy)))
      return index && { ...scalar, index }
    }
    if (scalar.op === 'coordinate') {
      const index = copyIndex(scalar.index, copy)
      return index && { ...scalar, index }
    }
    const inputs = all(scalar.inputs.map(copy))
    return inputs && { ...scalar, inputs }
  }
  const values = all(wanted.map(copy))
  return values && { body: part, values }
}

/** The kernel with this result alone; attention, which writes both of a pair, writes the other to `spare(tensor)`. */
export function wholeAgain(kernel: Kernel, tensor: TensorId, spare: (tensor: TensorId) => TensorId): Kernel {
  const again = relabelled(kernel)
  if (kernel.kind === 'attention') return { ...kernel, ...again, writes: kernel.writes.map((w) => (w === tensor ? w : spare(w))) }
  return { ...kernel, ...again, stores: kernel.stores.filter((s) => s.tensor === tensor) }
}

function relabelled({ label }: Kernel): Pick<Kernel, 'label' | 'again'> {
  return { label: `${label}, again`, again: true }
}

/** The kernel with tensors exchanged. */
export function renamed(kernel: Kernel, to: (tensor: TensorId) => TensorId): Kernel {
  if (kernel.kind === 'attention') return { ...kernel, reads: kernel.reads.map(to), writes: kernel.writes.map(to) }
  const body = kernel.body.map((s) => (s.op === 'load' ? { ...s, tensor: to(s.tensor) } : s))
  return { ...kernel, body, stores: kernel.stores.map((s) => ({ ...s, tensor: to(s.tensor) })) }
}

/** The index with the scalars in it exchanged; undefined where one of them is. */
export function copyIndex(index: Index, copy: (id: ScalarId) => ScalarId | undefined): Index | undefined {
  switch (index.kind) {
    case 'dim':
    case 'stretch':
      return index
    case 'value': {
      const of = copy(index.of)
      return of === undefined ? undefined : { kind: 'value', of }
    }
    case 'join': {
      const parts = all(index.parts.map((part) => copyIndex(part, copy)))
      return parts && { ...index, parts }
    }
    case 'div':
    case 'mod':
    case 'rotate': {
      const of = copyIndex(index.of, copy)
      return of && { ...index, of }
    }
  }
}

function all<T>(items: readonly (T | undefined)[]): readonly T[] | undefined {
  return items.includes(undefined) ? undefined : (items as readonly T[])
}
