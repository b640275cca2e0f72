// Attention for devices without matrix units, and for what these cannot do: f32 or f16, heads of any size up to 256, dims in any order.
import { dkvBody, dqBody } from './attention-backward.ts'
import { forwardBody } from './attention-forward.ts'
import type { Layout } from './attention-layout.ts'
import type { AttentionModule } from './attention-module.ts'
import { tileOf } from './attention-tile.ts'
import { accessors, elementOf, workgroupMemory } from './attention-wgsl.ts'

const bodies = { forward: forwardBody, dq: dqBody, dkv: dkvBody } as const

export function scalarAttention(layout: Layout): AttentionModule {
  const { kind, facts } = layout.request
  const tile = tileOf(kind, layout.head, facts)
  const body = bodies[kind](layout, tile)
  return {
    ...body,
    entry: { enables: tile.shuffle ? ['subgroups'] : [], attributes: [], builtins: [] },
    threads: tile.threads,
    element: (operand) => elementOf(operand, layout),
    globals: [accessors(body.operands, layout), workgroupMemory(tile, kind)],
  }
}
