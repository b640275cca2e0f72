// Recognises rotary positions in the body of a composite, whatever its name: a linear map that turns the two halves of one dim
// against each other by an angle that depends on the position along another. ONNX Runtime has that as one node, which wants the
// cosines and sines as tables; they are read off the body itself, so its base, direction and rounding are kept.
import { evaluate } from '../graph/evaluate.ts'
import type { Dim, Graph, Node } from '../graph/graph.ts'
import { print } from '../graph/print.ts'
import { elementwise } from './onnx-layout.ts'

export interface Rotary {
  /** The dim along which the angle grows. */
  readonly time: Dim
  /** The dim whose halves turn. */
  readonly head: Dim
  /** The body on these two dims alone. */
  readonly plain: Graph
}

/** f32 [time, head / 2] each. */
export interface RotaryTables {
  readonly cos: Float32Array
  readonly sin: Float32Array
}

export function rotaryOf(body: Graph): Rotary | undefined {
  const turns = body.nodes.flatMap((n) => (n.op === 'rotate' ? [n] : []))
  const head = turns[0]?.type.dims.find((d) => d.name === turns[0]!.attrs.dim)
  if (head === undefined || turns.some(({ attrs }) => attrs.dim !== head.name || Math.abs(attrs.by) * 2 !== head.size)) return undefined
  const linear = linearNodes(body)
  if (linear === undefined) return undefined
  const others = body.nodes.filter((_, id) => !linear.has(id)).flatMap((n) => n.type.dims.filter((d) => d.name !== head.name))
  const [time] = others
  if (time === undefined || time.live || others.some((d) => d.name !== time.name)) return undefined
  const plain = onDims(body, [time.name, head.name])
  // A few positions show whether it is a rotation; tables cannot be cut.
  const few = { ...time, size: Math.min(time.size, 3) }
  const sample = body.nodes.some((n) => n.op === 'table') ? { time, head, plain } : { time: few, head, plain: resized(plain, few) }
  return turnsHalves(sample) ? { time, head, plain } : undefined
}

/** Equal for rotations of equal tables; undefined where that cannot be told. */
export function rotaryKey({ plain }: Rotary): string | undefined {
  return plain.nodes.some((n) => n.op === 'table') ? undefined : print(plain)
}

export function rotaryTables(rotary: Rotary): RotaryTables {
  const [cos, sin] = halves(rotary, respond(rotary, 1, 0))
  return { cos: Float32Array.from(cos), sin: Float32Array.from(sin) }
}

/** Whether (1, 0) goes to (cos, sin) and (0, 1) to (-sin, cos); with linearity that is all there is to a rotation. */
function turnsHalves(rotary: Rotary): boolean {
  const [cos, sin] = halves(rotary, respond(rotary, 1, 0))
  const [minus, again] = halves(rotary, respond(rotary, 0, 1))
  return cos.every((c, i) => c === again[i]) && sin.every((s, i) => s === -minus[i]!)
}

/** What the body makes of one number in the first half and another in the second; [time, head]. */
function respond({ time, head, plain }: Rotary, first: number, second: number): Float64Array {
  const given = plain.nodes.find((n) => n.op === 'input')!
  const at = given.type.dims.findIndex((d) => d.name === head.name)
  const step = at === 0 ? time.size : 1
  const data = Float64Array.from({ length: time.size * head.size }, (_, i) =>
    Math.floor(i / step) % head.size < head.size / 2 ? first : second,
  )
  const dims = given.type.dims.map((d) => (d.name === head.name ? head : time))
  const [y] = Object.values(evaluate(plain, { [given.attrs.name]: { dims, data } }))
  if (y!.dims[1]!.name === head.name) return y!.data
  return Float64Array.from(y!.data, (_, i) => y!.data[(i % head.size) * time.size + Math.floor(i / head.size)]!)
}

function halves({ head }: Rotary, y: Float64Array): readonly [readonly number[], readonly number[]] {
  const first = (_: number, i: number): boolean => i % head.size < head.size / 2
  const all = Array.from(y)
  return [all.filter(first), all.filter((x, i) => !first(x, i))]
}

/** The nodes that depend on the only input, if each does so linearly and the result is one of them. */
function linearNodes(body: Graph): ReadonlySet<number> | undefined {
  if (body.nodes.filter((n) => n.op === 'input').length !== 1) return undefined
  const linear = new Set<number>()
  for (const [id, node] of body.nodes.entries()) {
    const dependent = node.inputs.map((input) => linear.has(input))
    if (node.op === 'input') linear.add(id)
    else if (dependent.includes(true)) {
      if (!isLinear(node, dependent)) return undefined
      linear.add(id)
    } else if (!elementwise(node) && !['constant', 'position', 'table', 'broadcast'].includes(node.op)) return undefined
  }
  return linear.has(body.outputs[0]!.node) ? linear : undefined
}

function isLinear({ op }: Node, dependent: readonly boolean[]): boolean {
  if (op === 'rotate' || op === 'neg' || op === 'broadcast') return true
  if (op === 'add' || op === 'sub') return dependent.every((d) => d)
  if (op === 'mul') return dependent.some((d) => !d)
  return op === 'div' && !dependent[1]
}

/** The graph without its other dims, along which it does the same everywhere. */
function onDims(graph: Graph, names: readonly string[]): Graph {
  return withDims(graph, (dims) => dims.filter((d) => names.includes(d.name)))
}

function resized(graph: Graph, dim: Dim): Graph {
  return withDims(graph, (dims) => dims.map((d) => (d.name === dim.name ? dim : d)))
}

function withDims(graph: Graph, change: (dims: readonly Dim[]) => readonly Dim[]): Graph {
  const nodes = graph.nodes.map((node): Node => {
    const type = { ...node.type, dims: change(node.type.dims) }
    return node.op === 'broadcast' ? { ...node, type, attrs: { dims: type.dims } } : { ...node, type }
  })
  return { ...graph, nodes }
}
