// Attention on the device's matrix unit, in f16 with sums in f32, where there is one and it fits the request.
import type { Layout } from './attention-layout.ts'
import type { AttentionModule } from './attention-module.ts'
import { leavesEights } from './attention-scores.ts'
import { flashDkv, flashDq } from './flash-backward.ts'
import { flags, flashForward } from './flash-forward.ts'
import { flashCuts } from './flash-tile.ts'
import { functions } from './flash-wgsl.ts'
import { matrixAliases, matrixEntry } from './matrix-unit.ts'

const bodies = { forward: flashForward, dq: flashDq, dkv: flashDkv } as const

/** With the first of `flashCuts`; undefined where there is none. */
export function flashAttention(layout: Layout): AttentionModule | undefined {
  const { request } = layout
  const [cut] = flashCuts(request)
  if (!cut || (request.wantDs && !leavesEights(request))) return undefined
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
