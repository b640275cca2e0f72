// Programs whose products share a dispatch, and the same products each in a program of its own: both must give the same bits.
import assert from 'node:assert/strict'
import { Builder, type Value } from '../../compiler/graph/builder.ts'
import { shape } from '../../compiler/graph/dims.ts'
import type { Dim, Graph, Type } from '../../compiler/graph/graph.ts'
import type { DeviceFacts } from '../../compiler/facts.ts'
import { planWebgpu } from '../../compiler/plan/webgpu.ts'
import type { Data, Tensors } from '../../runtime/backend.ts'
import type { WebgpuBackend } from '../../runtime/webgpu/backend.ts'
import { border, judge, randomTensor, type Extents } from '../onnx-judge.ts'

export interface JoinedCase {
  readonly name: string
  readonly graph: Graph
  /** Programs of one product each. What they want beyond the inputs of `graph` are results of it. */
  readonly alone: readonly Graph[]
  /** Dispatches in all. */
  readonly steps: number
  readonly extents: readonly Extents[]
}

type Build = (b: Builder) => void

function made(build: Build): Graph {
  const b = new Builder()
  build(b)
  return b.finish()
}

/** Of operands in a precision; what is left for later products is so, too. */
export function joinedCases(dtype: 'f32' | 'f16'): readonly JoinedCase[] {
  const joined = (name: string, all: Build, alone: readonly Build[], more: Partial<JoinedCase> = {}): JoinedCase => {
    return { name, graph: made(all), alone: alone.map(made), steps: 1, extents: [{}], ...more }
  }
  const given = (b: Builder, name: string, dims: readonly Dim[]) => b.input(name, 'data', { dtype, dims })
  const of = (sizes: Readonly<Record<string, number>>): readonly Dim[] => shape(dtype, sizes).dims
  const left = (b: Builder, x: Value): Value => (dtype === 'f16' ? b.cast(x, dtype) : x)
  const wide = (b: Builder, x: Value): Value => (dtype === 'f16' ? b.cast(x, 'f32') : x)

  const rows: Dim = { name: 'row', size: 50, live: true }
  /** x times a weight for each name, whose results are so wide. */
  const project =
    (x: readonly Dim[], results: Readonly<Record<string, number>>): Build =>
    (b) => {
      for (const [name, size] of Object.entries(results))
        b.result(name, b.sumProduct(given(b, 'x', x), given(b, `w${name}`, of({ width: 40, head: size })), ['width']))
    }
  const projections = (name: string, x: readonly Dim[], results: Readonly<Record<string, number>>, more: Partial<JoinedCase> = {}) => {
    const alone = Object.entries(results).map(([result, size]) => project(x, { [result]: size }))
    return joined(name, project(x, results), alone, more)
  }

  const token = of({ time: 37, width: 40 })
  const hidden = of({ time: 37, hidden: 72 })
  const product = (b: Builder, name: string, x: Value, n = 72): Value =>
    b.sumProduct(x, given(b, `w${name}`, of({ width: 40, hidden: n })), ['width'])
  const gate = (b: Builder): Value => left(b, product(b, 'gate', given(b, 'x', token)))
  const gated = (b: Builder, of: Value): Value => {
    const [x, up] = [wide(b, of), product(b, 'up', given(b, 'x', token))]
    return left(b, b.binary('mul', b.binary('div', x, b.binary('add', 1, b.unary('exp', b.unary('neg', x)))), up))
  }

  const back = (b: Builder, name: string, size: number): Value =>
    b.sumProduct(given(b, `d${name}`, of({ time: 37, head: size })), given(b, `w${name}`, of({ width: 40, head: size })), ['head'])
  const sums = shape('f32', { time: 37, width: 40 })
  const gradient = (b: Builder, dv: Value, dk: Value): Value =>
    b.binary('mul', b.binary('add', back(b, 'q', 24), b.binary('add', dk, dv)), 2)

  const weight = (b: Builder, name: string): Value =>
    b.sumProduct(given(b, 'x', of({ token: 4100, width: 16 })), given(b, `d${name}`, of({ token: 4100, head: 24 })), ['token'])

  return [
    projections('queries, keys and values', token, { q: 48, k: 48, v: 48 }),
    projections('results of different widths, one of which fills no vector', token, { q: 72, k: 8, v: 45 }),
    projections('a live number of rows', [rows, { name: 'width', size: 40 }], { q: 24, k: 24 }, {
      extents: [{ row: 1 }, { row: 33 }, { row: 50 }, { row: 0 }],
    }), // prettier-ignore
    projections('two live dims of rows', [rows, { name: 'slot', size: 5, live: true }, { name: 'width', size: 40 }], { q: 24, k: 80 }, {
      extents: [{ row: 3, slot: 5 }, { row: 50, slot: 1 }, { row: 7, slot: 0 }],
    }), // prettier-ignore
    joined(
      'a gated unit: the second product takes up what the first leaves',
      (b) => {
        const g = gate(b)
        b.result('g', g)
        b.result('h', gated(b, g))
      },
      [(b) => b.result('g', gate(b)), (b) => b.result('h', gated(b, given(b, 'g', hidden)))],
    ),
    joined(
      'a gradient: products of other operands, added up',
      (b) => {
        const [dv, dk] = [back(b, 'v', 16), back(b, 'k', 16)]
        b.result('v', dv)
        b.result('k', dk)
        b.result('x', gradient(b, dv, dk))
      },
      [
        (b) => b.result('v', back(b, 'v', 16)),
        (b) => b.result('k', back(b, 'k', 16)),
        (b) => b.result('x', gradient(b, b.input('v', 'data', sums), b.input('k', 'data', sums))),
      ],
    ),
    joined(
      'gradients of weights, in parts, which are put together afterwards',
      (b) => ['q', 'k', 'v'].forEach((name) => b.result(name, weight(b, name))),
      ['q', 'k', 'v'].map((name) => (b: Builder) => b.result(name, weight(b, name))),
      { steps: 4 },
    ),
    joined(
      'what follows from one of them comes later',
      (b) => {
        const q = product(b, 'q', given(b, 'x', token))
        b.result('q', q)
        b.result('largest', b.reduce('reduce_max', q, ['hidden']))
        b.result('k', product(b, 'k', given(b, 'x', token)))
      },
      [(b) => b.result('q', product(b, 'q', given(b, 'x', token))), (b) => b.result('k', product(b, 'k', given(b, 'x', token)))],
      { steps: 2 },
    ),
    joined(
      'one that waits for what follows from another stays alone',
      (b) => {
        const x = given(b, 'x', token)
        // As large as a weight: what it is multiplied into is rounded to the operands' precision.
        const largest = b.binary('div', b.reduce('reduce_max', product(b, 'q', x), ['time']), 32)
        b.result('k', b.sumProduct(x, left(b, b.binary('mul', wide(b, given(b, 'wk', of({ width: 40, hidden: 72 }))), largest)), ['width']))
      },
      [],
      { steps: 4 },
    ),
    joined(
      'a sum that is read at another row stays alone',
      (b) => {
        const q = product(b, 'q', given(b, 'x', token))
        b.result('k', b.binary('add', product(b, 'k', given(b, 'y', token)), b.add('rotate', [q], { dim: 'time', by: 1 })))
      },
      [],
      { steps: 2 },
    ),
  ]
}

/** Runs a case against the reference interpreter, and each product alone against what it gave there, to the bit. */
export async function runJoined(
  backend: WebgpuBackend,
  { name, graph, alone, extents }: JoinedCase,
  facts: DeviceFacts,
  tolerance: number,
) {
  await using together = await backend.load(planWebgpu([{ name, graph }], facts))
  const programs = alone.map((one, i) => ({ name: String(i), graph: one }))
  await using apart = await backend.load(planWebgpu(programs, facts))
  for (const sizes of extents) {
    const inputs = Object.fromEntries(inputsOf(graph).map(({ name: of, type }, i) => [of, randomTensor(type, i + 1, sizes)]))
    await judge(together, name, graph, inputs, sizes, tolerance)
    const data = Object.fromEntries(inputsOf(graph).map(({ name: of, type }): [string, Data] => [of, border(inputs[of]!, type.dtype)]))
    const results: Tensors = await together.run(name, data, sizes)
    for (const { name: program, graph: one } of programs) {
      const own = inputsOf(one).map(({ name: of }): [string, Data] => [of, data[of] ?? results[of]!])
      const expected = await apart.run(program, Object.fromEntries(own), sizes)
      for (const [of, value] of Object.entries(expected)) assert.deepEqual(results[of], value, `${name}: ${of} alone`)
    }
  }
}

function inputsOf({ nodes }: Graph): readonly { readonly name: string; readonly type: Type }[] {
  return nodes.flatMap((node) => (node.op === 'input' ? [{ name: node.attrs.name, type: node.type }] : []))
}
