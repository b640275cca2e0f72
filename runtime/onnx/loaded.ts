// A plan in ONNX Runtime, inside the worker: one session a program, and the states as tensors that sessions read and write in place.
import type * as Ort from 'onnxruntime-node'
import type { Dtype, Type } from '../../compiler/graph/graph.ts'
import type { OnnxPlan, OnnxProgram } from '../../compiler/plan/plan.ts'
import type { Data, Tensors } from '../backend.ts'
import type { OnnxRuntime } from './locate.ts'

type Extents = Readonly<Record<string, number>>

interface LoadedProgram {
  readonly spec: OnnxProgram
  readonly session: Ort.InferenceSession
}

export class LoadedPlan {
  readonly #ort: OnnxRuntime
  readonly #states: Map<string, Ort.Tensor>
  readonly #programs: ReadonlyMap<string, LoadedProgram>

  private constructor(ort: OnnxRuntime, states: Map<string, Ort.Tensor>, programs: ReadonlyMap<string, LoadedProgram>) {
    this.#ort = ort
    this.#states = states
    this.#programs = programs
  }

  /** States are zero. */
  static async load(ort: OnnxRuntime, plan: OnnxPlan, threads: number): Promise<LoadedPlan> {
    const states = new Map(plan.states.map(({ name, type }) => [name, tensor(ort, type, undefined, {})]))
    const programs = new Map<string, LoadedProgram>()
    for (const spec of plan.programs) {
      const session = await ort.InferenceSession.create(spec.model, {
        executionProviders: ['cpu'],
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        executionMode: 'sequential',
        // The planner proves on the very nodes it wrote that states may be overwritten, so they must stay as they are.
        graphOptimizationLevel: 'disabled',
        enableCpuMemArena: true,
        enableMemPattern: false,
        logSeverityLevel: 3,
      })
      programs.set(spec.name, { spec, session })
    }
    return new LoadedPlan(ort, states, programs)
  }

  write(name: string, data: Data): void {
    const into = this.#state(name).data as Data
    if (into.length !== data.length) throw new Error(`state ${name} has ${into.length} elements, not ${data.length}`)
    into.set(data)
  }

  read(name: string): Data {
    return (this.#state(name).data as Data).slice()
  }

  async run(name: string, inputs: Tensors, extents: Extents): Promise<Tensors> {
    const { spec, session } = this.#programs.get(name) ?? missing('program', name)
    const given = [
      ...spec.inputs.map(({ name, type }) => tensor(this.#ort, type, inputs[name] ?? missing('input', name), extents)),
      ...spec.states.map((state) => this.#state(state)),
      ...spec.live.map((d) => new this.#ort.Tensor('int64', [BigInt(extents[d.name] ?? missing('extent of', d.name))], [1])),
    ]
    const feeds = Object.fromEntries(given.map((value, i) => [session.inputNames[i]!, value]))
    const results = session.outputNames.slice(0, spec.results.length)
    const fetches: Record<string, Ort.Tensor | null> = Object.fromEntries(results.map((port) => [port, null]))
    for (const { output, state, inPlace } of spec.updates) fetches[output] = inPlace ? this.#state(state) : null
    const made = await session.run(feeds, fetches)
    for (const { output, state, inPlace } of spec.updates) if (!inPlace) this.#states.set(state, made[output]!)
    return Object.fromEntries(spec.results.map(({ name }, i) => [name, made[results[i]!]!.data as Data]))
  }

  async release(): Promise<void> {
    for (const { session } of this.#programs.values()) await session.release()
    this.#states.clear()
  }

  #state(name: string): Ort.Tensor {
    return this.#states.get(name) ?? missing('state', name)
  }
}

const ortTypes = { f32: 'float32', i32: 'int32', u32: 'uint32', bool: 'int32' } as const

/** A tensor over `data`, or over zeros. Live dims have the extents of this run. */
function tensor(ort: OnnxRuntime, { dtype, dims }: Type, data: Data | undefined, extents: Extents): Ort.Tensor {
  const shape = dims.map((d) => (d.live ? (extents[d.name.replace(/'+$/, '')] ?? missing('extent of', d.name)) : d.size))
  const length = shape.reduce((n, extent) => n * extent, 1)
  const content = data ?? zeros(dtype, length)
  if (content.length !== length) throw new Error(`a tensor of [${shape.join(', ')}] got ${content.length} elements`)
  if (dtype === 'f16') throw new Error('f16 does not cross the border')
  return new ort.Tensor(ortTypes[dtype], content, shape)
}

function zeros(dtype: Dtype, length: number): Data {
  return dtype === 'f32' ? new Float32Array(length) : dtype === 'u32' ? new Uint32Array(length) : new Int32Array(length)
}

function missing(what: string, name: string): never {
  throw new Error(`there is no ${what} ${name}`)
}
