// Weight specifications → initial values. Each value depends on the seed, the weight's name and its index only: the same model
// starts equal however it is batched, loaded or split, and a new layer changes no other weight.
import { philox } from '../compiler/graph/philox.ts'
import { elements } from '../compiler/graph/graph.ts'
import type { WeightSpec } from '../compiler/plan/jobs.ts'

/** Initial values of a weight, row-major over its dims. Normal ones by Box-Muller in double precision. */
export function initialValues(spec: WeightSpec, seed: number): Float32Array {
  const values = new Float32Array(elements({ dtype: 'f32', dims: spec.dims }))
  const { init } = spec
  if (init.kind === 'constant') values.fill(init.value)
  else fillNormal(values, seed, nameHash(spec.name), init.std)
  return values
}

/** Four words of Philox give two pairs, each a radius and an angle, hence four values. */
function fillNormal(values: Float32Array, seed: number, stream: number, std: number): void {
  const words = new Uint32Array(4)
  for (let i = 0; i < values.length; i += 4) {
    philox(words, seed, stream, (i / 4) | 0, Math.floor(i / 2 ** 34), 0, 0)
    for (let pair = 0; pair < 4; pair += 2) {
      const radius = std * Math.sqrt(-2 * Math.log((words[pair]! + 0.5) * 2 ** -32))
      const angle = 2 * Math.PI * ((words[pair + 1]! + 0.5) * 2 ** -32)
      values[i + pair] = radius * Math.cos(angle)
      values[i + pair + 1] = radius * Math.sin(angle)
    }
  }
}

/** FNV-1a of the name's UTF-16 units: the second word of the key. */
export function nameHash(name: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
