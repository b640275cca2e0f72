// What an op's own ONNX rule sees of the model being written: its inputs under handles, so that one tensor may stand for two
// inputs with different dims, and the writer behind them.
import { bug } from '../bug.ts'
import type { Dim, Node, Type } from '../graph/graph.ts'
import type { OnnxAttrs, OnnxEmitter } from '../graph/ops/op.ts'
import { table } from '../graph/ops/table.ts'
import type { OnnxType } from './onnx-model.ts'
import type { OnnxValue, OnnxWriter } from './onnx-writer.ts'

/** Lowers a node by the rule of its op; the result has the dims of `node.type`, or fewer where operands are broadcast. */
export function lowerByRule(writer: OnnxWriter, node: Node, inputs: readonly OnnxValue[], types: readonly Type[]): string {
  const emitter = new RuleEmitter(writer, inputs, types)
  const { onnx } = table[node.op] as { onnx?: (e: OnnxEmitter, node: Node, inputs: readonly string[]) => string }
  if (onnx === undefined) return bug(`${node.op} has no ONNX form`)
  return emitter.resolve(onnx(emitter, node, emitter.handles))
}

class RuleEmitter implements OnnxEmitter {
  readonly handles: readonly string[]
  readonly #writer: OnnxWriter
  readonly #inputs: ReadonlyMap<string, { readonly name: string; readonly type: Type }>
  #outputs: readonly string[] = []

  constructor(writer: OnnxWriter, inputs: readonly OnnxValue[], types: readonly Type[]) {
    this.#writer = writer
    this.handles = inputs.map((_, i) => `#${i}`)
    this.#inputs = new Map(inputs.map((x, i) => [`#${i}`, { name: x.name, type: { dtype: types[i]!.dtype, dims: x.dims } }]))
  }

  get lastOutputs(): readonly string[] {
    return this.#outputs
  }

  emit(op: string, inputs: readonly string[], attrs: OnnxAttrs = {}, options: { domain?: string; outputs?: number } = {}): string {
    this.#outputs = this.#writer.emit(op, inputs.map((x) => this.resolve(x)), attrs, options.domain, options.outputs) // prettier-ignore
    return this.#outputs[0]!
  }

  constant(data: number | readonly number[], dtype: OnnxType, shape?: readonly number[]): string {
    return this.#writer.constant(data, dtype, shape)
  }

  typeOf(name: string): Type {
    return this.#inputs.get(name)?.type ?? bug(`${name} is no input of the node`)
  }

  align(name: string, from: Type, dims: readonly Dim[]): string {
    return this.#writer.align({ name: this.resolve(name), dims: from.dims }, dims)
  }

  reshape(name: string, dims: readonly Dim[]): string {
    const shape = dims.filter((d) => d.live).length > 1 ? this.shape(dims) : this.#writer.constant(dims.map((d) => (d.live ? -1 : d.size)), 'i64') // prettier-ignore
    return this.#writer.one('Reshape', [this.resolve(name), shape])
  }

  shape(dims: readonly Dim[]): string {
    return this.#writer.shape(dims.map((d) => [d]))
  }

  resolve(name: string): string {
    return this.#inputs.get(name)?.name ?? name
  }
}
