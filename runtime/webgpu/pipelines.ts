// Kernels → compute pipelines with explicit layouts, compiled side by side. A kernel that does not compile is a bug of ours, for what a
// page writes in WGSL was checked before: the error shows the WGSL around the first complaint.
import type { KernelPlan } from '../../compiler/plan/plan.ts'

export interface Pipeline {
  readonly pipeline: GPUComputePipeline
  readonly layout: GPUBindGroupLayout
}

const computeStage = 4
const bindingTypes = { read: 'read-only-storage', write: 'storage', extents: 'uniform' } as const

/** One pipeline per kernel, in order. Kernels with the same bindings share a layout. */
export async function compile(device: GPUDevice, kernels: readonly KernelPlan[]): Promise<Pipeline[]> {
  const layouts = new Map<string, GPUBindGroupLayout>()
  const layoutOf = (bindings: KernelPlan['bindings']) => {
    const key = bindings.join()
    const layout = layouts.get(key) ?? device.createBindGroupLayout({ entries: bindings.map(entryOf) })
    layouts.set(key, layout)
    return layout
  }
  return Promise.all(kernels.map((kernel) => compileOne(device, kernel, layoutOf(kernel.bindings))))
}

function entryOf(binding: KernelPlan['bindings'][number], i: number): GPUBindGroupLayoutEntry {
  return { binding: i, visibility: computeStage, buffer: { type: bindingTypes[binding] } }
}

async function compileOne(device: GPUDevice, { label, wgsl }: KernelPlan, layout: GPUBindGroupLayout): Promise<Pipeline> {
  device.pushErrorScope('validation')
  const module = device.createShaderModule({ label, code: wgsl })
  const refused = device.popErrorScope()
  const pipelineLayout = device.createPipelineLayout({ bindGroupLayouts: [layout] })
  try {
    const pipeline = await device.createComputePipelineAsync({ label, layout: pipelineLayout, compute: { module } })
    await refused
    return { pipeline, layout }
  } catch (cause) {
    await refused
    const { messages } = await module.getCompilationInfo()
    const first = messages.find(({ type }) => type === 'error')
    const reason = first?.message ?? (cause instanceof Error ? cause.message : String(cause))
    throw new Error(`bug: kernel ${label} does not compile: ${reason}\n${excerpt(wgsl, first?.lineNum ?? 1)}`, { cause })
  }
}

function excerpt(wgsl: string, line: number): string {
  const from = Math.max(0, line - 6)
  const lines = wgsl.split('\n').slice(from, line + 4)
  return lines.map((text, i) => `${from + i + 1 === line ? '>' : ' '} ${String(from + i + 1).padStart(4)} ${text}`).join('\n')
}
