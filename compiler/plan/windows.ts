// What the bindings of a dispatch take of their buffers: all, or a window of one that is larger than a binding (kernels/window.ts).
import type { DeviceFacts } from '../facts.ts'
import type { Type } from '../graph/graph.ts'
import type { JoinedGraph, JoinedKernel, Stored, TensorId } from '../kernels/kernel.ts'
import { bytesOf } from '../kernels/rows.ts'
import { range } from '../kernels/text.ts'
import { windowBytes, windowsOf } from '../kernels/window.ts'
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
    const count = countOf(kernel, type, facts)
    return count === 1
      ? [{ tensor, offset: 0, bytes }]
      : range(count).map((i) => ({ tensor, offset: i * most, bytes: Math.min(most, bytes - i * most) }))
  })
}

/** The largest tensor that must fit one binding, since it has no windows or its kernel has not the bindings for them. */
export function largestWhole(graphs: readonly JoinedGraph[], facts: DeviceFacts): NamedBytes {
  const whole = graphs.flatMap(({ kernels, tensors }) =>
    kernels.flatMap((kernel) => {
      const isCrowded = bindingsIn(kernel, tensors, facts).length > facts.limits.maxStorageBuffersPerShaderStage
      const own = tensorsOf(kernel).map((t) => tensors[t]!)
      return own.filter(({ type }) => isCrowded || countOf(kernel, type, facts) === 1)
    }),
  )
  const named = whole.map(({ label, type }) => ({ name: label, bytes: bytesOf(type) }))
  return named.reduce((largest, one) => (one.bytes > largest.bytes ? one : largest), { name: '', bytes: 0 })
}

function countOf({ kind }: JoinedKernel, type: Type, facts: DeviceFacts): number {
  return kind === 'attention' ? 1 : windowsOf(type, facts)
}
