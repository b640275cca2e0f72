// The device's facts → the matrix unit that kernels use, if any: f16 operands, sums in f32. Subgroups multiply whole fragments,
// which live in registers that nobody sees into; they come from and go to memory as `left`, `right` and `result` matrices.
import type { DeviceFacts } from '../facts.ts'
import type { Entry } from './module.ts'

/** Lanes of a subgroup, where the device leaves a choice. */
const usual = 32

/** Fragments: left M x K, right K x N, result M x N, all multiples of 8; `subgroup` lanes share each. */
export interface MatrixUnit {
  readonly M: number
  readonly N: number
  readonly K: number
  readonly subgroup: number
  /** Of the device's largest subgroup, workgroups must be multiples. */
  readonly largest: number
  /** The device has subgroups of several sizes, so that kernels must ask for theirs. */
  readonly sized: boolean
}

/** The largest usable one of those the device lists. None on software: there a scalar kernel is faster. */
export function matrixUnit({ features, subgroup, subgroupMatrices = [], software }: DeviceFacts): MatrixUnit | undefined {
  const needed = ['shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix']
  if (software || !subgroup || !needed.every((feature) => features.includes(feature))) return undefined
  const sized = subgroup.min !== subgroup.max
  if (sized && !features.includes('subgroup-size-control')) return undefined
  const usable = subgroupMatrices.filter(
    ({ M, N, K, type, result }) => type === 'f16' && result === 'f32' && [M, N, K].every((size) => size % 8 === 0),
  )
  const [largest] = usable.sort((a, b) => b.M * b.N * b.K - a.M * a.N * a.K)
  const size = Math.min(Math.max(usual, subgroup.min), subgroup.max)
  return largest && { M: largest.M, N: largest.N, K: largest.K, subgroup: size, largest: subgroup.max, sized }
}

/** What a kernel with matrices needs of its entry point, where `subgroup` is the subgroup's number in the workgroup. */
export function matrixEntry({ subgroup, sized }: MatrixUnit): Entry {
  return {
    enables: ['f16', 'subgroups', 'chromium_experimental_subgroup_matrix', ...(sized ? ['subgroup_size_control'] : [])],
    attributes: sized ? [`@subgroup_size(${subgroup})`] : [],
    builtins: ['@builtin(subgroup_id) subgroup: u32'],
  }
}

/** WGSL: names of the types of fragments. Template arguments are columns, then rows. */
export function matrixAliases({ M, N, K }: MatrixUnit): readonly string[] {
  return [
    `alias Left = subgroup_matrix_left<f16, ${K}, ${M}>;`,
    `alias Right = subgroup_matrix_right<f16, ${N}, ${K}>;`,
    `alias Sums = subgroup_matrix_result<f32, ${N}, ${M}>;`,
  ]
}
