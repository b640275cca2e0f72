// Attention on the device's matrix unit, in f16 with sums in f32, where there is one and it fits the request.
import { scoreDims } from '../graph/ops/attention.ts'
import { find, type Layout } from './attention-layout.ts'
import type { AttentionModule } from './attention-module.ts'
import { flashDkv, flashDq } from './flash-backward.ts'
import { flags, flashForward } from './flash-forward.ts'
import { flashCuts } from './flash-tile.ts'
import { functions } from './flash-wgsl.ts'
import { matrixAliases, matrixEntry } from './matrix-unit.ts'
import { bytesOf } from './measure.ts'
import type { AttentionRequest } from './written.ts'

const bodies = { forward: flashForward, dq: flashDq, dkv: flashDkv } as const

/** With the first of `flashCuts`; undefined where there is none. */
export function flashAttention(layout: Layout): AttentionModule | undefined {
  const { request } = layout
  const [cut] = flashCuts(request)
  if (!cut) return undefined
  const entry = matrixEntry(cut.unit)
  return {
    ...bodies[request.kind](layout, cut),
    entry: { ...entry, builtins: [...entry.builtins, '@builtin(subgroup_invocation_id) lane: u32'] },
    threads: cut.threads,
    element: ({ type }) => (type.dtype === 'f16' ? 'vec4<u32>' : 'f32'),
    globals: [
      ...matrixAliases(cut.unit),
      `var<workgroup> pool: array<vec4<u32>, ${cut.pool.size}>;`,
      ...(request.kind === 'forward' ? [flags] : []),
      functions,
    ],
  }
}

/**
 * Whether the gradient by keys and values can leave dS, so that the gradient by queries is one product instead of three. It takes
 * memory, two bytes for each pair of a query and a key, and less time: the two products cost more than to write and read it.
 * Causal attention stays without, since nothing writes what it skips; so do rows that are not whole vec4s.
 */
export function leavesScores(request: AttentionRequest): boolean {
  const { attrs, q, k, facts } = request
  const { limits } = facts
  const ds = scoreDims(attrs, q, k)
  return (
    !attrs.causal &&
    ds.every(({ live }) => !live) &&
    find(q, attrs.query).size % 8 === 0 &&
    bytesOf(ds, 'f16') <= Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize) &&
    bindings <= limits.maxStorageBuffersPerShaderStage &&
    flashCuts({ ...request, kind: 'dkv' }).length > 0
  )
}

/** Of dkv that leaves dS: what it reads, and three results. */
const bindings = 9
