// Which states may be written in place: the memory of the new value is that of the old one, and ONNX Runtime writes an output the
// moment its node runs. So every other node that reads the old value, directly or through a view, must come before that node
// whatever the order of execution, which is to say: the node depends on it. Only elementwise nodes may read what they overwrite.
import type { OnnxNode } from './onnx-model.ts'

const VIEWS = new Set(['Reshape', 'Identity', 'Squeeze', 'Unsqueeze', 'Flatten'])
const ELEMENTWISE = new Set(['Add', 'Sub', 'Mul', 'Div', 'Neg', 'Sqrt', 'Exp', 'Where', 'Min', 'Max'])

/** Whether the output `next` of these nodes may share the memory of the input `state`; both have one shape. */
export function writableInPlace(nodes: readonly OnnxNode[], state: string, next: string): boolean {
  const writer = nodes.find((n) => n.outputs.includes(next))
  if (writer === undefined) return false
  const before = ancestors(nodes, writer)
  const same = new Set([state])
  for (const node of nodes) {
    if (!node.inputs.some((name) => same.has(name))) continue
    if (node === writer) {
      const alone = node.inputs.every((name) => !same.has(name) || name === state)
      if (!ELEMENTWISE.has(node.op) || !alone) return false
    } else {
      if (!before.has(node)) return false
      if (VIEWS.has(node.op)) same.add(node.outputs[0]!)
    }
  }
  return true
}

/** The nodes whose results a node uses, however far back. */
function ancestors(nodes: readonly OnnxNode[], last: OnnxNode): ReadonlySet<OnnxNode> {
  const needed = new Set(last.inputs)
  const found = new Set<OnnxNode>()
  for (const node of nodes.slice(0, nodes.indexOf(last)).toReversed()) {
    if (!node.outputs.some((name) => needed.has(name))) continue
    found.add(node)
    node.inputs.forEach((name) => needed.add(name))
  }
  return found
}
