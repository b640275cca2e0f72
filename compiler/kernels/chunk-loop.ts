// Which kernels have to run for each stretch of rows: those that touch a tensor of which there is only a stretch at a time, and whatever
// stands between two of them. And whether they can: a stretch must not depend on the rows of another.
import type { Dim } from '../graph/graph.ts'
import { visitIndex } from './address.ts'
import { grows, isUpdated } from './chunk-sums.ts'
import { unprimed } from './extents.ts'
import type { Index, Kernel, LoopKernel, Stored, TensorId } from './kernel.ts'
import { writesOf } from './lifetimes.ts'
import { loopsOf } from './measure.ts'
import { tensorsOf } from './write.ts'

/** Kernels in an order in which those that run for each stretch stand together. */
interface Parted {
  readonly before: readonly Kernel[]
  readonly loop: readonly Kernel[]
  readonly behind: readonly Kernel[]
}

/** What `isFirst` says is of the loop, and whatever has to be; all others as far behind as before, if they can be. */
export function around(kernels: readonly Kernel[], isFirst: (kernel: Kernel) => boolean): Parted {
  const steps = [...kernels.keys()]
  const first = new Set(steps.filter((step) => isFirst(kernels[step]!)))
  const after = reached(kernels, first, steps)
  const needed = reached(kernels, first, steps.toReversed())
  const isInside = (step: number): boolean => first.has(step) || (after.has(step) && needed.has(step))
  const last = steps.findLast(isInside) ?? -1
  const isBefore = (step: number): boolean => !isInside(step) && step < last && !after.has(step)
  const those = (wanted: (step: number) => boolean): readonly Kernel[] => kernels.filter((_, step) => wanted(step))
  return { before: those(isBefore), loop: those(isInside), behind: those((step) => !isInside(step) && !isBefore(step)) }
}

/** The steps that must not run before some of them; in the other order: not behind them. */
function reached(kernels: readonly Kernel[], from: ReadonlySet<number>, order: readonly number[]): ReadonlySet<number> {
  const found = new Set<number>()
  const [touched, written] = [new Set<TensorId>(), new Set<TensorId>()]
  for (const step of order) {
    const [all, writes] = [tensorsOf(kernels[step]!), writesOf(kernels[step]!)]
    if (writes.some((t) => touched.has(t)) || all.some((t) => written.has(t))) found.add(step)
    if (!found.has(step) && !from.has(step)) continue
    for (const t of all) touched.add(t)
    for (const t of writes) written.add(t)
  }
  return found
}

/** What rows are to a kernel: positions of its results, or what it sums over; undefined for none, and where it runs through them otherwise. */
export function roleOf(kernel: Kernel, dim: string): 'own' | 'summed' | undefined {
  const among = (dims: readonly Dim[]): boolean => dims.some(({ name }) => name === dim)
  switch (kernel.kind) {
    case 'pointwise':
      return among(kernel.dims) ? 'own' : undefined
    case 'reduction':
      return among(kernel.rows) ? 'own' : among(kernel.over) ? 'summed' : undefined
    case 'matmul':
      return among([...kernel.batch, ...kernel.m, ...kernel.n]) ? 'own' : among(kernel.k) ? 'summed' : undefined
    case 'scatter':
    case 'attention':
      return undefined
  }
}

/**
 * Kernels before the loop that make for its products, and for nothing else, what has other dims in front of the rows: a stretch of it
 * is no matrix, unless it is made stretch by stretch, too. They make each row from that row alone.
 */
export function makersFor({ before, loop, behind }: Parted, dim: string, tensors: readonly Stored[]): readonly Kernel[] {
  const liesApart = (t: TensorId): boolean => {
    const { dims } = tensors[t]!.type
    const at = dims.findIndex(({ name }) => name === dim)
    return dims.some(({ size }, i) => i < at && size > 1)
  }
  const operands = new Set(loop.flatMap((kernel) => (kernel.kind === 'matmul' ? tensorsOf(kernel).filter(liesApart) : [])))
  const isOthers = (t: TensorId): boolean => [...before, ...behind].filter((kernel) => tensorsOf(kernel).includes(t)).length > 1
  return before.filter((kernel) => {
    const writes = writesOf(kernel)
    const isRowwise = kernel.kind !== 'matmul' && roleOf(kernel, dim) === 'own'
    return isRowwise && writes.some((t) => operands.has(t)) && writes.every((t) => tensors[t]!.source.kind === 'kernel' && !isOthers(t))
  })
}

/** Whether kernels make each row from that row alone, and sums over rows that none of them reads. `own`: tensors of the loop's alone. */
export function mayRepeat(
  loop: readonly Kernel[],
  dim: string,
  tensors: readonly Stored[],
  own: ReadonlySet<TensorId>,
): loop is readonly LoopKernel[] {
  const dimsOf = (t: TensorId): readonly Dim[] => tensors[t]!.type.dims
  const written = new Set(loop.flatMap(writesOf))
  const isSum = (t: TensorId): boolean => written.has(t) && !dimsOf(t).some(({ name }) => name === dim)
  const isOnce = (dims: readonly Dim[]): boolean => dims.every(({ name }) => name === dim || unprimed(name) !== dim)
  const isOfRow = ({ tensor, index }: Access): boolean => {
    const dims = dimsOf(tensor)
    return isOnce(dims) && index.every((x, i) => (dims[i]!.name === dim ? x.kind === 'dim' && x.name === dim : !depends(x, dim)))
  }
  return loop.every((kernel) => {
    const role = roleOf(kernel, dim)
    if (kernel.kind === 'attention' || role === undefined || !isOnce(loopsOf(kernel))) return false
    return (
      (role === 'own' || grows(kernel, tensors)) &&
      kernel.stores.every(isOfRow) &&
      kernel.body.every((s) => {
        if (s.op !== 'load' || !(own.has(s.tensor) || written.has(s.tensor))) return true
        return isOfRow(s) && (!isSum(s.tensor) || isUpdated(kernel, s.tensor))
      })
    )
  })
}

interface Access {
  readonly tensor: TensorId
  readonly index: readonly Index[]
}

function depends(index: Index, dim: string): boolean {
  let found = false
  visitIndex(
    index,
    (name) => (found ||= name === dim),
    () => undefined,
  )
  return found
}
