// Reverse-mode differentiation, inside a builder: appends what the gradient of a loss needs.
// Needs: float values; composites that shall keep a gradient of their own still closed.
// Guarantees: gradients of the dims of what they belong to. Later passes may assume nothing: closed composites may
// have been differentiated through their bodies, which then stand beside them until expand opens those too.
import { bug } from '../bug.ts'
import { Builder, type Value } from '../graph/builder.ts'
import { names, sameDims, without } from '../graph/dims.ts'
import type { Graph, NodeId, Type } from '../graph/graph.ts'
import { opOf } from '../graph/ops/table.ts'
import { normalised } from './softmax.ts'

/** The gradient of `loss` (or, if it has dims, of its sum) by each of `wrt`: zeros where it does not depend on one. */
export function differentiate(b: Builder, loss: Value, wrt: readonly Value[]): Value[] {
  const one = b.broadcast(b.constant(1, loss.type.dtype), loss.type.dims)
  const gradients = backward(b, loss, one, wrt, new Map())
  return wrt.map((x, i) => b.broadcast(gradients[i] ?? b.constant(0, x.type.dtype), x.type.dims))
}

/** Gradient graphs of bodies of composites: inputs those of the body, then dy. */
type Bodies = Map<Graph, BodyGradient>
interface BodyGradient {
  readonly graph: Graph
  /** Which input each output of the graph belongs to. */
  readonly inputs: readonly number[]
}

function backward(b: Builder, y: Value, dy: Value, wrt: readonly Value[], bodies: Bodies): readonly (Value | undefined)[] {
  const path = between(b, y, wrt)
  const adjoints = new Map<NodeId, Value>([[y.id, dy]])
  const give = (to: Value, part: Value | undefined) => {
    if (!part || !path.has(to.id) || !isFloat(to.type)) return
    const fitted = fit(b, part, to.type)
    const before = adjoints.get(to.id)
    adjoints.set(to.id, before ? add(b, before, fitted, to.type) : fitted)
  }
  for (const id of [...path].sort((p, q) => q - p)) {
    const adjoint = adjoints.get(id)
    if (adjoint) spread(b, b.value(id), adjoint, give, bodies)
  }
  return wrt.map((x) => adjoints.get(x.id))
}

/** A sum whose dims stand as in `type`, if those of one part do. */
function add(b: Builder, x: Value, y: Value, type: Type): Value {
  return sameDims(y.type.dims, type.dims) ? b.binary('add', y, x) : b.binary('add', x, y)
}

type Give = (to: Value, part: Value | undefined) => void

/** Hands a node's gradient on to its inputs. */
function spread(b: Builder, y: Value, dy: Value, give: Give, bodies: Bodies): void {
  const node = b.node(y)
  const inputs = node.inputs.map((id) => b.value(id))
  const stable = normalised((id) => b.node(b.value(id)), y.id)
  if (stable) {
    const x = b.value(stable.x)
    if (stable.kind === 'softmax') {
      const mean = b.reduce('reduce_sum', b.binary('mul', y, dy), stable.over)
      give(x, b.binary('mul', y, b.binary('sub', dy, mean)))
    } else give(x, b.binary('mul', dy, b.unary('exp', b.binary('sub', x, y))))
    return
  }
  if (node.op !== 'call') {
    const parts = opOf(node.op).grad?.(b, node, inputs, y, dy) ?? []
    parts.forEach((part, i) => give(inputs[i]!, part))
    return
  }
  const given = [...inputs, b.broadcast(dy, y.type.dims)]
  const { body, grads } = node.attrs
  if (grads) {
    grads.forEach((graph, i) => give(inputs[i]!, graph && b.open(graph, given)[0]))
    return
  }
  const derived = bodies.get(body) ?? differentiateBody(body, bodies)
  bodies.set(body, derived)
  b.open(derived.graph, given).forEach((part, k) => give(inputs[derived.inputs[k]!]!, part))
}

/** In a builder of its own, where the body's inputs are leaves: no folding can look past them. */
function differentiateBody(body: Graph, bodies: Bodies): BodyGradient {
  const b = new Builder()
  const [y] = b.inline(body, {})
  if (!y) return bug('a composite without a result')
  const formals = body.nodes.flatMap((n) => (n.op === 'input' ? [b.input(n.attrs.name, n.attrs.role, n.type)] : []))
  const gradients = backward(b, y, b.input('gradient of the result', 'data', y.type), formals, bodies)
  const inputs = formals.flatMap((_, i) => (gradients[i] ? [i] : []))
  for (const i of inputs) b.result(`gradient ${i}`, gradients[i]!)
  return { graph: b.finish(), inputs }
}

/** Ids of the nodes through which y depends on one of `wrt`, both ends included. */
function between(b: Builder, y: Value, wrt: readonly Value[]): ReadonlySet<NodeId> {
  const ancestors = new Set([y.id])
  for (const id of ancestors) for (const input of b.node(b.value(id)).inputs) ancestors.add(input)
  const path = new Set(wrt.map((x) => x.id))
  for (const id of [...ancestors].sort((p, q) => p - q)) if (b.node(b.value(id)).inputs.some((i) => path.has(i))) path.add(id)
  return path
}

/** Sums away what an operand was repeated over, and repeats what a gradient is constant in. */
function fit(b: Builder, dx: Value, type: Type): Value {
  const sum = b.reduce('reduce_sum', dx, names(without(dx.type.dims, names(type.dims))))
  return sum.type.dims.length === type.dims.length ? sum : b.broadcast(sum, type.dims)
}

const isFloat = (type: Type) => type.dtype === 'f32' || type.dtype === 'f16'
