// Where the tensors of an attention lie: named dims in any order → WGSL address arithmetic and the grid of workgroups.
// A slice is one setting of the dims beside query, key and head; a row is one query or key of a slice. `c_<n>` in the shader is the
// coordinate along outer dim n; `base_<tensor>` the element at which the slice of a tensor begins.
import { bug } from '../bug.ts'
import type { DeviceFacts } from '../facts.ts'
import { has, type Dim, type Type } from '../graph/graph.ts'
import { scoreDims } from '../graph/ops/attention.ts'
import type { Groups } from '../plan/plan.ts'
import { extentOf, unprimed } from './extents.ts'
import { inMemory } from './rows.ts'
import type { AttentionRequest } from './written.ts'

export interface Layout {
  readonly head: number
  /** Extents along query and key, as WGSL expressions. */
  readonly queries: string
  readonly keys: string
  /** Dims of a slice of the keys, in q's order, and dims that only queries have. */
  readonly shared: readonly Dim[]
  readonly grouped: readonly Dim[]
  readonly lse: Type
  readonly ds: Type
  readonly request: AttentionRequest
}

/** Throws where the types do not fit the op's rule, which check has ruled out. */
export function layoutOf(request: AttentionRequest): Layout {
  const { attrs, q, k, v, live } = request
  const inner = [attrs.query, attrs.key, attrs.head]
  const outer = (type: Type) => type.dims.filter(({ name }) => !inner.includes(name))
  const keyNames = outer(k).map(({ name }) => name)
  const queryNames = outer(q).map(({ name }) => name)
  if ([...keyNames].sort().join() !== outer(v).map(({ name }) => name).sort().join()) bug('keys and values of an attention have different dims') // prettier-ignore
  if (keyNames.some((name) => !queryNames.includes(name))) bug('keys of an attention have dims that queries lack')
  return {
    head: find(q, attrs.head).size,
    queries: extentOf(find(q, attrs.query), live),
    keys: extentOf(find(k, attrs.key), live),
    shared: outer(q).filter(({ name }) => keyNames.includes(name)),
    grouped: outer(q).filter(({ name }) => !keyNames.includes(name)),
    lse: { dtype: 'f32', dims: q.dims.filter(({ name }) => name !== attrs.head) },
    ds: { dtype: q.dtype, dims: scoreDims(attrs, q, k) },
    request,
  }
}

export function find(type: Type, name: string): Dim {
  const dim = type.dims.find((d) => d.name === name)
  if (!dim) return bug(`an operand of attention lacks dim ${name}`)
  return dim
}

/** Distance in elements between neighbours along a dim: the product of what lies behind it. */
export function strideOf(type: Type, name: string, live: readonly string[]): string {
  const behind = inMemory(type).slice(type.dims.findIndex((d) => d.name === name) + 1)
  const fixed = behind.filter((d) => !d.live).reduce((n, d) => n * d.size, 1)
  return [`${fixed}u`, ...behind.filter((d) => d.live).map((d) => extentOf(d, live))].join(' * ')
}

/** `base_<tensor>`: see `originOf`. */
export function baseOf(tensor: string, type: Type, layout: Layout): string {
  return `let base_${tensor} = ${originOf(type, layout)};`
}

/** Where a slice begins, from the coordinates of those outer dims that the tensor has. */
export function originOf(type: Type, { shared, grouped, request }: Layout): string {
  const all = [...shared, ...grouped]
  const terms = all.flatMap((dim, n) => (has(type, dim.name) ? [`c_${n} * (${strideOf(type, dim.name, request.live)})`] : []))
  return terms.length > 0 ? terms.join(' + ') : '0u'
}

/** Takes `index` apart into coordinates of `dims`, the last one fastest. `first` is the number of the first of them. */
export function coordinates(index: string, dims: readonly Dim[], first: number, live: readonly string[]): string {
  const lines = dims.map((dim, n) => {
    const behind = dims.slice(n + 1).map((d) => extentOf(d, live))
    const quotient = behind.length > 0 ? `(${index} / (${behind.join(' * ')}))` : index
    return `let c_${first + n} = ${quotient} % ${extentOf(dim, live)};`
  })
  return lines.join('\n')
}

export interface Grid {
  readonly groups: readonly [Groups, Groups, Groups]
  /** WGSL that takes `group`, the workgroup's place in the grid, apart into coordinates. */
  readonly coordinates: string
}

/** x: tiles of `rows` along `row`; y and z: the slices, at most one live dim on each axis. */
export function gridOf(row: Dim, rows: number, slices: readonly Dim[], live: readonly string[], facts: DeviceFacts): Grid {
  const limit = facts.limits.maxComputeWorkgroupsPerDimension
  const fits = (dims: readonly Dim[]) => dims.filter((d) => d.live).length <= 1 && dims.reduce((n, d) => n * d.size, 1) <= limit
  let cut = slices.length
  while (!fits(slices.slice(0, cut))) cut--
  const [y, z] = [slices.slice(0, cut), slices.slice(cut)]
  if (!fits(z)) bug('an attention has more slices than a grid of workgroups can have')
  return {
    groups: [row.live ? { live: unprimed(row.name), factor: 1, divisor: rows } : Math.ceil(row.size / rows), countOf(y), countOf(z)],
    coordinates: `${coordinates('group.y', y, 0, live)}\n${coordinates('group.z', z, cut, live)}`,
  }
}

function countOf(dims: readonly Dim[]): Groups {
  const fixed = dims.filter((d) => !d.live).reduce((n, d) => n * d.size, 1)
  const live = dims.find((d) => d.live)
  return live ? { live: unprimed(live.name), factor: fixed, divisor: 1 } : fixed
}
