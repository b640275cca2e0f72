// Opens the best adapter, or the one asked for, with all it can do. Afterwards the compiler knows the device by its facts,
// and whatever goes wrong on it later surfaces as a Failure at the next call.
import type { DeviceFacts } from '../../compiler/facts.ts'
import { discover, limitsOf, type AdapterInfo, type Candidate, type DawnAdapterInfo } from './adapters.ts'
import { Faults } from './faults.ts'
import { noAdapter, noSuchAdapter } from './messages.ts'

export interface DeviceOptions {
  /** Part of an adapter's name, in any case: 'h200', 'swiftshader'. */
  readonly adapter?: string
  /** true: only software; false: only hardware; unset: hardware if there is any. */
  readonly software?: boolean
  /** Whether Dawn guards kernels' accesses; unset: on software only. */
  readonly robust?: boolean
}

export interface OpenDevice {
  readonly device: GPUDevice
  readonly facts: DeviceFacts
  /** For the user: 'NVIDIA H200 (Vulkan)'. */
  readonly label: string
  readonly faults: Faults
  /** Dawn's instance: as long as it is referred to, the device lives. */
  readonly gpu: GPU
}

/** Fails with webgpu-missing, no-adapter or no-such-adapter. */
export async function openDevice(options: DeviceOptions = {}): Promise<OpenDevice> {
  const tried: string[] = []
  const names: string[] = []
  for await (const { driver, candidates } of discover(options.robust)) {
    if (candidates.length === 0) tried.push(`${driver.name} (no adapter)`)
    for (const candidate of candidates) {
      const { info } = candidate
      const unfit = misfit(info, options)
      if (unfit === undefined) return open(candidate)
      tried.push(`${info.name} (${unfit})`)
      if (info.usable) names.push(info.name)
    }
  }
  throw options.adapter === undefined ? noAdapter(tried, process.platform) : noSuchAdapter(options.adapter, names)
}

function misfit(info: AdapterInfo, { adapter, software }: DeviceOptions): string | undefined {
  if (!info.usable) return info.reason
  if (software !== undefined && info.software !== software) return info.software ? 'software' : 'not software'
  if (adapter !== undefined && !info.name.toLowerCase().includes(adapter.toLowerCase())) return 'another name'
  return undefined
}

async function open({ gpu, adapter, info }: Candidate): Promise<OpenDevice> {
  const device = await adapter.requestDevice({
    requiredFeatures: [...info.features] as GPUFeatureName[],
    requiredLimits: { ...info.limits },
  })
  const about = adapter.info as DawnAdapterInfo
  const facts: DeviceFacts = {
    backend: 'webgpu',
    name: info.name,
    driver: info.driver,
    features: info.features,
    limits: limitsOf(device.limits),
    subgroup: subgroupOf(about, info.features),
    subgroupMatrices: info.features.includes('chromium-experimental-subgroup-matrix') ? matricesOf(about) : undefined,
    software: info.software,
  }
  return { device, facts, label: `${info.name} (${info.backend})`, faults: new Faults(device), gpu }
}

function matricesOf(about: DawnAdapterInfo): DeviceFacts['subgroupMatrices'] {
  return (about.subgroupMatrixConfigs ?? []).map(({ M, N, K, componentType, resultComponentType }) => {
    return { M, N, K, type: componentType, result: resultComponentType }
  })
}

function subgroupOf(about: GPUAdapterInfo, features: readonly string[]): DeviceFacts['subgroup'] {
  const { subgroupMinSize: min, subgroupMaxSize: max } = about
  return features.includes('subgroups') && min !== undefined && max !== undefined ? { min, max } : undefined
}
