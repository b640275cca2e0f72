// Kernels over a tensor of many rows that is too large, such as the logits of all masked tokens and their gradient → the same kernels
// once for each stretch of rows, one stretch after the other, so that no more of it exists at a time. What they sum over rows, such as
// the gradient of the head's weights, grows from stretch to stretch (chunk-sums.ts). Rows are a live dim, wherever it stands in the
// tensor: a stretch without any costs nothing. Works on any program; where something needs all rows before it can go on, the program
// stays as it is.
import { wideTensor, type DeviceFacts } from '../facts.ts'
import type { Dim } from '../graph/graph.ts'
import { around, makersFor, mayRepeat, roleOf } from './chunk-loop.ts'
import { apart, growing, grows } from './chunk-sums.ts'
import type { Kernel, KernelGraph, Stored, Stretches, TensorId } from './kernel.ts'
import { bytesOf } from './rows.ts'
import { inStretch, shorter, told } from './stretch.ts'
import { tensorsOf } from './write.ts'

/** Of more stretches than this a device would have to bind next to nothing: the program stays whole, and does not fit. */
const most = 1024
/** Stretches are multiples of the largest tile of a product; of less, where that is much of a stretch. */
const grain = { most: 256, share: 1 / 8 }

/** The program with no tensor of rows larger than `wideTensor` or than a device can bind, as far as that goes. */
export function chunk(graph: KernelGraph, { limits }: DeviceFacts): KernelGraph {
  const rows = manyRows(graph, Math.min(wideTensor, limits.maxStorageBufferBindingSize, limits.maxBufferSize))
  return (rows && inStretches(graph, rows)) ?? graph
}

/** Tensors that are too large, or half as large as the largest, and the stretches in which they shall be made. */
interface Rows {
  readonly stretches: Stretches
  readonly count: number
  readonly wide: ReadonlySet<TensorId>
}

function manyRows({ tensors, live, merged, results }: KernelGraph, limit: number): Rows | undefined {
  const parts = Object.values(merged).flat()
  const rows = live.filter(({ name }) => !parts.some((part) => part.name === name))
  const given = new Set(results.map(({ tensor }) => tensor))
  const rowDim = (t: TensorId): Dim | undefined => rows.find(({ name }) => tensors[t]!.type.dims.some((d) => d.name === name))
  const bytes = tensors.map(({ type, source }, t) => {
    return source.kind === 'kernel' && rowDim(t) && !given.has(t) ? bytesOf(type) : 0
  })
  const largest = Math.max(0, ...bytes)
  const dim = rowDim(bytes.indexOf(largest))
  if (largest <= limit || !dim) return undefined
  const size = sizeOfStretch(dim.size, (limit * dim.size) / largest)
  const wide = new Set(bytes.flatMap((n, t) => ((n > limit || 2 * n >= largest) && rowDim(t) === dim ? [t] : [])))
  const count = Math.ceil(dim.size / size)
  return count > 1 && count <= most ? { stretches: { of: dim.name, size }, count, wide } : undefined
}

/** Positions of a stretch, if so many fit: stretches are about equally long. */
function sizeOfStretch(positions: number, fit: number): number {
  const step = 2 ** Math.floor(Math.log2(Math.min(grain.most, Math.max(1, fit * grain.share))))
  const most = Math.max(1, Math.floor(fit / step)) * step
  return Math.ceil(positions / Math.ceil(positions / most) / step) * step
}

function inStretches(graph: KernelGraph, { stretches, count, wide }: Rows): KernelGraph | undefined {
  const { of } = stretches
  const tensors: Stored[] = [...graph.tensors]
  const isWide = (kernel: Kernel): boolean => tensorsOf(kernel).some((t) => wide.has(t))
  const finishesSums = (kernel: Kernel): boolean => isWide(kernel) && roleOf(kernel, of) === 'summed' && !grows(kernel, tensors)
  const kernels = graph.kernels.flatMap((kernel): readonly Kernel[] => {
    return (finishesSums(kernel) ? apart(kernel, (stored) => tensors.push(stored) - 1) : undefined) ?? [kernel]
  })
  const makers = new Set(makersFor(around(kernels, isWide), of, tensors))
  const { before, loop, behind } = around(kernels, (kernel) => isWide(kernel) || makers.has(kernel))
  const elsewhere = new Set([...[...before, ...behind].flatMap(tensorsOf), ...graph.results.map(({ tensor }) => tensor)])
  const own = new Set(loop.flatMap(tensorsOf).filter((t) => tensors[t]!.source.kind === 'kernel' && !elsewhere.has(t)))
  if (!mayRepeat(loop, of, tensors, own)) return undefined
  const repeated = Array.from({ length: count }, (_, stretch) =>
    loop.map((kernel) => inStretch(stretch > 0 && roleOf(kernel, of) === 'summed' ? growing(kernel) : kernel, stretch, stretches, own)),
  )
  return {
    ...graph,
    tensors: tensors.map((t, id) => (own.has(id) ? { ...t, type: { ...t.type, dims: shorter(t.type.dims, stretches) } } : t)),
    kernels: [...before, ...repeated.flat(), ...behind],
    live: [...graph.live, ...told(stretches, count)],
    stretches,
  }
}
