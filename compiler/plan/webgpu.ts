// Programs → plan for WebGPU: fuses each, writes its kernels, shares equal kernels between layers and programs, and gives
// every tensor a buffer. States come first among the buffers, in the order of the plan's states.
import type { DeviceFacts } from '../facts.ts'
import type { Graph } from '../graph/graph.ts'
import { fuse } from '../kernels/fuse.ts'
import { joinProducts } from '../kernels/join.ts'
import { stretchDim, stretchNumber, type JoinedGraph, type JoinedKernel } from '../kernels/kernel.ts'
import { livesOf } from '../kernels/lifetimes.ts'
import { recompute } from '../kernels/recompute.ts'
import type { Context } from '../kernels/module.ts'
import { bytesOf, rowsOf } from '../kernels/rows.ts'
import { tuningOf } from '../kernels/tuning.ts'
import { windowBytes } from '../kernels/window.ts'
import { keyOf, writeKernel } from '../kernels/write.ts'
import { share } from './memory.ts'
import type { BufferPlan, DispatchPlan, KernelPlan, MemoryPlan, TensorSpec, WebgpuPlan, WebgpuProgram } from './plan.ts'
import { bindingsIn, largestWhole, type BoundWindow } from './windows.ts'

export interface NamedGraph {
  readonly name: string
  readonly graph: Graph
}

/**
 * Plans programs whose graphs hold only primitives, `native` and attention. States of one name are one. `budget`: bytes for all but
 * states, which programs keep by computing again what they would have to remember, as far as that goes.
 */
export function planWebgpu(programs: readonly NamedGraph[], facts: DeviceFacts, budget = Number.POSITIVE_INFINITY): WebgpuPlan {
  const library = new Library()
  const graphs = programs.map(({ graph }) => joinProducts(recompute(fuse(graph, facts), budget), facts))
  const dispatched = graphs.map((graph) => dispatch(graph, facts, library))
  const states = statesOf(graphs)
  const demands = graphs.map((graph) => livesOf(graph).map((life) => ({ ...life, label: graph.tensors[life.tensor]!.label })))
  const { slots, slotOf } = share(demands)
  const buffers: BufferPlan[] = [...states.values()].map(({ name, type }) => ({ bytes: bytesOf(type), label: name }))
  const firstSlot = buffers.push(...slots) - slots.length
  const names = [...states.keys()]
  const known = new Map<Float32Array | Int32Array, number>()
  const bufferOf = graphs.map((graph, program) => {
    const buffer = graph.tensors.map(({ source, type, label }): number => {
      if (source.kind === 'state') return names.indexOf(source.name)
      if (source.kind !== 'table') return -1
      const at = known.get(source.data) ?? buffers.push({ bytes: bytesOf(type), label, data: source.data }) - 1
      known.set(source.data, at)
      return at
    })
    demands[program]!.forEach(({ tensor }, i) => (buffer[tensor] = firstSlot + slotOf[program]![i]!))
    return buffer
  })
  const bytes = (list: readonly { readonly bytes: number }[]) => list.reduce((sum, b) => sum + b.bytes, 0)
  const largest = buffers.reduce((best, b) => (b.bytes > best.bytes ? b : best), { bytes: 0, label: '' })
  return {
    target: 'webgpu',
    states: [...states.values()],
    memory: {
      states: bytes(buffers.slice(0, states.size)),
      activations: bytes(buffers.slice(states.size)),
      largest: { name: largest.label, bytes: largest.bytes },
      whole: largestWhole(graphs, facts),
      again: againOf(graphs, dispatched, library.kernels),
    },
    buffers,
    kernels: library.kernels,
    programs: graphs.map((graph, i) => {
      const steps = dispatched[i]!.map((step) => placed(step, bufferOf[i]!, buffers, facts))
      return programOf(programs[i]!.name, graph, steps, bufferOf[i]!)
    }),
  }
}

/** A dispatch before its tensors have buffers: what it binds, in order. */
interface Dispatch {
  readonly kernel: number
  readonly bound: readonly (BoundWindow | 'extents')[]
  readonly groups: DispatchPlan['groups']
  readonly stretch?: number
}

interface Known {
  readonly kernel: number
  readonly extents: boolean
  readonly groups: DispatchPlan['groups']
}

/** Kernels of all programs. Equal ones are written once; different ones that come out as the same text are one. */
class Library {
  readonly kernels: KernelPlan[] = []
  private readonly byText = new Map<string, number>()
  private readonly byKernel = new Map<string, Known>()

  add(kernel: JoinedKernel, context: Context): Known {
    const key = keyOf(kernel, context)
    const known = this.byKernel.get(key)
    if (known) return known
    const { label, wgsl, bindings, flops, bytes, groups } = writeKernel(kernel, context)
    const text = `${bindings.join()}\n${wgsl}`
    const tuning = tuningOf(kernel, context)
    const at = this.byText.get(text) ?? this.kernels.push({ label, wgsl, bindings, flops, bytes, tuning }) - 1
    this.byText.set(text, at)
    const made = { kernel: at, extents: bindings.includes('extents'), groups }
    this.byKernel.set(key, made)
    return made
  }
}

function dispatch(graph: JoinedGraph, facts: DeviceFacts, library: Library): readonly Dispatch[] {
  const context = { facts, tensors: graph.tensors, live: graph }
  return graph.kernels.map((kernel) => {
    const { kernel: at, extents, groups } = library.add(kernel, context)
    const bound = bindingsIn(kernel, graph.tensors, facts)
    return { kernel: at, bound: extents ? [...bound, 'extents'] : bound, groups, stretch: kernel.stretch }
  })
}

/** Of the program that computes the most again. */
function againOf(
  graphs: readonly JoinedGraph[],
  steps: readonly (readonly Dispatch[])[],
  kernels: readonly KernelPlan[],
): MemoryPlan['again'] {
  const work = (some: readonly Dispatch[]): number => some.reduce((sum, { kernel }) => sum + kernels[kernel]!.flops, 0)
  const all = graphs.map((graph, i) => {
    const again = steps[i]!.filter((_, step) => graph.kernels[step]!.again)
    return { dispatches: again.length, share: work(again) / work(steps[i]!) }
  })
  const most = all.reduce((a, b) => (b.dispatches > a.dispatches ? b : a), { dispatches: 0, share: 0 })
  return most.dispatches === 0 ? undefined : most
}

function statesOf(graphs: readonly JoinedGraph[]): ReadonlyMap<string, TensorSpec> {
  const states = new Map<string, TensorSpec>()
  for (const { tensors } of graphs) {
    for (const { source, type } of tensors)
      if (source.kind === 'state' && !states.has(source.name)) states.set(source.name, { name: source.name, type, rows: rowsOf(type) })
  }
  return states
}

function placed(
  { bound, ...step }: Dispatch,
  bufferOf: readonly number[],
  buffers: readonly BufferPlan[],
  facts: DeviceFacts,
): DispatchPlan {
  const own = bound.map((one) => (one === 'extents' ? -1 : bufferOf[one.tensor]!))
  const isLarge = own.map((buffer) => buffer >= 0 && buffers[buffer]!.bytes > windowBytes(facts))
  const windows = bound.map((one, i) => (one === 'extents' || !isLarge[i] ? undefined : { offset: one.offset, bytes: one.bytes }))
  return { ...step, buffers: own, ...(isLarge.some(Boolean) && { windows }) }
}

function programOf(name: string, graph: JoinedGraph, steps: readonly DispatchPlan[], bufferOf: readonly number[]): WebgpuProgram {
  const told = [stretchDim, stretchNumber] as const
  const inputs = graph.tensors.flatMap((stored, tensor) =>
    stored.source.kind === 'data' ? [{ spec: { name: stored.source.name, type: stored.type, rows: rowsOf(stored.type) }, tensor }] : [],
  )
  return {
    name,
    inputs: inputs.map((i) => i.spec),
    results: graph.results.map(({ name, type, tensor }) => ({ name, type, rows: rowsOf(graph.tensors[tensor]!.type) })),
    states: graph.tensors.flatMap(({ source }) => (source.kind === 'state' ? [source.name] : [])),
    live: graph.live.filter((dim) => !told.some((one) => one === dim.name)),
    stretches: graph.stretches && { ...graph.stretches, told },
    steps,
    inputBuffers: inputs.map((i) => bufferOf[i.tensor]!),
    resultBuffers: graph.results.map(({ tensor }) => bufferOf[tensor]!),
  }
}
