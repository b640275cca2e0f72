// A plan on the device: buffers and pipelines made once, then runs, each one command buffer of one pass.
// Everything up to the submit happens within the call, before any await; so calls take effect in the order they are made.
import type { Rows, TensorSpec, WebgpuPlan } from '../../compiler/plan/plan.ts'
import type { Data, Executable, Tensors } from '../backend.ts'
import { apart, halvesOf } from '../half.ts'
import { secondsSince } from '../stage.ts'
import { allocate } from './buffers.ts'
import type { OpenDevice } from './device.ts'
import { extentOf, extentWords, prepare, record, type Extents, type Program } from './dispatches.ts'
import { noTimestamps } from './messages.ts'
import { compile } from './pipelines.ts'
import { Readback, type Region } from './readback.ts'
import { seconds, Stopwatch, type DispatchTime } from './timing.ts'

/** Allocates states and activations and compiles every kernel. Fails with DoesNotFit, before the long work of compiling. */
export async function load(open: OpenDevice, plan: WebgpuPlan): Promise<WebgpuExecutable> {
  const buffers = await allocate(open, plan)
  const start = performance.now()
  const pipelines = await compile(open.device, plan.kernels).catch((error: unknown) => {
    for (const buffer of buffers) buffer.destroy()
    throw error
  })
  const compiling = secondsSince(start)
  const programs = plan.programs.map((spec) => prepare(open.device, spec, plan, pipelines, buffers))
  open.faults.check()
  return new WebgpuExecutable(open, plan, buffers, programs, compiling)
}

export class WebgpuExecutable implements Executable {
  readonly memory: number
  /** Seconds that its kernels took to compile. */
  readonly compiling: number
  readonly #open: OpenDevice
  readonly #buffers: readonly GPUBuffer[]
  readonly #states: ReadonlyMap<string, { readonly spec: TensorSpec; readonly buffer: GPUBuffer }>
  readonly #programs: ReadonlyMap<string, Program>
  readonly #readback: Readback

  constructor(open: OpenDevice, plan: WebgpuPlan, buffers: readonly GPUBuffer[], programs: readonly Program[], compiling: number) {
    this.compiling = compiling
    this.#open = open
    this.#buffers = buffers
    this.#states = new Map(plan.states.map((spec, i) => [spec.name, { spec, buffer: buffers[i]! }]))
    this.#programs = new Map(programs.map((program) => [program.spec.name, program]))
    this.#readback = new Readback(open)
    this.memory = buffers.reduce((sum, { size }) => sum + size, 0)
  }

  async write(state: string, data: Data): Promise<void> {
    this.#open.faults.check()
    const { spec, buffer } = this.#state(state)
    this.#put(buffer, data, spec, {}, `state ${state}`)
    this.#open.faults.check()
  }

  async read(state: string): Promise<Data> {
    this.#open.faults.check()
    const { spec, buffer } = this.#state(state)
    const encoder = this.#open.device.createCommandEncoder({ label: `read ${state}` })
    const copied = this.#readback.copy(encoder, [regionOf(spec, buffer, {})])
    this.#open.device.queue.submit([encoder.finish()])
    this.#open.faults.check()
    const [data] = await this.#readback.fetch(copied)
    return data!
  }

  async run(program: string, inputs: Tensors, extents: Extents = {}): Promise<Tensors> {
    this.#open.faults.check()
    const found = this.#program(program)
    const { spec } = found
    this.#writeInputs(found, inputs, extents)
    const encoder = this.#open.device.createCommandEncoder({ label: program })
    record(encoder, found, extents)
    const regions = spec.results.map((result, i) => regionOf(result, this.#buffers[spec.resultBuffers[i]!]!, extents))
    const copied = regions.length > 0 ? this.#readback.copy(encoder, regions) : undefined
    this.#open.device.queue.submit([encoder.finish()])
    this.#open.faults.check()
    if (!copied) return {}
    const results = await this.#readback.fetch(copied)
    return Object.fromEntries(spec.results.map(({ name }, i) => [name, results[i]!]))
  }

  /** Runs a program, states and all, and returns what each dispatch took instead of the results. Fails with no-timestamps. */
  async profile(program: string, inputs: Tensors, extents: Extents = {}): Promise<DispatchTime[]> {
    this.#open.faults.check()
    const { device, facts } = this.#open
    if (!facts.features.includes('timestamp-query')) throw noTimestamps(facts.name)
    const found = this.#program(program)
    this.#writeInputs(found, inputs, extents)
    const stopwatch = new Stopwatch(device, found.steps.length)
    const encoder = device.createCommandEncoder({ label: `profile of ${program}` })
    record(encoder, found, extents, stopwatch)
    const copied = this.#readback.copy(encoder, [stopwatch.resolve(encoder)])
    device.queue.submit([encoder.finish()])
    const [words] = await this.#readback.fetch(copied)
    stopwatch.dispose()
    const times = seconds(words!)
    return found.spec.steps.map(({ kernel }, i) => ({ kernel, seconds: times[i]! }))
  }

  /** Runs a program on an idle device and returns the host's part: seconds to record it, and to hand it over. */
  async hostTime(program: string, inputs: Tensors, extents: Extents = {}): Promise<{ readonly record: number; readonly submit: number }> {
    this.#open.faults.check()
    const { device } = this.#open
    const found = this.#program(program)
    this.#writeInputs(found, inputs, extents)
    await this.#open.faults.guard(device.queue.onSubmittedWorkDone())
    const start = performance.now()
    const encoder = device.createCommandEncoder({ label: program })
    record(encoder, found, extents)
    const commands = encoder.finish()
    const recorded = secondsSince(start)
    device.queue.submit([commands])
    const submit = secondsSince(start) - recorded
    await this.#open.faults.guard(device.queue.onSubmittedWorkDone())
    return { record: recorded, submit }
  }

  /** Frees the buffers when the work under way is done: a buffer destroyed earlier would void the commands that use it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#open.device.queue.onSubmittedWorkDone().catch(() => undefined)
    for (const buffer of this.#buffers) buffer.destroy()
    for (const { extents } of this.#programs.values()) for (const { buffer } of extents) buffer.destroy()
    this.#readback.dispose()
  }

  #writeInputs({ spec, extents: uniforms }: Program, inputs: Tensors, extents: Extents): void {
    spec.inputs.forEach((input, i) => {
      const data = inputs[input.name]
      if (!data) throw new Error(`bug: program ${spec.name} is run without its input ${input.name}`)
      this.#put(this.#buffers[spec.inputBuffers[i]!]!, data, input, extents, `input ${input.name} of ${spec.name}`)
    })
    for (const { stretch, buffer } of uniforms) this.#open.device.queue.writeBuffer(buffer, 0, extentWords(spec, stretch, extents))
  }

  #put(buffer: GPUBuffer, data: Data, spec: TensorSpec, extents: Extents, what: string): void {
    const length = lengthOf(spec, extents)
    if (data.length !== length) throw new Error(`bug: ${what} has ${data.length} elements instead of ${length}`)
    const stored = spec.type.dtype === 'f16' ? wordsOf(data, spec.rows) : data
    this.#open.device.queue.writeBuffer(buffer, 0, stored.buffer, stored.byteOffset, stored.byteLength)
  }

  #program(name: string): Program {
    const program = this.#programs.get(name)
    if (!program) throw new Error(`bug: the plan has no program ${name}`)
    return program
  }

  #state(name: string): { readonly spec: TensorSpec; readonly buffer: GPUBuffer } {
    const state = this.#states.get(name)
    if (!state) throw new Error(`bug: the plan has no state ${name}`)
    return state
  }
}

function regionOf(spec: TensorSpec, buffer: GPUBuffer, extents: Extents): Region {
  const { type, rows } = spec
  const length = lengthOf(spec, extents)
  return { buffer, dtype: type.dtype === 'bool' ? 'i32' : type.dtype, length: rows ? (length / rows.length) * rows.step : length, rows }
}

function lengthOf({ type }: TensorSpec, extents: Extents): number {
  return type.dims.reduce((n, { name, size, live }) => n * (live ? extentOf(name, size, extents) : size), 1)
}

/** As halves. WebGPU writes whole words, and buffers have room for one half more. */
function wordsOf(data: Data, rows: Rows | undefined): Uint16Array {
  const all = halvesOf(data instanceof Float32Array ? data : Float32Array.from(data))
  const halves = rows ? apart(all, rows) : all
  if (halves.length % 2 === 0) return halves
  const words = new Uint16Array(halves.length + 1)
  words.set(halves)
  return words
}
