// What ops cost on a GPU, roughly and relative to one addition, and which kind of work they are.
import { isView, type Node, type OpName } from '../graph/graph.ts'

export function isReduction({ op }: { readonly op: string }): boolean {
  return op === 'reduce_sum' || op === 'reduce_max' || op === 'reduce_min' || op === 'argmax'
}

/** What a kernel's inner loop adds up. */
export function isAccumulated(scalar: { readonly op: string }): boolean {
  return isReduction(scalar) || scalar.op === 'contract'
}

/** Ops that need a kernel of their own, or at least a loop. */
export function isHeavy(node: Node): boolean {
  return isAccumulated(node) || node.op === 'scatter' || node.op.startsWith('attention')
}

const costly: Partial<Record<OpName, number>> = {
  exp: 6,
  log: 6,
  sin: 6,
  cos: 6,
  tanh: 8,
  pow: 10,
  sqrt: 3,
  div: 3,
  mod: 4,
  uniform: 120,
  native: 16,
  gather: 2,
}
const free: readonly OpName[] = ['constant', 'position', 'table', 'input', 'cast']

/** Operations per element; views and leaves cost nothing. */
export function flopsOf(node: Node): number {
  return isView(node) || free.includes(node.op) ? 0 : (costly[node.op] ?? 1)
}
