// Runs graphs on the CPU backend and in the reference interpreter, on the same random inputs. Shared by the onnx tests.
import assert from 'node:assert/strict'
import type { Dtype, Graph, Type } from '../compiler/graph/graph.ts'
import { evaluate } from '../compiler/graph/evaluate.ts'
import type { Tensor } from '../compiler/graph/ops/op.ts'
import type { Data, Executable, Tensors } from '../runtime/backend.ts'
import { floatsOf, halvesOf } from '../runtime/half.ts'

export type Extents = Readonly<Record<string, number>>
export type Range = readonly [number, number]

/** The same numbers for the same seed, evenly in a range; integers and halves are rounded. */
export function randomTensor(type: Type, seed: number, extents: Extents, [low, high]: Range = [-2, 2]): Tensor {
  let state = (seed * 2654435761 + 12345) >>> 0
  const dims = type.dims.map((d) => (d.live ? { name: d.name, size: extents[d.name] ?? d.size } : d))
  const data = new Float64Array(dims.reduce((n, d) => n * d.size, 1))
  for (const i of data.keys()) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    const x = low + ((high - low) * (state >>> 8)) / 2 ** 24
    data[i] = type.dtype === 'f32' ? Math.fround(x) : type.dtype === 'f16' ? halved(x) : Math.round(x)
  }
  return { dims, data }
}

/** Random tensors for all inputs of a graph, by name. */
export function randomInputs(
  { nodes }: Graph,
  extents: Extents = {},
  rangeOf: (type: Type) => Range | undefined = () => undefined,
): Record<string, Tensor> {
  const inputs = nodes.flatMap((node) => (node.op === 'input' ? [node] : []))
  return Object.fromEntries(inputs.map(({ attrs, type }, i) => [attrs.name, randomTensor(type, i + 1, extents, rangeOf(type))]))
}

/** The nearest half. */
export function halved(x: number): number {
  return floatsOf(halvesOf(Float32Array.of(x)))[0]!
}

export function border(tensor: Tensor, dtype: Dtype): Data {
  return dtype === 'f32' || dtype === 'f16'
    ? Float32Array.from(tensor.data)
    : dtype === 'u32'
      ? Uint32Array.from(tensor.data)
      : Int32Array.from(tensor.data)
}

/** Runs a program of `executable`: all outputs of its graph, results as returned, updates as the states then are. */
export async function outputsOf(
  executable: Executable,
  name: string,
  graph: Graph,
  inputs: Readonly<Record<string, Tensor>>,
  extents: Extents = {},
): Promise<Tensors> {
  const data: Record<string, Data> = {}
  for (const node of graph.nodes) {
    if (node.op !== 'input') continue
    const value = border(inputs[node.attrs.name]!, node.type.dtype)
    if (node.attrs.role === 'state') await executable.write(node.attrs.name, value)
    else data[node.attrs.name] = value
  }
  const results: Tensors = await executable.run(name, data, extents)
  const found: Record<string, Data> = {}
  for (const { kind, name: output } of graph.outputs) {
    found[output] = kind === 'result' ? results[output]! : await executable.read(output)
  }
  return found
}

/** Compares them with what the interpreter says, and returns them. */
export async function judge(
  executable: Executable,
  name: string,
  graph: Graph,
  inputs: Readonly<Record<string, Tensor>>,
  extents: Extents = {},
  tolerance = 2e-5,
): Promise<Tensors> {
  const expected = evaluate(graph, inputs, extents)
  const found = await outputsOf(executable, name, graph, inputs, extents)
  for (const [output, got] of Object.entries(found)) closeTo(got, expected[output]!.data, tolerance, `${name}: ${output}`)
  return found
}

export function closeTo(got: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  assert.equal(got.length, expected.length, `${what}: length`)
  for (let i = 0; i < expected.length; i++) {
    const [x, y] = [got[i]!, expected[i]!]
    const near = Math.abs(x - y) <= tolerance * (1 + Math.abs(y))
    if (!near && x !== y && !(Number.isNaN(x) && Number.isNaN(y))) assert.fail(`${what}[${i}] is ${x}, not ${y}`)
  }
}
