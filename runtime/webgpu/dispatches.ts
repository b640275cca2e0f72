// A program's steps, prepared once when it is loaded, and recorded anew for every run: pipeline, bind group and grid of each.
// A run is one pass, so all that a dispatch costs the host is three calls. Steps for one stretch of a live dim alone have extents of
// their own, and are left out where there is nothing for them.
import type { DispatchPlan, Groups, KernelPlan, WebgpuPlan, WebgpuProgram } from '../../compiler/plan/plan.ts'
import { usage } from './buffers.ts'
import type { Pipeline } from './pipelines.ts'
import type { Stopwatch } from './timing.ts'

export type Extents = Readonly<Record<string, number>>
type Grid = readonly [number, number, number]

export interface Program {
  readonly spec: WebgpuProgram
  readonly steps: readonly Step[]
  /** Buffers of the program's own that hold the extents of a run, and those of each stretch. */
  readonly extents: readonly Uniform[]
}

interface Uniform {
  readonly stretch?: number
  readonly buffer: GPUBuffer
}

interface Step {
  readonly kernel: KernelPlan
  readonly pipeline: GPUComputePipeline
  readonly bindings: GPUBindGroup
  /** Known at once, unless a live dim is in it. */
  readonly grid: Grid | ((extents: Extents) => Grid)
  readonly stretch?: number
}

/** Makes the program's bind groups; equal ones are one. */
export function prepare(
  device: GPUDevice,
  spec: WebgpuProgram,
  plan: WebgpuPlan,
  pipelines: readonly Pipeline[],
  buffers: readonly GPUBuffer[],
): Program {
  const size = Math.max(1, Math.ceil(namesOf(spec).length / 4)) * 16
  const uniforms = new Map<number | undefined, Uniform>()
  const uniformOf = (stretch: number | undefined): Uniform => {
    const make = () => device.createBuffer({ label: `extents of ${spec.name}`, size, usage: usage.uniform | usage.copyTarget })
    const uniform = uniforms.get(stretch) ?? { stretch, buffer: make() }
    uniforms.set(stretch, uniform)
    return uniform
  }
  const groups = new Map<string, GPUBindGroup>()
  const steps = spec.steps.map((step): Step => {
    const { pipeline, layout } = pipelines[step.kernel]!
    const kernel = plan.kernels[step.kernel]!
    const { stretch } = step
    const key = JSON.stringify([kernel.bindings, step.buffers, step.windows, stretch])
    const entries = step.buffers.map((buffer, binding) => {
      const window = step.windows?.[binding]
      const part = window && { offset: window.offset, size: window.bytes }
      return { binding, resource: { buffer: buffer < 0 ? uniformOf(stretch).buffer : buffers[buffer]!, ...part } }
    })
    const bindings = groups.get(key) ?? device.createBindGroup({ layout, entries })
    groups.set(key, bindings)
    return { kernel, pipeline, bindings, grid: gridOf(step.groups, spec), stretch }
  })
  return { spec, steps, extents: [...uniforms.values()] }
}

function gridOf(groups: DispatchPlan['groups'], spec: WebgpuProgram): Step['grid'] {
  const [x, y, z] = groups
  if (typeof x === 'number' && typeof y === 'number' && typeof z === 'number') return [x, y, z]
  const count = (along: Groups, extents: Extents) =>
    typeof along === 'number' ? along : Math.ceil((extentIn(spec, along.live, extents) * along.factor) / along.divisor)
  return (extents) => [count(x, extents), count(y, extents), count(z, extents)]
}

function extentIn({ name: program, live, stretches }: WebgpuProgram, name: string, extents: Extents): number {
  if (stretches?.told.includes(name)) return extents[name] ?? 0
  const dim = live.find((d) => d.name === name)
  if (!dim) throw new Error(`bug: program ${program} dispatches by ${name}, which is not among its live dims`)
  return extentOf(dim.name, dim.size, extents)
}

/** All steps in one pass; with a stopwatch, each in its own. */
export function record(encoder: GPUCommandEncoder, { spec, steps }: Program, extents: Extents, stopwatch?: Stopwatch): void {
  const dispatch = (pass: GPUComputePassEncoder, { pipeline, bindings, grid, stretch }: Step) => {
    const own = extentsIn(spec, stretch, extents)
    if (stretch && own[spec.stretches!.told[0]] === 0) return
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

/** The extents that a step finds: those of the run, and of its stretch, if it has one. */
function extentsIn(spec: WebgpuProgram, stretch: number | undefined, extents: Extents): Extents {
  if (stretch === undefined || !spec.stretches) return extents
  const { of, size, told } = spec.stretches
  const left = extentIn(spec, of, extents) - stretch * size
  return { ...extents, [told[0]]: Math.min(size, Math.max(0, left)), [told[1]]: stretch }
}

/** What a buffer of extents holds. */
export function extentWords(spec: WebgpuProgram, stretch: number | undefined, extents: Extents): Uint32Array<ArrayBuffer> {
  const own = extentsIn(spec, stretch, extents)
  return Uint32Array.from(namesOf(spec), (name) => extentIn(spec, name, own))
}

function namesOf({ live, stretches }: WebgpuProgram): readonly string[] {
  return [...live.map((dim) => dim.name), ...(stretches?.told ?? [])]
}

/** The extent given for a live dim, at most its bound; a primed dim has that of its unprimed name. */
export function extentOf(name: string, bound: number, extents: Extents): number {
  const extent = extents[name] ?? extents[name.replace(/'+$/, '')]
  if (extent === undefined) throw new Error(`bug: no extent is given for the live dim ${name}`)
  if (extent > bound) throw new Error(`bug: extent ${extent} of ${name} is above its bound ${bound}`)
  return extent
}
