// `--device` → a backend and the facts the compiler plans with.
//   auto      a hardware GPU if there is one, else the CPU
//   cpu       ONNX Runtime
//   webgpu    any adapter, hardware first
//   software  a software adapter
//   NAME      the adapter whose name holds NAME
import type { DeviceFacts } from '../compiler/facts.ts'
import type { Backend } from '../runtime/backend.ts'
import { Failure } from '../runtime/events.ts'
import { cpuBackend, cpuFacts } from '../runtime/onnx/backend.ts'
import { webgpuBackend } from '../runtime/webgpu/backend.ts'

export interface OpenBackend extends AsyncDisposable {
  readonly backend: Backend
  readonly facts: DeviceFacts
}

/** Opens the device that `choice` means. Fails with a Failure that says what to install or to write. */
export async function openBackend(choice = 'auto'): Promise<OpenBackend> {
  switch (choice) {
    case 'cpu':
      return owned(await cpuBackend(), cpuFacts())
    case 'auto':
      return (await hardware()) ?? openBackend('cpu')
    case 'webgpu':
      return webgpu({})
    case 'software':
      return webgpu({ software: true })
    default:
      return webgpu({ adapter: choice })
  }
}

/** The hardware GPU, or undefined when there is none. */
async function hardware(): Promise<OpenBackend | undefined> {
  try {
    return await webgpu({ software: false })
  } catch (error) {
    if (error instanceof Failure && (error.code === 'no-adapter' || error.code === 'webgpu-missing')) return undefined
    throw error
  }
}

async function webgpu(options: Parameters<typeof webgpuBackend>[0]): Promise<OpenBackend> {
  const backend = await webgpuBackend(options)
  return owned(backend, backend.facts)
}

function owned(backend: Backend, facts: DeviceFacts): OpenBackend {
  return { backend, facts, [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose]() }
}
