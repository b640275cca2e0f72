// A model: a block of the language brought to sizes, ready to be appended to a graph.
import type { Builder, Value } from '../graph/builder.ts'
import type { WeightSpec } from '../plan/jobs.ts'
import type { Code } from '../check/pipeline.ts'

export interface Model {
  /** Every param of the root block with its final value, defaults included: layers, width, context, … */
  readonly params: ReadonlyMap<string, number | boolean | Code>
  readonly vocab: number
  readonly context: number
  readonly causal: boolean
  readonly weights: readonly WeightSpec[]
  /** Scalars in all weights. */
  readonly parameters: number
  /** Without the first lookup table and the last projection to vocab: the N of the paper. */
  readonly nonEmbedding: number
  /** Appends the network. tokens: i32 [.., time], ids of `symbols`. Returns logits f32 [.., time, vocab]. */
  apply(b: Builder, tokens: Value, weight: (spec: WeightSpec) => Value): Value
}
