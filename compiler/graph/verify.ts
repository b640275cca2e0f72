// What holds of every graph between passes; run on every graph in tests. Finds our mistakes, never the user's.
import { bug } from '../bug.ts'
import { sameDims, sameType, showType } from './dims.ts'
import type { Graph, Node, Type } from './graph.ts'
import { opOf } from './ops/table.ts'
import { showNode } from './print.ts'

/** Inputs come before their users, types are what the rules say, outputs exist, updates name states of their own type. */
export function verify(graph: Graph): void {
  const states = new Map<string, Type>()
  graph.nodes.forEach((node, id) => {
    for (const input of node.inputs)
      if (!(input >= 0 && input < id)) bug(`%${id} = ${showNode(node)} reads %${input}, which is not before it`)
    if (node.op === 'input' && node.attrs.role === 'state') states.set(node.attrs.name, node.type)
    checkType(
      node,
      node.inputs.map((i) => graph.nodes[i]!.type),
    )
    if (node.op === 'call') verifyCall(node, graph)
  })
  for (const { kind, name, node } of graph.outputs) {
    const type = graph.nodes[node]?.type ?? bug(`output ${name} is %${node}, which does not exist`)
    if (kind === 'result') continue
    const state = states.get(name) ?? bug(`update of ${name}, which is no state`)
    if (!sameType(state, type)) bug(`update of ${name}, which is ${showType(state)}, with ${showType(type)}`)
  }
}

function verifyCall(node: Extract<Node, { op: 'call' }>, graph: Graph): void {
  verify(node.attrs.body)
  const formals = node.attrs.body.nodes.filter((n) => n.op === 'input').map((n) => showType(n.type))
  const given = node.inputs.map((i) => showType(graph.nodes[i]!.type))
  if (formals.join() !== given.join()) bug(`${node.attrs.name} takes ${formals.join(', ')} and gets ${given.join(', ')}`)
}

function checkType(node: Node, inputs: readonly Type[]): void {
  const { op, type } = node
  if (op === 'constant' || op === 'input') return
  if (op === 'table') {
    if (node.attrs.data.length !== type.dims.reduce((n, d) => n * d.size, 1))
      bug(`a table of ${node.attrs.data.length} for ${showType(type)}`)
  } else if (op === 'position') {
    if (type.dtype !== 'i32' || type.dims.length !== 1) bug(`a position of type ${showType(type)}`)
  } else {
    const expected = opOf(op).type(inputs, node.attrs)
    const right = op === 'cast' ? sameDims(expected.dims, type.dims) : sameType(expected, type)
    if (!right) bug(`${showNode(node)} is ${showType(type)} where its rule says ${showType(expected)}`)
  }
}
