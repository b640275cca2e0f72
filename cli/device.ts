// `--device` → a backend and the facts the compiler plans with.
//   auto      a hardware GPU if there is one, else the CPU
//   cpu       ONNX Runtime
//   webgpu    any adapter, hardware first
//   software  a software adapter
//   NAME      the adapter whose name holds NAME
import type { DeviceFacts } from '../compiler/facts.ts'
import type { Backend } from '../runtime/backend.ts'
import { cacheFolder } from '../runtime/cache.ts'
import { Failure } from '../runtime/events.ts'
import { cpuBackend, cpuFacts } from '../runtime/onnx/backend.ts'
import { webgpuBackend } from '../runtime/webgpu/backend.ts'
import type { DeviceOptions } from '../runtime/webgpu/device.ts'
import { readTuning } from '../runtime/webgpu/tuning.ts'
import { WrongUse } from './exit.ts'
import { readFinite } from './files.ts'

export interface OpenBackend extends AsyncDisposable {
  readonly backend: Backend
  readonly facts: DeviceFacts
}

/**
 * Opens the device that `choice` means; `note` hears of what is slow, and of what the device gets wrong.
 * Fails with a Failure that says what to install or to write.
 */
export async function openBackend(choice: string, note: (text: string) => void): Promise<OpenBackend> {
  const gpu = await openGpu(choice, note)
  return gpu ?? owned(await cpuBackend({ note }), cpuFacts())
}

/** What the compiler plans with for `choice`; the CPU's facts need no ONNX Runtime. `note` hears of what the device gets wrong. */
export async function deviceFacts(choice: string, note: (text: string) => void): Promise<DeviceFacts> {
  const gpu = await openGpu(choice, note)
  if (gpu === undefined) return cpuFacts()
  await gpu[Symbol.asyncDispose]()
  return gpu.facts
}

/** Facts of a device that is not here, from JSON. */
export function readFacts(path: string): DeviceFacts {
  const fail = (reason: string, cause?: unknown): never => {
    const advice = ['compiler/facts.ts says what such a file holds']
    throw new Failure({ code: 'bad-facts', message: `${path} does not describe a device: ${reason}`, advice }, { cause })
  }
  let facts: Partial<DeviceFacts>
  try {
    facts = (JSON.parse(readFinite(path).toString()) ?? {}) as Partial<DeviceFacts>
  } catch (error) {
    return fail(error instanceof SyntaxError ? 'it is not JSON' : 'it cannot be read', error)
  }
  if (facts.backend !== 'cpu' && facts.backend !== 'webgpu') return fail('`backend` is neither cpu nor webgpu')
  if (!Array.isArray(facts.features)) return fail('`features` is not a list')
  for (const name of Object.keys(cpuFacts().limits)) {
    if (typeof (facts.limits as Record<string, unknown> | undefined)?.[name] !== 'number') return fail(`\`limits.${name}\` is not a number`)
  }
  const { rates } = facts
  if (rates !== undefined && !(rates.flops > 0 && typeof rates.source === 'string')) {
    return fail('`rates` needs `flops`, a number above zero, and `source`, which says where it comes from')
  }
  return facts as DeviceFacts
}

/** What drives a GPU elsewhere, which is no device's name. */
const DRIVERS = /^(gpu|cuda|rocm|hip|mps|metal|vulkan|opengl|opencl|d3d\d*|dx\d*|directml)(:\d+)?$/i
const DEVICES = [
  'write --device webgpu for a GPU, whether Vulkan, Metal or D3D12 drives it; auto takes one if there is one',
  'smdmc doctor lists what is here: of several, write a part of the name',
]

/** The GPU that `choice` means; undefined where it means the CPU. */
async function openGpu(choice: string, note: (text: string) => void): Promise<OpenBackend | undefined> {
  switch (choice) {
    case 'cpu':
      return undefined
    case 'auto':
      return hardware(note)
    case 'webgpu':
      return webgpu({}, note)
    case 'software':
      return webgpu({ software: true }, note)
    default:
      if (DRIVERS.test(choice)) throw new WrongUse({ code: 'no-such-device', message: `there is no device ${choice}`, advice: DEVICES })
      return webgpu({ adapter: choice }, note)
  }
}

/** The hardware GPU, or undefined when there is none. */
async function hardware(note: (text: string) => void): Promise<OpenBackend | undefined> {
  try {
    return await webgpu({ software: false }, note)
  } catch (error) {
    if (error instanceof Failure && (error.code === 'no-adapter' || error.code === 'webgpu-missing')) return undefined
    throw error
  }
}

async function webgpu(options: DeviceOptions, note: (text: string) => void): Promise<OpenBackend> {
  const backend = await webgpuBackend(options)
  for (const loss of backend.losses) note(`${backend.device}: ${loss}`)
  const tuning = await readTuning(cacheFolder(), backend.facts)
  if (tuning.note !== undefined) note(tuning.note)
  return owned(backend, { ...backend.facts, tuned: tuning.tuned })
}

function owned(backend: Backend, facts: DeviceFacts): OpenBackend {
  return { backend, facts, [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose]() }
}
