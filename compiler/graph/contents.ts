// Equality of nodes: a string per node that two nodes share exactly when they compute the same.
// Tables and bodies of composites are told apart by their content, which is read once per object.
import type { AttributesOf, Graph, NodeId, OpName, Type } from './graph.ts'

export class Contents {
  readonly #numbers = new Map<string, number>()
  readonly #objects = new Map<object, number>()
  readonly #tables = new Map<string, (Float32Array | Int32Array)[]>()

  key(op: OpName, inputs: readonly NodeId[], attrs: AttributesOf<OpName>, type: Type): string {
    const dims = type.dims.map((d) => (d.live ? `${d.name}~${d.size}` : `${d.name}:${d.size}`))
    return `${op}(${inputs.join()}) ${this.#attributes(attrs)} ${type.dtype}[${dims.join()}]`
  }

  #attributes(attrs: AttributesOf<OpName>): string {
    if (attrs === undefined) return ''
    if ('value' in attrs) return Object.is(attrs.value, -0) ? '-0' : String(attrs.value)
    if ('data' in attrs) return String(this.#table(attrs.data))
    if (!('body' in attrs)) return JSON.stringify(attrs)
    const graphs = [attrs.body, ...(attrs.grads ?? [])].map((g) => (g ? this.#graph(g) : '-'))
    return `${attrs.name} ${graphs.join()} ${JSON.stringify(attrs.args)}`
  }

  #graph(graph: Graph): number {
    return this.#once(graph, () => {
      const nodes = graph.nodes.map((n) => this.key(n.op, n.inputs, n.attrs, n.type))
      return `${nodes.join(';')} ${graph.outputs.map((o) => o.node).join()}`
    })
  }

  #table(data: Float32Array | Int32Array): number {
    return this.#once(data, () => {
      const words = new Int32Array(data.buffer, data.byteOffset, data.length)
      let hash = data instanceof Float32Array ? 1 : 2
      for (const word of words) hash = (Math.imul(hash, 0x01000193) ^ word) | 0
      const rough = `table ${data.length} ${hash}`
      const alike = this.#tables.get(rough) ?? []
      this.#tables.set(rough, alike)
      const same = alike.findIndex((other) => other.constructor === data.constructor && other.every((x, i) => Object.is(x, data[i])))
      return `${rough} ${same < 0 ? alike.push(data) - 1 : same}`
    })
  }

  /** The number of an object's content, which is described only when the object is new. */
  #once(object: object, describe: () => string): number {
    const known = this.#objects.get(object)
    if (known !== undefined) return known
    const content = describe()
    const number = this.#numbers.get(content) ?? this.#numbers.size
    this.#numbers.set(content, number)
    this.#objects.set(object, number)
    return number
  }
}
