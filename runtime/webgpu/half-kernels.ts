// The smallest plans that show what a device makes of halves: conversions and arithmetic in one, a product of two fragments in the
// other. With each come its inputs, and what the results must be, computed here.
import type { DeviceFacts } from '../../compiler/facts.ts'
import type { Dtype } from '../../compiler/graph/graph.ts'
import { uniform } from '../../compiler/graph/philox.ts'
import type { KernelPlan, TensorSpec, WebgpuPlan } from '../../compiler/plan/plan.ts'
import type { Tensors } from '../backend.ts'
import { floatsOf, halvesOf } from '../half.ts'

export type MatrixConfig = NonNullable<DeviceFacts['subgroupMatrices']>[number]

export interface HalfCase {
  readonly plan: WebgpuPlan
  readonly inputs: Tensors
  readonly expected: Readonly<Record<string, Float32Array>>
  /** What stands at place `i` of a result, for people: `f16(65520)`. */
  readonly describe: (result: string, i: number) => string
}

const count = 64

/** Ties to even, both ends of the range, infinity, subnormals, and numbers without meaning. */
const singles = Float32Array.from({ length: count }, (_, i) => {
  const special = [0, 1 / 3, -1 / 3, 2049, 2051, -2049, 65504, 65519, 65520, -65520, 1e6, Infinity, -Infinity]
  const small = [2 ** -14, 2 ** -24, 1.5 * 2 ** -24, 2.5 * 2 ** -24, -3 * 2 ** -16, 2 ** -26]
  const random = (uniform(1, 0, 0, 0, 0, i) - 0.5) * 2 ** (1 + Math.floor(40 * uniform(2, 0, 0, 0, 0, i)) - 24)
  return [...special, ...small][i] ?? random
})
const halves = floatsOf(
  Uint16Array.from({ length: count }, (_, i) => [0, 1, 0x3ff, 0x400, 0x7bff, 0x7c00, 0xfc00][i] ?? (i * 997) % 0x7c00),
)
const fused = Float32Array.from({ length: count }, (_, i) => (i - 32) * (1 + (i % 8) / 8) + (100 - i))

const conversions: KernelPlan = {
  label: 'halves',
  wgsl: `enable f16;
@group(0) @binding(0) var<storage, read> singles: array<f32>;
@group(0) @binding(1) var<storage, read> halves: array<f16>;
@group(0) @binding(2) var<storage, read> quads: array<vec2<u32>>;
@group(0) @binding(3) var<storage, read_write> stored: array<f16>;
@group(0) @binding(4) var<storage, read_write> packed: array<vec2<u32>>;
@group(0) @binding(5) var<storage, read_write> widened: array<f32>;
@group(0) @binding(6) var<storage, read_write> unpacked: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> fused: array<f16>;
@compute @workgroup_size(${count})
fn main(@builtin(local_invocation_index) i: u32) {
  stored[i] = f16(singles[i]);
  widened[i] = f32(halves[i]);
  fused[i] = fma(f16(i) - 32.0h, 1.0h + f16(i % 8u) / 8.0h, 100.0h - f16(i));
  if (i < ${count / 4}u) {
    let four = vec4<f32>(singles[4u * i], singles[4u * i + 1u], singles[4u * i + 2u], singles[4u * i + 3u]);
    packed[i] = bitcast<vec2<u32>>(vec4<f16>(four));
    unpacked[i] = vec4<f32>(bitcast<vec4<f16>>(quads[i]));
  }
}`,
  bindings: ['read', 'read', 'read', 'write', 'write', 'write', 'write', 'write'],
  flops: 0,
  bytes: 0,
}

/** Conversions both ways, stored and packed, and a multiplication with addition. */
export const conversionCase: HalfCase = {
  plan: planOf(
    conversions,
    [tensor('singles', 'f32', count), tensor('halves', 'f16', count)],
    [
      tensor('stored', 'f16', count),
      tensor('packed', 'f16', count),
      tensor('widened', 'f32', count),
      tensor('unpacked', 'f32', count),
      tensor('fused', 'f16', count),
    ],
    [0, 1, 1, 2, 3, 4, 5, 6],
  ),
  inputs: { singles, halves },
  expected: { stored: floatsOf(halvesOf(singles)), packed: floatsOf(halvesOf(singles)), widened: halves, unpacked: halves, fused },
  describe: (result, i) => {
    if (result === 'fused') return `fma(${i - 32}, ${1 + (i % 8) / 8}, ${100 - i})`
    return result === 'stored' || result === 'packed' ? `f16(${singles[i]})` : `f32(${halves[i]}h)`
  },
}

/** A left times a right fragment, added up twice. A row of large numbers gives sums that only f32 can hold. */
export function matrixCase({ M, N, K }: MatrixConfig, lanes: number): HalfCase {
  const a = Float32Array.from({ length: M * K }, (_, i) => (i < K ? 2048 : ((i * 7) % 17) - 8))
  const b = Float32Array.from({ length: K * N }, (_, i) => (i % N === 0 ? 4 : (((i * 5) % 13) - 6) / 4))
  const c = Float32Array.from({ length: M * N }, (_, i) => {
    const [m, n] = [Math.floor(i / N), i % N]
    let sum = 0
    for (let k = 0; k < K; k++) sum += a[m * K + k]! * b[k * N + n]!
    return 2 * sum
  })
  const product: KernelPlan = {
    label: `${M}x${N}x${K} matrices`,
    wgsl: `enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
@group(0) @binding(0) var<storage, read> a: array<f16>;
@group(0) @binding(1) var<storage, read> b: array<f16>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;
@compute @workgroup_size(${lanes})
fn main() {
  let left = subgroupMatrixLoad<subgroup_matrix_left<f16, ${K}, ${M}>, row_major>(&a, 0u, ${K}u);
  let right = subgroupMatrixLoad<subgroup_matrix_right<f16, ${N}, ${K}>, row_major>(&b, 0u, ${N}u);
  var sum: subgroup_matrix_result<f32, ${N}, ${M}> = subgroup_matrix_result<f32, ${N}, ${M}>();
  sum = subgroupMatrixMultiplyAccumulate(left, right, sum);
  sum = subgroupMatrixMultiplyAccumulate(left, right, sum);
  subgroupMatrixStore<row_major>(&c, 0u, sum, ${N}u);
}`,
    bindings: ['read', 'read', 'write'],
    flops: 0,
    bytes: 0,
  }
  return {
    plan: planOf(product, [tensor('a', 'f16', M * K), tensor('b', 'f16', K * N)], [tensor('c', 'f32', M * N)], [0, 1, 2]),
    inputs: { a, b },
    expected: { c },
    describe: (_, i) => `the sum in row ${Math.floor(i / N)}, column ${i % N}`,
  }
}

function tensor(name: string, dtype: Dtype, size: number): TensorSpec {
  return { name, type: { dtype, dims: [{ name: 'n', size }] } }
}

/** A program of one dispatch of one workgroup. Buffers are the inputs, then the results. */
function planOf(kernel: KernelPlan, inputs: readonly TensorSpec[], results: readonly TensorSpec[], buffers: readonly number[]): WebgpuPlan {
  const all = [...inputs, ...results]
  const bytes = ({ type }: TensorSpec) => type.dims[0]!.size * (type.dtype === 'f16' ? 2 : 4)
  return {
    target: 'webgpu',
    states: [],
    memory: { states: 0, activations: all.reduce((sum, t) => sum + bytes(t), 0), largest: { name: '', bytes: 0 } },
    buffers: all.map((t) => ({ bytes: bytes(t), label: t.name })),
    kernels: [kernel],
    programs: [
      {
        name: kernel.label,
        inputs,
        results,
        states: [],
        live: [],
        steps: [{ kernel: 0, buffers, groups: [1, 1, 1] }],
        inputBuffers: inputs.map((_, i) => i),
        resultBuffers: results.map((_, i) => inputs.length + i),
      },
    ],
  }
}
