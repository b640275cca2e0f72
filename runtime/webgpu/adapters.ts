// Drivers → adapters, best first, each with what the user and the compiler must know of it.
// Every adapter comes from a Dawn instance of its own, opened with the switches that our kernels rely on.
import type { DeviceFacts } from '../../compiler/facts.ts'
import { webgpuMissing } from './messages.ts'
import { drivers, withDriver, type Driver } from './vulkan.ts'

export interface AdapterInfo {
  readonly name: string
  readonly driver: string
  readonly backend: 'Vulkan' | 'Metal' | 'D3D12' | 'unknown'
  /** Computes on the CPU. */
  readonly software: boolean
  /** Those of our interest, in WebGPU's names. */
  readonly features: readonly string[]
  readonly limits?: DeviceFacts['limits']
  readonly usable: boolean
  /** Why it is not usable. */
  readonly reason?: string
}

/** An adapter with the Dawn instance that must outlive it. */
export interface Candidate {
  readonly gpu: GPU
  readonly adapter: GPUAdapter
  readonly info: AdapterInfo & { readonly limits: DeviceFacts['limits'] }
}

/** What Dawn adds to an adapter's info; absent from the standard's types. */
export interface DawnAdapterInfo extends GPUAdapterInfo {
  readonly subgroupMatrixConfigs?: readonly {
    readonly M: number
    readonly N: number
    readonly K: number
    readonly componentType: string
    readonly resultComponentType: string
  }[]
}

type Create = (options: string[]) => GPU

const switches = [
  // Tensor cores are behind allow_unsafe_apis, f16 on NVIDIA behind the second. Workgroup memory starts undefined: our kernels write it
  // before they read it, and clearing it costs time in every workgroup, and seconds in software drivers' compilers.
  'enable-dawn-features=allow_unsafe_apis,vulkan_enable_f16_on_nvidia,disable_workgroup_init',
  'disable-dawn-features=timestamp_quantization',
]
const wanted = ['shader-f16', 'subgroups', 'subgroup-size-control', 'chromium-experimental-subgroup-matrix', 'timestamp-query']
const backends: Readonly<Record<string, AdapterInfo['backend']>> = { vulkan: 'Vulkan', metal: 'Metal', d3d12: 'D3D12' }

/** Every adapter and every driver that gives none, for `doctor`. Fails with webgpu-missing where Dawn itself cannot be loaded. */
export async function listAdapters(): Promise<readonly AdapterInfo[]> {
  const found: AdapterInfo[] = []
  for await (const { driver, candidates } of discover()) {
    found.push(...candidates.map(({ info }) => info))
    if (candidates.length === 0) found.push(without(driver))
  }
  return found
}

/** Drivers by preference, each with its usable and unusable adapters; hardware before software within one driver. */
export async function* discover(): AsyncGenerator<{ readonly driver: Driver; readonly candidates: readonly Candidate[] }> {
  const create = await loadDawn()
  for await (const driver of drivers()) {
    const candidates: Candidate[] = []
    for (const { backend, name } of await namesOf(create, driver)) {
      const gpu = withDriver(driver, () => create([...switches, `backend=${backend}`, `adapter=${name}`]))
      const adapter = await withDriver(driver, () => gpu.requestAdapter({ powerPreference: 'high-performance' }))
      if (adapter) candidates.push({ gpu, adapter, info: describe(adapter, name, backends[backend] ?? 'unknown') })
    }
    yield { driver, candidates: candidates.sort((a, b) => Number(a.info.software) - Number(b.info.software)) }
  }
}

async function loadDawn(): Promise<Create> {
  try {
    const { create } = await import('webgpu')
    return create
  } catch (error) {
    throw webgpuMissing(error)
  }
}

/**
 * The adapters behind a driver. Dawn for Node cannot enumerate, but when it is asked for a name that does not exist its error lists
 * those that do. OpenGL and Direct3D 11 adapters are left out: the same cards again, with less.
 */
async function namesOf(create: Create, driver: Driver): Promise<{ backend: string; name: string }[]> {
  const listed = await withDriver(driver, () => create([...switches, 'adapter=(a list, please)']).requestAdapter()).then(
    () => '',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )
  const found = [...listed.matchAll(/backend: '(\w+)', name: '([^']*)'/g)].map(([, backend, name]) => ({ backend: backend!, name: name! }))
  const unique = new Map(found.map((entry) => [`${entry.backend} ${entry.name}`, entry]))
  return [...unique.values()].filter(({ backend }) => backend in backends)
}

function describe(adapter: GPUAdapter, name: string, backend: AdapterInfo['backend']): Candidate['info'] {
  const complete = adapter.features.has('core-features-and-limits')
  return {
    name,
    driver: adapter.info.description,
    backend,
    software: adapter.info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|basic render/i.test(name),
    features: wanted.filter((feature) => adapter.features.has(feature)),
    limits: limitsOf(adapter.limits),
    usable: complete,
    ...(!complete && { reason: 'the driver lacks what WebGPU requires of every GPU' }),
  }
}

function without(driver: Driver): AdapterInfo {
  const reason = 'no adapter: the driver finds no device, or Dawn refuses it as too old'
  return { name: driver.name, driver: driver.name, backend: 'unknown', software: false, features: [], usable: false, reason }
}

/** The limits that kernels are chosen by. */
export function limitsOf(limits: GPUSupportedLimits): DeviceFacts['limits'] {
  return {
    maxBufferSize: limits.maxBufferSize,
    maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
    maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
    maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
    maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
    maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
    maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
    minStorageBufferOffsetAlignment: limits.minStorageBufferOffsetAlignment,
  }
}
