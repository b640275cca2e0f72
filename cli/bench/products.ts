// A size and a precision → a plan of one large matrix product, by the same compiler as every stage's: what its products can reach.
import { Builder } from '../../compiler/graph/builder.ts'
import { shape } from '../../compiler/graph/dims.ts'
import type { DeviceFacts } from '../../compiler/facts.ts'
import type { WebgpuPlan } from '../../compiler/plan/plan.ts'
import { planWebgpu } from '../../compiler/plan/webgpu.ts'

/** Rows, columns and sums of as many terms. */
const sizes = { hardware: 4096, software: 512 } as const

/** Of two states, both as a forward pass has them: [m, k] times [k, n], stored in `dtype` and summed in f32. */
export function productPlan(dtype: 'f32' | 'f16', facts: DeviceFacts): WebgpuPlan {
  const size = facts.software ? sizes.software : sizes.hardware
  const b = new Builder()
  const left = b.input('left', 'state', shape(dtype, { m: size, k: size }))
  const right = b.input('right', 'state', shape(dtype, { k: size, n: size }))
  b.result('product', b.add('contract', [left, right], { over: ['k'] }))
  return planWebgpu([{ name: 'product', graph: b.finish() }], facts)
}
