// Extents of live dims: u32s, four to a vec4, in one uniform buffer. A primed dim has the extent of its unprimed name.
// Stored tensors are compact: a stride to the left of a live dim is a product with extents, known only at run time.
import type { Dim } from '../graph/graph.ts'

/** The name under which a live dim's extent is given: `time''` → `time`. */
export function unprimed(name: string): string {
  return name.replace(/'+$/, '')
}

/** WGSL declaration of the extents at a binding of group 0, for `live` as in ProgramSpec.live. */
export function declareExtents(binding: number, live: readonly string[]): string {
  return `@group(0) @binding(${binding}) var<uniform> extents: array<vec4<u32>, ${Math.ceil(live.length / 4)}>;`
}

/** WGSL expression (u32) of the dim's extent: a literal, or a component of `extents`. */
export function extentOf(dim: Dim, live: readonly string[]): string {
  if (!dim.live) return `${dim.size}u`
  const at = live.indexOf(unprimed(dim.name))
  return `extents[${at >> 2}].${'xyzw'[at & 3]}`
}
