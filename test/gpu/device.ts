// A GPU made of TypeScript, for tests: a described device whose kernels are carried out as WGSL says, lane by lane, with subgroups and
// matrices of the described sizes. It is slow, and strict: a real GPU runs our kernels unguarded, and this tells what they do wrong.
import type { DeviceFacts } from '../../compiler/facts.ts'
import { load } from '../../runtime/webgpu/executable.ts'
import { Faults } from '../../runtime/webgpu/faults.ts'
import type { WebgpuBackend } from '../../runtime/webgpu/backend.ts'
import { dispatch, kernelOf, type Binding, type Grid, type Kernel } from './dispatch.ts'
import { Watch } from './watch.ts'

/** A backend on such a device; what its facts say counts. */
export function strictBackend(facts: DeviceFacts): WebgpuBackend {
  const device = new StrictDevice(facts) as unknown as GPUDevice
  const open = { device, facts, label: facts.name, faults: new Faults(device), gpu: undefined as unknown as GPU }
  return {
    kind: 'webgpu',
    device: `${facts.name}, made of TypeScript`,
    facts,
    losses: [],
    passed: [],
    load: async (plan) => {
      if (plan.target !== 'webgpu') throw new Error('a plan for another target')
      return load(open, plan)
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
}

class StrictBuffer {
  readonly label: string
  readonly size: number
  readonly bytes: ArrayBuffer
  readonly watch: Watch

  constructor({ label = '', size }: GPUBufferDescriptor) {
    this.label = label
    this.size = size
    this.bytes = new ArrayBuffer(size)
    this.watch = new Watch(size, true)
  }

  async mapAsync(): Promise<void> {}
  getMappedRange(offset: number, size: number): ArrayBuffer {
    return this.bytes.slice(offset, offset + size)
  }
  unmap(): void {}
  destroy(): void {}
}

/** What the runtime uses of a GPUDevice. Commands are carried out when they are submitted. */
class StrictDevice {
  readonly lost = new Promise<never>(() => undefined)
  readonly #facts: DeviceFacts

  constructor(facts: DeviceFacts) {
    this.#facts = facts
  }

  readonly queue = {
    writeBuffer: (to: StrictBuffer, at: number, data: ArrayBuffer, from: number, bytes: number | undefined) => {
      const source = ArrayBuffer.isView(data)
        ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
        : new Uint8Array(data, from, bytes)
      new Uint8Array(to.bytes).set(source, at)
    },
    submit: (all: readonly (readonly (() => void)[])[]) => {
      for (const command of all.flat()) command()
    },
    onSubmittedWorkDone: async () => undefined,
  }

  addEventListener(): void {}
  pushErrorScope(): void {}
  async popErrorScope(): Promise<null> {
    return null
  }
  destroy(): void {}

  createBuffer(descriptor: GPUBufferDescriptor): StrictBuffer {
    return new StrictBuffer(descriptor)
  }
  createBindGroupLayout(): object {
    return {}
  }
  createPipelineLayout(): object {
    return {}
  }
  createShaderModule({ label = '', code }: GPUShaderModuleDescriptor): Kernel {
    return kernelOf(label, code)
  }
  async createComputePipelineAsync({ compute }: { readonly compute: { readonly module: Kernel } }): Promise<Kernel> {
    return compute.module
  }

  createBindGroup({ entries }: { readonly entries: readonly { readonly resource: Bound }[] }): readonly Binding[] {
    return entries.map(({ resource: { buffer, offset = 0, size = buffer.size - offset } }) => {
      if (size > this.#facts.limits.maxStorageBufferBindingSize) throw new Error(`${buffer.label}: ${size} bytes in one binding`)
      if (offset % this.#facts.limits.minStorageBufferOffsetAlignment !== 0) throw new Error(`${buffer.label} is bound at ${offset}`)
      return { buffer: buffer.bytes, offset, bytes: size, name: buffer.label, watch: buffer.watch }
    })
  }

  createCommandEncoder({ label = '' }: { readonly label?: string } = {}): object {
    const commands: (() => void)[] = []
    const subgroup = this.#facts.subgroup?.max ?? 1
    return {
      label,
      beginComputePass: () => {
        let [kernel, bindings]: [Kernel?, (readonly Binding[])?] = []
        return {
          setPipeline: (pipeline: Kernel) => (kernel = pipeline),
          setBindGroup: (_: number, group: readonly Binding[]) => (bindings = group),
          dispatchWorkgroups: (...grid: Grid) => {
            const [what, on] = [kernel!, bindings!]
            commands.push(() => dispatch(what, on, grid, subgroup))
          },
          end: () => undefined,
        }
      },
      copyBufferToBuffer: (from: StrictBuffer, at: number, to: StrictBuffer, offset: number, size: number) => {
        commands.push(() => new Uint8Array(to.bytes).set(new Uint8Array(from.bytes, at, size), offset))
      },
      finish: () => commands,
    }
  }
}

interface Bound {
  readonly buffer: StrictBuffer
  readonly offset?: number
  readonly size?: number
}
