// What this machine's CPU can do, as the compiler wants to know it.
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import type { DeviceFacts } from '../../compiler/facts.ts'

/** Facts of this machine; touches no device. `threads` instead of one per physical core. */
export function cpuFacts(threads: number = physicalCores()): DeviceFacts {
  const model = cpus()[0]?.model.trim() || process.arch
  return {
    backend: 'cpu',
    name: `${model}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    memory: totalmem(),
    threads,
    features: [],
    limits: {
      maxBufferSize: totalmem(),
      maxStorageBufferBindingSize: totalmem(),
      maxComputeWorkgroupStorageSize: 0,
      maxComputeInvocationsPerWorkgroup: 0,
      maxComputeWorkgroupSizeX: 0,
      maxComputeWorkgroupsPerDimension: 0,
      maxStorageBuffersPerShaderStage: 0,
      minStorageBufferOffsetAlignment: 1,
    },
    software: false,
  }
}

/** ONNX Runtime's threads spin while they wait: more of them than cores make it half as fast. */
function physicalCores(): number {
  const allowed = availableParallelism()
  if (process.platform === 'linux') return Math.min(allowed, linuxCores() ?? allowed)
  // Macs with Apple's processors have one thread a core; elsewhere two threads a core are the rule.
  return process.platform === 'darwin' ? allowed : Math.max(1, Math.ceil(allowed / 2))
}

/** Distinct pairs of socket and core in /proc/cpuinfo, where the kernel tells them. */
function linuxCores(): number | undefined {
  try {
    const entries = readFileSync('/proc/cpuinfo', 'utf8').split('\n\n')
    const field = (entry: string, name: string): string | undefined => new RegExp(`^${name}\\s*: (.*)$`, 'm').exec(entry)?.[1]
    const cores = entries.flatMap((e) => (field(e, 'core id') === undefined ? [] : [`${field(e, 'physical id')}/${field(e, 'core id')}`]))
    return cores.length > 0 ? new Set(cores).size : undefined
  } catch {
    return undefined
  }
}
