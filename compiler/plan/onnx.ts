// Programs as tensor graphs → one ONNX model each, and what the backend must know to feed it: names, states, live dims.
// Inputs and outputs have the dims of the graph in the graph's order; truth values cross the border as i32.
import { bug } from '../bug.ts'
import type { DeviceFacts } from '../facts.ts'
import { names } from '../graph/dims.ts'
import { elements, type Dim, type Dtype, type Graph, type Node, type Type } from '../graph/graph.ts'
import { lower } from './onnx-lower.ts'
import { footprint } from './onnx-memory.ts'
import { encodeModel, type OnnxNode, type OnnxPort } from './onnx-model.ts'
import { writableInPlace } from './onnx-states.ts'
import { OnnxWriter, type OnnxValue } from './onnx-writer.ts'
import type { OnnxPlan, OnnxProgram, TensorSpec } from './plan.ts'

export { claimsOnnx } from './onnx-claims.ts'

// Prefixes keep inputs and outputs of one name apart.
const inputName = (name: string): string => `in:${name}`
const stateName = (name: string): string => `state:${name}`
const updateName = (name: string): string => `next:${name}`
const resultName = (name: string): string => `out:${name}`
const extentName = (dim: string): string => `extent:${dim}`

type InputNode = Extract<Node, { readonly op: 'input' }>

/** Plans programs for ONNX Runtime on the CPU. Composites that `claimsOnnx` refuses must have been opened. */
export function planOnnx(programs: readonly { readonly name: string; readonly graph: Graph }[], facts: DeviceFacts): OnnxPlan {
  const states = statesOf(programs.map((p) => p.graph))
  const footprints = programs.map((p) => footprint(p.graph))
  const none = { bytes: 0, largest: { name: '', bytes: 0 } }
  return {
    target: 'cpu',
    threads: facts.threads ?? 1,
    states: [...states].map(([name, type]) => ({ name, type })),
    programs: programs.map(({ name, graph }) => planProgram(name, graph, states)),
    memory: {
      states: [...states.values()].reduce((n, type) => n + 4 * elements(type), 0),
      activations: Math.max(0, ...footprints.map((f) => f.bytes)),
      largest: footprints.reduce((most, f) => (f.largest.bytes > most.largest.bytes ? f : most), none).largest,
    },
  }
}

/** States by name, in order of appearance: as read, or as written by a program that does not read them. */
function statesOf(graphs: readonly Graph[]): ReadonlyMap<string, Type> {
  const states = new Map<string, Type>()
  for (const graph of graphs)
    for (const { attrs, type } of inputsOf(graph, 'state')) if (!states.has(attrs.name)) states.set(attrs.name, type)
  for (const { nodes, outputs } of graphs)
    for (const { kind, name, node } of outputs) if (kind === 'update' && !states.has(name)) states.set(name, nodes[node]!.type)
  return states
}

function inputsOf(graph: Graph, role: 'data' | 'state'): readonly InputNode[] {
  return graph.nodes.filter((n) => n.op === 'input').filter((n) => n.attrs.role === role)
}

const specOf = ({ attrs, type }: InputNode): TensorSpec => ({ name: attrs.name, type })

function planProgram(name: string, graph: Graph, states: ReadonlyMap<string, Type>): OnnxProgram {
  const writer = new OnnxWriter(extentName)
  const values = lower(writer, graph, ({ attrs, type }) => {
    const port = attrs.role === 'state' ? stateName(attrs.name) : inputName(attrs.name)
    return type.dtype === 'bool' ? writer.one('Cast', [port], { to: 9 }) : port
  })
  const outputs = graph.outputs.map(({ kind, name, node }) => {
    const type = kind === 'update' ? states.get(name)! : graph.nodes[node]!.type
    const port = kind === 'update' ? updateName(name) : resultName(name)
    return { kind, name, type, port, value: outgoing(writer, values[node] ?? bug(`output ${name} was taken in by a fusion`), type) }
  })
  const closed = writer.close(outputs.map((o) => o.value))
  const nodes = named(closed.nodes, outputs)
  const data = inputsOf(graph, 'data')
  const read = new Set(inputsOf(graph, 'state').map((n) => n.attrs.name))
  const [results, updates] = [outputs.filter((o) => o.kind === 'result'), outputs.filter((o) => o.kind === 'update')]
  const used = [...new Set([...read, ...updates.map((o) => o.name)])]
  const live = liveDims(graph)
  const inputs = [
    ...data.map((n) => portOf(inputName(n.attrs.name), n.type)),
    ...used.map((state) => portOf(stateName(state), states.get(state)!)),
    ...live.map((d): OnnxPort => ({ name: extentName(d.name), type: 'i64', shape: [1] })),
  ]
  const ports = [...results, ...updates].map((o) => portOf(o.port, o.type))
  return {
    name,
    inputs: data.map(specOf),
    results: results.map((o) => ({ name: o.name, type: o.type })),
    states: used,
    live,
    model: encodeModel({ name, inputs, outputs: ports, constants: closed.constants, nodes }),
    updates: updates.map((o) => ({
      output: o.port,
      state: o.name,
      inPlace: read.has(o.name) && writableInPlace(nodes, stateName(o.name), o.port),
    })),
  }
}

/** The value whole, in the order of its spec, as it crosses the border. */
function outgoing(writer: OnnxWriter, value: OnnxValue, { dtype, dims }: Type): string {
  const whole = writer.transpose(writer.expand(value, dims), names(dims)).name
  return dtype === 'bool' ? writer.one('Cast', [whole], { to: 6 }) : whole
}

function portOf(name: string, { dtype, dims }: Type): OnnxPort {
  return { name, type: borderType(dtype), shape: dims.map((d) => (d.live ? unprimed(d.name) : d.size)) }
}

function borderType(dtype: Dtype): 'f32' | 'i32' | 'u32' {
  return dtype === 'bool' ? 'i32' : dtype === 'f16' ? bug('f16 cannot cross the border') : dtype
}

/** Gives outputs their names. A value that is no node's own, or two outputs', goes through an Identity. */
function named(nodes: readonly OnnxNode[], outputs: readonly { readonly value: string; readonly port: string }[]): readonly OnnxNode[] {
  const made = new Set(nodes.flatMap((n) => n.outputs))
  const names = new Map<string, string>()
  const copies: OnnxNode[] = []
  for (const { value, port } of outputs) {
    if (made.has(value) && !names.has(value)) names.set(value, port)
    else copies.push({ op: 'Identity', domain: '', inputs: [names.get(value) ?? value], outputs: [port], attrs: {} })
  }
  const renamed = (name: string): string => names.get(name) ?? name
  return [...nodes.map((n) => ({ ...n, inputs: n.inputs.map(renamed), outputs: n.outputs.map(renamed) })), ...copies]
}

/** Live dims of the program, unprimed; those that a merge makes follow from them. */
function liveDims(graph: Graph): readonly Dim[] {
  const made = new Set(graph.nodes.flatMap((n) => (n.op === 'merge' ? [n.attrs.into] : [])))
  const live = new Map<string, Dim>()
  for (const node of graph.nodes)
    for (const d of node.type.dims) {
      const name = unprimed(d.name)
      if (d.live && !made.has(name) && !live.has(name)) live.set(name, { ...d, name })
    }
  return [...live.values()]
}

function unprimed(name: string): string {
  return name.replace(/'+$/, '')
}
