// Whether attention's gradient by keys and values leaves dS in memory, so that the one by queries is a product of it.
import { scoreDims } from '../graph/ops/attention.ts'
import { find } from './attention-layout.ts'
import { flashCuts } from './flash-tile.ts'
import { bytesOf } from './rows.ts'
import type { AttentionRequest } from './written.ts'

/** Storage buffers of dkv that leaves dS: what it reads, and three results. */
const bindings = 9
/** Of a device's memory: activations of more sequences would do more good there. */
const share = 1 / 8

/**
 * On matrix units, where it is possible: dQ takes one product then instead of three, and the two cost more than to write two bytes for
 * each pair of a query and a key and to read them. Elsewhere scores take twice the memory, and products are what is slow. Causal
 * attention skips half of all pairs and would have to write them.
 */
export function leavesScores(request: AttentionRequest): boolean {
  const { attrs, q, k, facts } = request
  const { limits } = facts
  const ds = { dtype: q.dtype, dims: scoreDims(attrs, q, k) }
  return (
    !attrs.causal &&
    bytesOf(ds) <= Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize, share * (facts.memory ?? Infinity)) &&
    bindings <= limits.maxStorageBuffersPerShaderStage &&
    leavesEights(request) &&
    flashCuts({ ...request, kind: 'dkv' }).length > 0
  )
}

/** Kernels on matrix units store dS in vec4s of eight halves: rows have to be made of them. */
export function leavesEights({ attrs, q, k }: AttentionRequest): boolean {
  return scoreDims(attrs, q, k).every(({ live }) => !live) && find(q, attrs.query).size % 8 === 0
}
