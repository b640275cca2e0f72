// What the bindings of a dispatch take of their buffers: all, or a window of one that is larger than a binding (kernels/window.ts).
import type { DeviceFacts } from '../facts.ts'
import type { JoinedGraph, JoinedKernel, Stored, TensorId } from '../kernels/kernel.ts'
import { bytesOf } from '../kernels/rows.ts'
import { range } from '../kernels/text.ts'
import { bindingsOf, windowBytes, windowsOf } from '../kernels/window.ts'
import { tensorsOf } from '../kernels/write.ts'
import type { NamedBytes, Window } from './plan.ts'

/** One binding: bytes of a tensor. */
export interface BoundWindow extends Window {
  readonly tensor: TensorId
}

/** A kernel's bindings, in order; one of extents comes after them. */
export function bindingsIn(kernel: JoinedKernel, tensors: readonly Stored[], facts: DeviceFacts): readonly BoundWindow[] {
  const most = windowBytes(facts)
  return tensorsOf(kernel).flatMap((tensor): readonly BoundWindow[] => {
    const { type } = tensors[tensor]!
    // Buffers have room up to the next multiple of 16.
    const bytes = Math.ceil(bytesOf(type) / 16) * 16
    const count = kernel.kind === 'attention' ? 1 : windowsOf(type, facts)
    return count === 1
      ? [{ tensor, offset: 0, bytes }]
      : range(count).map((i) => ({ tensor, offset: i * most, bytes: Math.min(most, bytes - i * most) }))
  })
}

/** The largest tensor that must fit one binding: of those of attention and of kernels that have no bindings left for windows. */
export function largestWhole(graphs: readonly JoinedGraph[], facts: DeviceFacts): NamedBytes {
  const all = graphs.flatMap(({ kernels, tensors }) => {
    const isWhole = (kernel: JoinedKernel): boolean =>
      kernel.kind === 'attention' || bindingsOf(tensorsOf(kernel), tensors, facts) > facts.limits.maxStorageBuffersPerShaderStage
    return kernels.filter(isWhole).flatMap((kernel) => tensorsOf(kernel).map((t) => tensors[t]!))
  })
  return all.reduce(
    (largest, { label, type }) => (bytesOf(type) > largest.bytes ? { name: label, bytes: bytesOf(type) } : largest),
    { name: '', bytes: 0 }, // prettier-ignore
  )
}
