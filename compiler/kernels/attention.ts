// AttentionRequest → a WGSL compute shader, for tensors in f32 or f16 whose named dims lie in any order. It computes in f32. Memory grows
// with the sequence, never with its square: scores live in registers or workgroup memory. Sizes come from the device's facts; rows and
// keys past the extents are guarded.
import { elements } from '../graph/graph.ts'
import { find, layoutOf } from './attention-layout.ts'
import { moduleText } from './attention-module.ts'
import { scalarAttention } from './attention-scalar.ts'
import { flashAttention } from './flash.ts'
import { bytesOf } from './rows.ts'
import type { AttentionRequest, WrittenKernel } from './written.ts'

/** Multiply-adds per query, key and head element. */
const products = { forward: 2, dq: 3, dkv: 4 } as const

/** Bindings as AttentionRequest states them, with `extents` last if any dim is live. On a matrix unit where one fits. Heads of any size up to 256. */
export function attentionKernel(request: AttentionRequest): WrittenKernel {
  const { kind, attrs, q, k, wantDs = false } = request
  const layout = layoutOf(request)
  const flash = flashAttention(layout)
  const written = flash ?? scalarAttention(layout)
  const { wgsl, usesExtents } = moduleText(written, request.live)
  const pairs = elements(q) * find(k, attrs.key).size * (attrs.causal ? 0.5 : 1)
  return {
    label: `${flash ? 'flash ' : ''}attention ${kind}${wantDs ? ' ds' : ''}${attrs.causal ? ' causal' : ''}`,
    wgsl,
    bindings: [...written.operands.map(({ access }) => access), ...(usesExtents ? (['extents'] as const) : [])],
    groups: written.grid.groups,
    flops: 2 * products[kind] * pairs,
    bytes: written.operands.reduce((sum, { type }) => sum + bytesOf(type), 0),
  }
}
