// Drivers → adapters, best first, each with what the user and the compiler must know of it.
// Every adapter comes from a Dawn instance of its own, opened with the switches that our kernels rely on,
// and on hardware without the guards that would slow them.
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

// Tensor cores are behind allow_unsafe_apis, f16 on NVIDIA behind the second. Workgroup memory starts undefined: our kernels write it
// before they read it, and clearing it costs time in every workgroup, and seconds in software drivers' compilers.
const always = ['allow_unsafe_apis', 'vulkan_enable_f16_on_nvidia', 'disable_workgroup_init']
// Nobody looks after a kernel that leaves its buffers, divides by zero or loops for ever. Our kernels guard what they address themselves.
const unguarded = ['disable_robustness', 'disable_polyfills_on_integer_div_and_mod', 'use_vulkan_memory_model']
const wanted = ['shader-f16', 'subgroups', 'subgroup-size-control', 'chromium-experimental-subgroup-matrix', 'timestamp-query']
const backends: Readonly<Record<string, AdapterInfo['backend']>> = { vulkan: 'Vulkan', metal: 'Metal', d3d12: 'D3D12' }

/**
 * Whether Dawn guards kernels' accesses. On software adapters it does, because there it finds our mistakes; on hardware
 * its clamps and loop counters would stand in every inner loop. SMDMC_ROBUSTNESS=on or off decides for both, to look into a fault.
 */
function isRobust(software: boolean): boolean {
  const wish = process.env['SMDMC_ROBUSTNESS']
  return wish === 'on' || (wish !== 'off' && software)
}

/** Options of a Dawn instance whose devices are guarded or not. */
function switches(robust: boolean): string[] {
  const enabled = robust ? always : [...always, ...unguarded]
  return [`enable-dawn-features=${enabled.join()}`, 'disable-dawn-features=timestamp_quantization']
}

/** Every adapter and every driver that gives none, for `doctor`. Fails with webgpu-missing where Dawn itself cannot be loaded. */
export async function listAdapters(): Promise<readonly AdapterInfo[]> {
  const found: AdapterInfo[] = []
  for await (const { driver, candidates } of discover()) {
    found.push(...candidates.map(({ info }) => info))
    if (candidates.length === 0) found.push(without(driver))
  }
  return found
}

/**
 * Drivers by preference, each with its usable and unusable adapters; hardware before software within one driver.
 * `robust`: whether Dawn guards kernels' accesses, instead of what is right for each adapter.
 */
export async function* discover(robust?: boolean): AsyncGenerator<{ readonly driver: Driver; readonly candidates: readonly Candidate[] }> {
  const create = await loadDawn()
  for await (const driver of drivers()) {
    const candidates: Candidate[] = []
    for (const { backend, name } of await namesOf(create, driver)) {
      const options = switches(robust ?? isRobust(isSoftware(name)))
      const gpu = withDriver(driver, () => create([...options, `backend=${backend}`, `adapter=${name}`]))
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
  const listed = await withDriver(driver, () => create([...switches(true), 'adapter=(a list, please)']).requestAdapter()).then(
    () => '',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )
  const found = [...listed.matchAll(/backend: '(\w+)', name: '([^']*)'/g)].map(([, backend, name]) => ({ backend: backend!, name: name! }))
  const unique = new Map(found.map((entry) => [`${entry.backend} ${entry.name}`, entry]))
  return [...unique.values()].filter(({ backend }) => backend in backends)
}

function isSoftware(name: string): boolean {
  return /swiftshader|llvmpipe|lavapipe|basic render/i.test(name)
}

function describe(adapter: GPUAdapter, name: string, backend: AdapterInfo['backend']): Candidate['info'] {
  const complete = adapter.features.has('core-features-and-limits')
  return {
    name,
    driver: adapter.info.description,
    backend,
    software: adapter.info.isFallbackAdapter || isSoftware(name),
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
