// Graph → text, one node a line, for golden files and explain:
// `%12 f32[batch 2, time 8, width 16] = contract %3 %7 over width`. Equal graphs give equal text.
import { showDims, showType } from './dims.ts'
import type { Dim, Graph, Node } from './graph.ts'

/** Bodies of composites are not shown; their names and arguments are. */
export function print(graph: Graph): string {
  const lines = graph.nodes.map((node, id) => `%${id} ${showType(node.type)} = ${showNode(node)}`)
  const outputs = graph.outputs.map((o) => `${o.kind} ${o.name} = %${o.node}`)
  return [...lines, ...outputs].join('\n') + '\n'
}

/** One node without its type: `contract %3 %7 over width`. */
export function showNode(node: Node): string {
  return [node.op, ...node.inputs.map((id) => `%${id}`), ...attributes(node)].join(' ')
}

function attributes(node: Node): string[] {
  if (node.op === 'constant') return [String(node.attrs.value)]
  if (node.op === 'table') return [`of ${node.attrs.data.length}`]
  if (node.op === 'input') return [node.attrs.role, node.attrs.name]
  if (node.op === 'call') return [node.attrs.name, ...pairs(node.attrs.args)]
  return pairs(node.attrs ?? {})
}

const pairs = (attrs: object): string[] => Object.entries(attrs).map(([name, value]) => `${name} ${show(value)}`)

function show(value: unknown): string {
  if (Array.isArray(value)) return value.every(isDim) ? showDims(value) : value.map(show).join(',')
  return isDim(value) ? showDims([value]) : typeof value === 'string' ? value : JSON.stringify(value)
}

function isDim(value: unknown): value is Dim {
  return typeof value === 'object' && value !== null && 'name' in value && 'size' in value
}
