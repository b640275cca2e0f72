// A device as its driver describes it → what of its halves can be believed. Drivers have been wrong here before, and a wrong
// f16 shows only as a training that goes badly; so each device is tried when it is opened, and what fails is not used.
import type { DeviceFacts } from '../../compiler/facts.ts'
import type { WebgpuPlan } from '../../compiler/plan/plan.ts'
import type { Tensors } from '../backend.ts'
import { Failure } from '../events.ts'
import { conversionCase, matrixCase, type HalfCase, type MatrixConfig } from './half-kernels.ts'

/** Runs the only program of a plan. */
export type Runner = (plan: WebgpuPlan, inputs: Tensors) => Promise<Tensors>

export interface Proven {
  /** Without what failed. */
  readonly facts: DeviceFacts
  /** What is not used and why, for every user to see. */
  readonly losses: readonly string[]
  /** What was found right, for `doctor`. */
  readonly passed: readonly string[]
}

/** Tries f16 where the device has it, and each matrix unit that takes f16 and sums in f32. */
export async function proven(facts: DeviceFacts, run: Runner): Promise<Proven> {
  if (!facts.features.includes('shader-f16')) return { facts, losses: [], passed: [] }
  const basic = await tried(conversionCase, run)
  if (basic.wrong !== undefined) {
    const features = facts.features.filter((name) => name !== 'shader-f16' && name !== 'chromium-experimental-subgroup-matrix')
    return { facts: { ...facts, features, subgroupMatrices: undefined }, losses: [`f16 is not used: ${basic.wrong}`], passed: [] }
  }
  const losses: string[] = []
  const right: MatrixConfig[] = []
  for (const config of facts.subgroupMatrices?.filter(isUsed) ?? []) {
    const { wrong } = await tried(matrixCase(config, facts.subgroup?.max ?? 32), run)
    if (wrong === undefined) right.push(config)
    else losses.push(`matrices of ${sizeOf(config)} are not used: ${wrong}`)
  }
  const units = right.length > 0 ? [`matrices of ${right.map(sizeOf).join(', ')} multiply right`] : []
  return {
    facts: { ...facts, subgroupMatrices: facts.subgroupMatrices && right },
    losses,
    passed: [`f16 rounds to nearest and overflows to infinity; subnormals are ${basic.flushes ? 'flushed to zero' : 'kept'}`, ...units],
  }
}

/** Kernels use no others; see compiler/kernels/matrix-unit.ts. */
function isUsed({ M, N, K, type, result }: MatrixConfig): boolean {
  return type === 'f16' && result === 'f32' && [M, N, K].every((size) => size % 8 === 0)
}

function sizeOf({ M, N, K }: MatrixConfig): string {
  return `${M}x${N}x${K}`
}

/** `wrong`: the first number that is. `flushes`: a subnormal half became zero, which WGSL allows. */
async function tried(test: HalfCase, run: Runner): Promise<{ readonly wrong?: string; readonly flushes: boolean }> {
  let results: Tensors
  try {
    results = await run(test.plan, test.inputs)
  } catch (error) {
    if (error instanceof Failure) throw error
    return { wrong: error instanceof Error ? error.message.split('\n')[0]! : String(error), flushes: false }
  }
  let flushes = false
  for (const [name, expected] of Object.entries(test.expected)) {
    for (const [i, right] of expected.entries()) {
      const got = results[name]![i]!
      if (got === right) continue
      if (got !== 0 || !isSubnormal(right)) return { wrong: `${test.describe(name, i)} is ${got} there, not ${right}`, flushes }
      flushes = true
    }
  }
  return { flushes }
}

function isSubnormal(x: number): boolean {
  return Math.abs(x) < 2 ** -14
}
