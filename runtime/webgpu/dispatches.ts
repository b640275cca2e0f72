// A program's steps, prepared once when it is loaded, and recorded anew for every run: pipeline, bind group and grid of each.
// A run is one pass, so all that a dispatch costs the host is three calls. Steps of a window see a stretch of a live dim alone: they
// have extents of their own, and are left out where there is nothing for them.
import type { DispatchPlan, Groups, KernelPlan, WebgpuPlan, WebgpuProgram, WindowPlan } from '../../compiler/plan/plan.ts'
import { usage } from './buffers.ts'
import type { Pipeline } from './pipelines.ts'
import type { Stopwatch } from './timing.ts'

export type Extents = Readonly<Record<string, number>>
type Grid = readonly [number, number, number]

export interface Program {
  readonly spec: WebgpuProgram
  readonly steps: readonly Step[]
  /** Buffers of the program's own that hold the extents of a run, and what each window leaves of them. */
  readonly extents: readonly Uniform[]
}

interface Uniform {
  readonly window?: Window
  readonly buffer: GPUBuffer
}

type Window = Omit<WindowPlan, 'offsets'>

interface Step {
  readonly kernel: KernelPlan
  readonly pipeline: GPUComputePipeline
  readonly bindings: GPUBindGroup
  /** Known at once, unless a live dim is in it. */
  readonly grid: Grid | ((extents: Extents) => Grid)
  readonly window?: Window
}

/** Makes the program's bind groups; equal ones are one. */
export function prepare(
  device: GPUDevice,
  spec: WebgpuProgram,
  plan: WebgpuPlan,
  pipelines: readonly Pipeline[],
  buffers: readonly GPUBuffer[],
): Program {
  const size = Math.max(1, Math.ceil(spec.live.length / 4)) * 16
  const uniforms = new Map<string, Uniform>()
  const uniformOf = (window: Window | undefined): Uniform => {
    const key = keyOf(window)
    const make = () => device.createBuffer({ label: `extents of ${spec.name}`, size, usage: usage.uniform | usage.copyTarget })
    const uniform = uniforms.get(key) ?? { window, buffer: make() }
    uniforms.set(key, uniform)
    return uniform
  }
  const groups = new Map<string, GPUBindGroup>()
  const steps = spec.steps.map((step): Step => {
    const { pipeline, layout } = pipelines[step.kernel]!
    const kernel = plan.kernels[step.kernel]!
    const { window } = step
    const key = `${kernel.bindings.join()} ${step.buffers.join()} ${keyOf(window)} ${window?.offsets.join()}`
    const entries = step.buffers.map((buffer, binding) => {
      const resource = buffer < 0 ? { buffer: uniformOf(window).buffer } : { buffer: buffers[buffer]!, offset: window?.offsets[binding] }
      return { binding, resource }
    })
    const bindings = groups.get(key) ?? device.createBindGroup({ layout, entries })
    groups.set(key, bindings)
    return { kernel, pipeline, bindings, grid: gridOf(step.groups, spec), window }
  })
  return { spec, steps, extents: [...uniforms.values()] }
}

function keyOf(window: Window | undefined): string {
  return window ? `${window.live} ${window.from} ${window.size}` : ''
}

function gridOf(groups: DispatchPlan['groups'], spec: WebgpuProgram): Step['grid'] {
  const [x, y, z] = groups
  if (typeof x === 'number' && typeof y === 'number' && typeof z === 'number') return [x, y, z]
  const count = (along: Groups, extents: Extents) =>
    typeof along === 'number' ? along : Math.ceil((extentIn(spec, along.live, extents) * along.factor) / along.divisor)
  return (extents) => [count(x, extents), count(y, extents), count(z, extents)]
}

function extentIn(spec: WebgpuProgram, name: string, extents: Extents): number {
  const dim = spec.live.find((d) => d.name === name)
  if (!dim) throw new Error(`bug: program ${spec.name} dispatches by ${name}, which is not among its live dims`)
  return extentOf(dim.name, dim.size, extents)
}

/** All steps in one pass; with a stopwatch, each in its own. */
export function record(encoder: GPUCommandEncoder, { spec, steps }: Program, extents: Extents, stopwatch?: Stopwatch): void {
  const dispatch = (pass: GPUComputePassEncoder, { pipeline, bindings, grid, window }: Step) => {
    const own = window ? extentsIn(spec, window, extents) : extents
    if (window && window.from > 0 && own[window.live] === 0) return
    const [x, y, z] = typeof grid === 'function' ? grid(own) : grid
    pass.setPipeline(pipeline)
    pass.setBindGroup(0, bindings)
    pass.dispatchWorkgroups(x, y, z)
  }
  if (stopwatch) {
    steps.forEach((step, i) => {
      const pass = encoder.beginComputePass({ label: step.kernel.label, timestampWrites: stopwatch.writes(i) })
      dispatch(pass, step)
      pass.end()
    })
    return
  }
  const pass = encoder.beginComputePass({ label: spec.name })
  for (const step of steps) dispatch(pass, step)
  pass.end()
}

/** The extents that a window leaves. */
export function extentsIn(spec: WebgpuProgram, { live, from, size }: Window, extents: Extents): Extents {
  return { ...extents, [live]: Math.min(size, Math.max(0, extentIn(spec, live, extents) - from)) }
}

/** The extent given for a live dim, at most its bound; a primed dim has that of its unprimed name. */
export function extentOf(name: string, bound: number, extents: Extents): number {
  const extent = extents[name] ?? extents[name.replace(/'+$/, '')]
  if (extent === undefined) throw new Error(`bug: no extent is given for the live dim ${name}`)
  if (extent > bound) throw new Error(`bug: extent ${extent} of ${name} is above its bound ${bound}`)
  return extent
}
