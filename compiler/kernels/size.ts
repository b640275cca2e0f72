// Sizes that may be known only at run time: a number times extents of live dims. All strides, loop bounds and grids
// are such products.
import type { Dim } from '../graph/graph.ts'
import type { Groups } from '../plan/plan.ts'
import { extentOf, unprimed } from './extents.ts'

export interface Size {
  readonly factor: number
  /** Unprimed names of live dims, sorted. */
  readonly live: readonly string[]
}

export const one: Size = { factor: 1, live: [] }

/** What a program's live dims are: their order in the extents buffer, bounds, and what merged ones are made of. */
export interface LiveDims {
  readonly live: readonly Dim[]
  readonly merged: Readonly<Record<string, readonly Dim[]>>
}

export function times(a: Size, b: Size): Size {
  return { factor: a.factor * b.factor, live: b.live.length === 0 ? a.live : [...a.live, ...b.live].sort() }
}

export function same(a: Size, b: Size): boolean {
  return a.factor === b.factor && a.live.join() === b.live.join()
}

export function sizeOf(dims: readonly Dim[], of: LiveDims): Size {
  let size = one
  for (const d of dims) {
    const parts = d.live ? of.merged[unprimed(d.name)] : undefined
    size = times(size, parts ? sizeOf(parts, of) : d.live ? { factor: 1, live: [unprimed(d.name)] } : { factor: d.size, live: [] })
  }
  return size
}

/** Strides of a compact row-major tensor, one per dim. */
export function stridesOf(dims: readonly Dim[], of: LiveDims): readonly Size[] {
  return dims.map((_, i) => sizeOf(dims.slice(i + 1), of))
}

/** WGSL expression of type u32. */
export function sizeText(size: Size, of: LiveDims): string {
  const names = of.live.map((d) => d.name)
  const extents = size.live.map((name) => extentOf({ name, size: 0, live: true }, names))
  if (extents.length === 0) return `${size.factor}u`
  const text = size.factor === 1 ? extents.join(' * ') : `${size.factor}u * ${extents.join(' * ')}`
  return extents.length === 1 && size.factor === 1 ? text : `(${text})`
}

/** The size with live dims at their bounds. */
export function bound(size: Size, of: LiveDims): number {
  return size.live.reduce((n, name) => n * boundOf(name, of), size.factor)
}

/** ceil(size / by) workgroups along one axis. Of several live dims all but the first count with their bound: kernels guard their edges. */
export function groupsFor(size: Size, by: number, of: LiveDims): Groups {
  const [first, ...others] = size.live
  if (first === undefined) return Math.ceil(size.factor / by)
  return { live: first, factor: others.reduce((n, name) => n * boundOf(name, of), size.factor), divisor: by }
}

/** A grid of at least ceil(size / by) workgroups, folded so that no axis passes the limit; see `flatGroup`. */
export function foldedGroups(size: Size, by: number, of: LiveDims, limit: number): readonly [Groups, Groups, Groups] {
  const needed = Math.ceil(bound(size, of) / by)
  const rows = Math.max(1, Math.ceil(needed / limit))
  if (size.live.length > 0) return [rows, groupsFor(size, by * rows, of), 1]
  return [Math.ceil(needed / rows), rows, 1]
}

/** Whether a folded grid may have workgroups too many: kernels that need each to have something to do end those. */
export function hasSpareGroups(size: Size, by: number, of: LiveDims, limit: number): boolean {
  return Math.ceil(bound(size, of) / by) > limit || size.live.length > 1
}

/** WGSL: the workgroup's number in a folded grid. */
export const flatGroup = 'group.y * groups.x + group.x'

function boundOf(name: string, of: LiveDims): number {
  return of.live.find((d) => d.name === name)!.size
}
