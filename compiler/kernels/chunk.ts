// Kernels over a tensor of many rows that is too large, such as the logits of all masked tokens and their gradient → the same kernels
// once for each stretch of rows, one stretch after the other, so that no more of it exists at a time. What they sum over rows, such as
// the gradient of the head's weights, grows from stretch to stretch (chunk-sums.ts). Rows are a live dim: a stretch without any costs
// nothing. Works on any program; where something needs all rows before it can go on, the program stays as it is.
import type { DeviceFacts } from '../facts.ts'
import type { Dim } from '../graph/graph.ts'
import { around, mayRepeat, roleOf } from './chunk-loop.ts'
import { apart, growing, grows } from './chunk-sums.ts'
import type { Kernel, KernelGraph, Stored, TensorId, Window } from './kernel.ts'
import { bytesOf } from './measure.ts'
import { inWindow, shorter } from './window.ts'
import { tensorsOf } from './write.ts'

/** Bytes of such a tensor at a time: enough for products to run at full speed. */
const enough = 512 * 2 ** 20
/** Stretches are multiples of the largest tile of a product; and wherever one begins a device can bind it, whatever is in a row. */
const grain = 256

/** The program with no tensor of rows larger than `enough` or than a device can bind, as far as that goes. */
export function chunk(graph: KernelGraph, { limits }: DeviceFacts): KernelGraph {
  const rows = manyRows(graph, Math.min(enough, limits.maxStorageBufferBindingSize, limits.maxBufferSize))
  return (rows && inStretches(graph, rows)) ?? graph
}

/** Tensors that are too large, or half as large as those, and the stretches in which they shall be made. */
interface Rows {
  readonly dim: string
  readonly windows: readonly Window[]
  readonly wide: ReadonlySet<TensorId>
}

function manyRows({ tensors, live, merged, results }: KernelGraph, limit: number): Rows | undefined {
  const parts = Object.values(merged).flat()
  const rows = live.filter(({ name }) => !parts.some((part) => part.name === name))
  const given = new Set(results.map(({ tensor }) => tensor))
  const rowsOf = (t: TensorId): Dim | undefined => rows.find(({ name }) => tensors[t]!.type.dims.some((d) => d.name === name))
  const bytes = tensors.map(({ type, source }, t) => {
    return source.kind === 'kernel' && rowsOf(t) && !given.has(t) ? bytesOf(type.dims, type.dtype) : 0
  })
  const largest = Math.max(0, ...bytes)
  const dim = rowsOf(bytes.indexOf(largest))
  if (largest <= limit || !dim) return undefined
  const most = Math.max(grain, Math.floor((limit * dim.size) / largest / grain) * grain)
  const size = Math.ceil(dim.size / Math.ceil(dim.size / most) / grain) * grain
  const windows = Array.from({ length: Math.ceil(dim.size / size) }, (_, i): Window => ({ dim: dim.name, from: i * size, size }))
  const wide = new Set(bytes.flatMap((n, t) => (2 * n >= largest && rowsOf(t) === dim ? [t] : [])))
  return windows.length > 1 ? { dim: dim.name, windows, wide } : undefined
}

function inStretches(graph: KernelGraph, { dim, windows, wide }: Rows): KernelGraph | undefined {
  const tensors: Stored[] = [...graph.tensors]
  const isWide = (kernel: Kernel): boolean => tensorsOf(kernel).some((t) => wide.has(t))
  const finishesSums = (kernel: Kernel): boolean => isWide(kernel) && roleOf(kernel, dim) === 'summed' && !grows(kernel, tensors)
  const kernels = graph.kernels.flatMap((kernel): readonly Kernel[] => {
    return (finishesSums(kernel) ? apart(kernel, (stored) => tensors.push(stored) - 1) : undefined) ?? [kernel]
  })
  const { before, loop, behind } = around(kernels, isWide)
  const elsewhere = new Set([...[...before, ...behind].flatMap(tensorsOf), ...graph.results.map(({ tensor }) => tensor)])
  const own = new Set(loop.flatMap(tensorsOf).filter((t) => tensors[t]!.source.kind === 'kernel' && !elsewhere.has(t)))
  if (!mayRepeat(loop, dim, tensors, own)) return undefined
  const stretches = windows.flatMap((window) =>
    loop.map((kernel) => inWindow(window.from > 0 && roleOf(kernel, dim) === 'summed' ? growing(kernel) : kernel, window)),
  )
  return {
    ...graph,
    tensors: tensors.map((t, id) => (own.has(id) ? { ...t, type: { ...t.type, dims: shorter(t.type.dims, windows[0]!) } } : t)),
    kernels: [...before, ...stretches, ...behind],
  }
}
