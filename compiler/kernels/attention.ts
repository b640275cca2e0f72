// AttentionRequest → a WGSL compute shader, for tensors in f32 or f16 whose named dims lie in any order. It computes in f32. Memory grows
// with the sequence, never with its square: scores live in registers. Sizes come from the device's facts; rows and keys past the extents
// are guarded.
import { elements } from '../graph/graph.ts'
import { dkvBody, dqBody } from './attention-backward.ts'
import { forwardBody } from './attention-forward.ts'
import { find, layoutOf } from './attention-layout.ts'
import { tileOf } from './attention-tile.ts'
import { declarations, workgroupMemory } from './attention-wgsl.ts'
import { bytesOf } from './measure.ts'
import type { AttentionRequest, WrittenKernel } from './written.ts'

const bodies = { forward: forwardBody, dq: dqBody, dkv: dkvBody } as const
/** Multiply-adds per query, key and head element. */
const products = { forward: 2, dq: 3, dkv: 4 } as const

/** Bindings as AttentionRequest states them, with `extents` last if any dim is live. Heads of any size up to 256. */
export function attentionKernel(request: AttentionRequest): WrittenKernel {
  const { kind, attrs, q, k } = request
  const layout = layoutOf(request)
  const tile = tileOf(kind, layout.head, request.facts)
  const { operands, grid, main } = bodies[kind](layout, tile)
  const body = `${grid.coordinates}\n${main}`
  const usesExtents = body.includes('extents[')
  const enables = [
    ...(operands.some(({ type }) => type.dtype === 'f16') ? ['enable f16;\n'] : []),
    ...(tile.shuffle ? ['enable subgroups;\n'] : []),
  ]
  const wgsl = `${enables.join('')}${declarations(operands, layout, usesExtents)}
${workgroupMemory(tile, kind)}
@compute @workgroup_size(${tile.threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
${body}
}
`
  const pairs = elements(q) * find(k, attrs.key).size * (attrs.causal ? 0.5 : 1)
  return {
    label: `attention ${kind}${attrs.causal ? ' causal' : ''}`,
    wgsl: wgsl.replace(/\n\n+/g, '\n'),
    bindings: [...operands.map(({ access }) => access), ...(usesExtents ? (['extents'] as const) : [])],
    groups: grid.groups,
    flops: 2 * products[kind] * pairs,
    bytes: operands.reduce((sum, { type }) => sum + bytesOf(type.dims, type.dtype), 0),
  }
}
