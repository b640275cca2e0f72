// Numbers that look like weights and come fast: drawing a billion of the real ones takes a minute. Measurements take them, for
// zeros cost a processor less power and run faster.
import { elements } from '../../compiler/graph/graph.ts'
import type { WeightSpec } from '../../compiler/plan/jobs.ts'

/** Numbers in [0, 1), the same at every start. */
export function randomNumbers(): () => number {
  let state = 1
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** A weight of the deviation that it begins with, but uniform. */
export function randomWeight({ dims, init }: WeightSpec, random: () => number): Float32Array {
  const values = new Float32Array(elements({ dtype: 'f32', dims }))
  if (init.kind === 'constant') return values.fill(init.value)
  const width = init.std * Math.sqrt(12)
  return filled(values, () => width * (random() - 0.5))
}

export function filled<T extends Float32Array | Uint32Array>(values: T, next: () => number): T {
  for (let i = 0; i < values.length; i++) values[i] = next()
  return values
}
