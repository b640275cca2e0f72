// smdmc doctor: the devices that were found, which one `--device auto` takes and why, and what would give a better one.
import { Failure } from '../../runtime/events.ts'
import { cpuBackend, cpuFacts } from '../../runtime/onnx/backend.ts'
import { presence } from '../../runtime/onnx/locate.ts'
import { listAdapters, type AdapterInfo } from '../../runtime/webgpu/adapters.ts'
import { webgpuBackend } from '../../runtime/webgpu/backend.ts'
import { exits, type Exit } from '../exit.ts'
import type { Output } from '../report.ts'

export interface Finding {
  readonly device: 'webgpu' | 'cpu'
  readonly name: string
  readonly usable: boolean
  readonly software: boolean
  readonly notes: readonly string[]
}

export async function doctorCommand(output: Output): Promise<Exit> {
  const findings = [...(await adapters()), await cpu()]
  const chosen =
    findings.find((f) => f.usable && f.device === 'webgpu' && !f.software) ?? findings.find((f) => f.usable && f.device === 'cpu')
  if (output.json) process.stdout.write(JSON.stringify({ kind: 'doctor', findings, auto: chosen?.name }) + '\n')
  else process.stdout.write(text(findings, chosen))
  return chosen === undefined ? exits.failed : exits.ok
}

async function adapters(): Promise<readonly Finding[]> {
  try {
    const found: Finding[] = []
    for (const a of await listAdapters()) {
      const notes = [...about(a), ...(await halves(a))]
      found.push({ device: 'webgpu', name: `${a.name} (${a.backend})`, usable: a.usable, software: a.software, notes })
    }
    return found
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return [{ device: 'webgpu', name: 'WebGPU', usable: false, software: false, notes: [error.message, ...error.advice] }]
  }
}

function about(adapter: AdapterInfo): readonly string[] {
  const notes = [`driver ${adapter.driver}`]
  if (adapter.features.length > 0) notes.push(`has ${adapter.features.join(', ')}`)
  if (adapter.software) notes.push('computes on the CPU: for checking kernels, not for speed')
  if (adapter.reason !== undefined) notes.push(adapter.reason)
  return notes
}

/** Opens an adapter that has f16, to see whether it computes right. */
async function halves(adapter: AdapterInfo): Promise<readonly string[]> {
  if (!adapter.usable || !adapter.features.includes('shader-f16')) return []
  await using backend = await webgpuBackend({ adapter: adapter.name, software: adapter.software })
  return [...backend.losses, ...backend.passed]
}

/** Does not fetch ONNX Runtime: where it is missing, that is for the first run to do. */
async function cpu(): Promise<Finding> {
  const base = { device: 'cpu', name: cpuFacts().name, software: false } as const
  const where = await presence()
  if (where === 'absent')
    return { ...base, usable: true, notes: ['ONNX Runtime is not installed: the first run fetches it, 113 MB, into the cache'] }
  try {
    await (await cpuBackend())[Symbol.asyncDispose]()
    return { ...base, usable: true, notes: [`ONNX Runtime is ${where} and starts`] }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { ...base, usable: false, notes: [`ONNX Runtime is ${where}, but: ${error.message}`, ...error.advice] }
  }
}

function text(findings: readonly Finding[], chosen: Finding | undefined): string {
  const lines = findings.flatMap((f) => [`${f.usable ? '✓' : '✗'} ${f.device}  ${f.name}`, ...f.notes.map((n) => `    ${n}`)])
  const gpu = findings.some((f) => f.device === 'webgpu' && f.usable && !f.software)
  const why = gpu ? 'the first hardware GPU' : 'no hardware GPU was found, and ONNX Runtime is faster than a software one'
  const advice = gpu
    ? []
    : [
        'For a GPU: on Linux its Vulkan driver and the loader (Debian: libvulkan1); in a container with an NVIDIA card also',
        'NVIDIA_DRIVER_CAPABILITIES=all and libegl1, libglvnd0, libgl1. On macOS and Windows the system brings what is needed.',
      ]
  const auto = chosen === undefined ? 'nothing here can run a pipeline' : `--device auto takes ${chosen.device}, ${chosen.name}: ${why}`
  return [...lines, '', auto, ...advice, ''].join('\n')
}
