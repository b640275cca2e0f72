// How much memory a program's tensors take at once, estimated: a tensor lives from its node to the last reader, in graph order.
// Views cost nothing. ONNX Runtime may order nodes otherwise and keeps buffers it has used, so this is a guide, not a bound.
import { showDims } from '../graph/dims.ts'
import { elements, type Graph, type Node } from '../graph/graph.ts'
import type { NamedBytes } from './plan.ts'

const FREE = new Set<Node['op']>(['input', 'constant', 'rename', 'merge', 'split', 'broadcast'])

export interface Footprint {
  readonly bytes: number
  readonly largest: NamedBytes
}

/** Peak bytes of the results of a graph's nodes, and the largest of them. */
export function footprint(graph: Graph): Footprint {
  const bytes = graph.nodes.map((n) => (FREE.has(n.op) ? 0 : elements(n.type) * (n.type.dtype === 'bool' ? 1 : 4)))
  const last = graph.nodes.map((_, id) => id)
  for (const [id, node] of graph.nodes.entries()) for (const input of node.inputs) last[input] = id
  // A view keeps alive what it shows.
  for (let id = graph.nodes.length - 1; id >= 0; id--) {
    const node = graph.nodes[id]!
    if (FREE.has(node.op)) for (const input of node.inputs) last[input] = Math.max(last[input]!, last[id]!)
  }
  const ends = new Map<number, number>()
  let [live, peak, largest] = [0, 0, 0]
  for (const [id] of graph.nodes.entries()) {
    live += bytes[id]!
    peak = Math.max(peak, live)
    if (bytes[id]! > bytes[largest]!) largest = id
    ends.set(last[id]!, (ends.get(last[id]!) ?? 0) + bytes[id]!)
    live -= ends.get(id) ?? 0
  }
  const top = graph.nodes[largest]
  return { bytes: peak, largest: { name: top ? `${top.op} ${showDims(top.type.dims)}` : '', bytes: bytes[largest] ?? 0 } }
}
