// Composites that ONNX Runtime has as one node. They are known by what their bodies do, not by name, so a user's op of the same
// meaning is as fast as the library's, and one of the same name but another meaning stays itself.
import { bug } from '../bug.ts'
import { find, names } from '../graph/dims.ts'
import type { Graph, Node } from '../graph/graph.ts'
import { normalised } from '../passes/softmax.ts'
import { rotaryKey, rotaryOf, rotaryTables, type Rotary } from './onnx-rotary.ts'
import type { Axis, OnnxValue, OnnxWriter } from './onnx-writer.ts'

type Call = Extract<Node, { readonly op: 'call' }>

/** Whether planOnnx takes this composite closed. */
export function claimsOnnx(node: Node): boolean {
  return node.op === 'call' && (softmaxOver(node.attrs.body) !== undefined || rotaryOf(node.attrs.body) !== undefined)
}

/** The dim over which the body is a softmax of its input. */
function softmaxOver(body: Graph): string | undefined {
  const found = normalised((id) => body.nodes[id]!, body.outputs[0]!.node)
  return found?.kind === 'softmax' && found.over.length === 1 && body.nodes[found.x]!.op === 'input' ? found.over[0] : undefined
}

/** Writes claimed composites; rotary tables are made once a model. */
export class Claims {
  readonly #w: OnnxWriter
  readonly #tables = new Map<string, readonly string[]>()

  constructor(w: OnnxWriter) {
    this.#w = w
  }

  lower({ attrs, type }: Call, x: OnnxValue): OnnxValue {
    const over = softmaxOver(attrs.body)
    if (over !== undefined) {
      const whole = this.#w.expand(x, names(x.dims).includes(over) ? x.dims : [...x.dims, find(type.dims, over)])
      return { name: this.#w.one('Softmax', [whole.name], { axis: names(whole.dims).indexOf(over) }), dims: whole.dims }
    }
    return this.#rotary(rotaryOf(attrs.body) ?? bug(`ONNX does not know ${attrs.name}`), this.#w.expand(x, type.dims))
  }

  /** RotaryEmbedding takes [batch, time, heads * head]: what comes before time is batch, what between is heads. */
  #rotary(rotary: Rotary, x: OnnxValue): OnnxValue {
    const w = this.#w
    const { time, head } = rotary
    const moved = w.transpose(x, [...names(x.dims).filter((d) => d !== head.name), head.name])
    const at = names(moved.dims).indexOf(time.name)
    const axes: Axis[] = [moved.dims.slice(0, at), [time], moved.dims.slice(at + 1)]
    const inputs = [w.view(moved, axes), w.constant([0], 'i64'), ...this.#tablesOf(rotary)]
    return w.unfold(w.one('RotaryEmbedding', inputs, { interleaved: 0 }, 'com.microsoft'), axes, moved.dims)
  }

  #tablesOf(rotary: Rotary): readonly string[] {
    const key = rotaryKey(rotary)
    const known = key === undefined ? undefined : this.#tables.get(key)
    if (known) return known
    const { cos, sin } = rotaryTables(rotary)
    const shape = [rotary.time.size, rotary.head.size / 2]
    const made = [cos, sin].map((table) => this.#w.constant(Array.from(table), 'f32', shape))
    if (key !== undefined) this.#tables.set(key, made)
    return made
  }
}
