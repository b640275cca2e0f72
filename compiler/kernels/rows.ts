// How tensors lie in memory: row-major, and rows of halves begin at multiples of eight, so that a vocabulary of any size is as good to a
// matrix unit as a round one. What lies between the rows is nobody's: it may hold anything, and whoever fills a row may write over it.
import type { Dim, Type } from '../graph/graph.ts'
import type { Rows } from '../plan/plan.ts'
import { range } from './text.ts'

const halves = 8
/** Shorter rows would waste too much, and no product or attention is large whose rows are. */
const shortest = 16

/** Where rows lie apart: the elements of one, and from one to the next. */
export function rowsOf({ dtype, dims }: Type): Rows | undefined {
  const last = dims.at(-1)
  if (dtype !== 'f16' || dims.length < 2 || !last || last.live || last.size < shortest || last.size % halves === 0) return undefined
  return { length: last.size, step: Math.ceil(last.size / halves) * halves }
}

/** The dims whose products are the tensor's strides, and all of them its size in memory, in elements. */
export function inMemory(type: Type): readonly Dim[] {
  const rows = rowsOf(type)
  return rows ? [...type.dims.slice(0, -1), { ...type.dims.at(-1)!, size: rows.step }] : type.dims
}

/** Bytes of a tensor in memory, live dims at their bounds. */
export function bytesOf(type: Type): number {
  return inMemory(type).reduce((n, { size }) => n * size, type.dtype === 'f16' ? 2 : 4)
}

/** WGSL: a mask of the first `count` of eight halves in a vec4<u32>. */
export function firstHalves(count: number): string {
  const words = range(4).map((word) => ['0u', '0xffffu', '0xffffffffu'][Math.max(0, Math.min(2, count - 2 * word))])
  return `vec4<u32>(${words.join(', ')})`
}
