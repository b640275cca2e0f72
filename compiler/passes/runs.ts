// An operand of a product is a matrix in memory if the dims that only it has lie side by side, and those that are summed over, too.
// Where what is computed has them mixed, as the sum over keys of a score by heads does, it is put in order: whoever stores it stores it so,
// at no cost but that of writing elsewhere.
import type { Builder, Value } from '../graph/builder.ts'
import { isView } from '../graph/graph.ts'

/** x with its dims in runs: those that `other` has beside `over`, then the rest. What is given to the program stays as it lies. */
export function inRuns(b: Builder, x: Value, other: Value, over: readonly string[]): Value {
  const { dims } = x.type
  const shared = dims.filter((d) => !over.includes(d.name) && other.type.dims.some((e) => e.name === d.name))
  // One order for both operands: that of a weight, which stays as it lies.
  const summed = (isGiven(b, other) ? other : x).type.dims.filter((d) => over.includes(d.name))
  const own = dims.filter((d) => !shared.includes(d) && !over.includes(d.name))
  const wide = dims.filter((d) => d.live || d.size > 1)
  const isRun = (some: typeof dims): boolean => {
    const at = some.map((d) => wide.findIndex((w) => w.name === d.name)).filter((i) => i >= 0)
    return at.every((place, i) => i === 0 || place === at[i - 1]! + 1)
  }
  const last = wide.at(-1)
  if ((isRun(own) && isRun(summed) && !(last && shared.includes(last))) || isGiven(b, x)) return x
  const [first, second] = dims.find((d) => !shared.includes(d)) === own[0] ? [own, summed] : [summed, own]
  return b.broadcast(x, [...shared, ...first, ...second])
}

/** Whether a value is an input or a table, seen through views. */
export function isGiven(b: Builder, x: Value): boolean {
  const node = b.node(x)
  if (node.op === 'input' || node.op === 'table') return true
  return isView(node) && isGiven(b, b.value(node.inputs[0]!))
}
