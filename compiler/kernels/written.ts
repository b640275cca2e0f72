// Kernels written by hand, attention above all, behind one interface: what is asked of them and what they hand back.
// The planner binds storage buffers in the order stated at each kind; a written kernel decides its own grid.
import type { DeviceFacts } from '../facts.ts'
import type { AttentionAttributes, Type } from '../graph/graph.ts'
import type { Groups, KernelPlan } from '../plan/plan.ts'

/**
 * Bindings in order. forward: q, k, v, O and, if `wantLse`, LSE; dq: q, k, v, lse, delta, dy, dQ; dkv: q, k, v, lse, delta, dy, dK, dV
 * and, if `wantDs`, dS. All tensors are stored in the order of their type's dims: O, dy and dQ as q; lse and delta as q without `head`;
 * dK as k; dV as v; dS as `attention_ds` has it.
 * They have its dtype, too, f32 or f16, but for lse and delta, which are f32.
 */
export interface AttentionRequest {
  readonly kind: 'forward' | 'dq' | 'dkv'
  readonly attrs: AttentionAttributes
  readonly q: Type
  readonly k: Type
  readonly v: Type
  readonly wantLse: boolean
  readonly wantDs?: boolean
  /** Names of the program's live dims, in the order of the extents buffer: see extents.ts. */
  readonly live: readonly string[]
  readonly facts: DeviceFacts
}

/** A finished compute shader; `extents`, where it is among the bindings, comes last. */
export interface WrittenKernel extends KernelPlan {
  readonly groups: readonly [Groups, Groups, Groups]
}
