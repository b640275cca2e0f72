// A binding holds only so much of a buffer. A larger tensor, such as the embedding of a large vocabulary, is bound in windows: equal
// stretches of its buffer, one binding each, in order. Its elements are then read and written through functions that know in which
// window they lie. Attention takes its tensors whole.
import type { DeviceFacts } from '../facts.ts'
import type { Type } from '../graph/graph.ts'
import type { Stored, TensorId } from './kernel.ts'
import { bytesOf } from './rows.ts'
import { functionText } from './text.ts'

/** At any multiple of this a binding may begin, and a vector of any kernel. */
const alignment = 256

/** Bytes of a window: the most that a binding holds. */
export function windowBytes({ limits }: DeviceFacts): number {
  const step = Math.max(alignment, limits.minStorageBufferOffsetAlignment)
  return Math.max(1, Math.floor(limits.maxStorageBufferBindingSize / step)) * step
}

/** Bindings that a tensor takes: one, unless it is larger than that; also if it is so large that no kernel has bindings for all of it. */
export function windowsOf(type: Type, facts: DeviceFacts): number {
  const count = Math.ceil(bytesOf(type) / windowBytes(facts))
  return count <= facts.limits.maxStorageBuffersPerShaderStage ? Math.max(1, count) : 1
}

/** The same of a tensor that may still be cut: one of many rows will be made in stretches that a binding holds (chunk.ts). */
export function windowsOnceCut(type: Type, facts: DeviceFacts): number {
  return type.dims.some((dim) => dim.live) ? 1 : windowsOf(type, facts)
}

/** Bindings of all these tensors. */
export function bindingsOf(
  ids: Iterable<TensorId>,
  tensors: readonly Pick<Stored, 'type'>[],
  facts: DeviceFacts,
  windows = windowsOf,
): number {
  return [...ids].reduce((sum, id) => sum + windows(tensors[id]!.type, facts), 0)
}

/** The variable that a window is bound as. */
export function windowName(name: string, window: number): string {
  return window === 0 ? name : `${name}_${window}`
}

/** A tensor in windows: its name, how many, how many elements as it is bound are in each, and of what WGSL type. */
export interface Windows {
  readonly name: string
  readonly count: number
  readonly length: number
  readonly element: string
}

/** WGSL functions `read_NAME(at)` and, where it is written, `write_NAME(at, value)`. */
export function windowFunctions({ name, count, length, element }: Windows, access: 'read' | 'write'): readonly string[] {
  const inEach = (statement: (element: string) => string): readonly string[] =>
    Array.from({ length: count }, (_, window) => {
      const at = window === 0 ? 'at' : `at - ${window * length}u`
      const text = statement(`${windowName(name, window)}[${at}]`)
      return window === count - 1 ? text : `if (at < ${(window + 1) * length}u) { ${text} }`
    })
  const read = functionText(`read_${name}(at: u32) -> ${element}`, inEach((place) => `return ${place};`)) // prettier-ignore
  const write = functionText(`write_${name}(at: u32, value: ${element})`, inEach((place) => `${place} = value; return;`)) // prettier-ignore
  return access === 'read' ? [read] : [read, write]
}
