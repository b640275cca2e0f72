// Equality of nodes: a string per node that two nodes share exactly when they compute the same.
// Tables and bodies of composites are told apart by the hash of their content, which is taken once per object: every model of a
// page has the same attention in it.
import { createHash } from 'node:crypto'
import type { AttributesOf, Graph, NodeId, OpName, Type } from './graph.ts'

export function contentOf(op: OpName, inputs: readonly NodeId[], attrs: AttributesOf<OpName>, type: Type): string {
  const what = `${op}(${inputs.join()}) ${attributes(attrs)}`
  // The type of all others follows.
  if (inputs.length > 0 && op !== 'cast') return what
  const dims = type.dims.map((d) => (d.live ? `${d.name}~${d.size}` : `${d.name}:${d.size}`))
  return `${what} ${type.dtype}[${dims.join()}]`
}

function attributes(attrs: AttributesOf<OpName>): string {
  if (attrs === undefined) return ''
  if ('value' in attrs) return Object.is(attrs.value, -0) ? '-0' : String(attrs.value)
  if ('data' in attrs) return ofTable(attrs.data)
  if (!('body' in attrs)) return JSON.stringify(attrs)
  const graphs = [attrs.body, ...(attrs.grads ?? [])].map((g) => (g ? ofGraph(g) : '-'))
  return `${attrs.name} ${graphs.join()} ${JSON.stringify(attrs.args)}`
}

function ofGraph(graph: Graph): string {
  return hashOf(graph, () => {
    const nodes = graph.nodes.map((n) => contentOf(n.op, n.inputs, n.attrs, n.type))
    return `${nodes.join(';')} ${graph.outputs.map((o) => o.node).join()}`
  })
}

function ofTable(data: Float32Array | Int32Array): string {
  return data.constructor.name + hashOf(data, () => new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
}

const hashes = new WeakMap<object, string>()

/** The hash of an object's content, which is described only when the object is new. */
function hashOf(object: object, describe: () => string | Uint8Array): string {
  const known = hashes.get(object)
  if (known !== undefined) return known
  const hash = createHash('sha256').update(describe()).digest('base64')
  hashes.set(object, hash)
  return hash
}
