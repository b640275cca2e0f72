// The GPU made of TypeScript: it computes what WGSL says, and tells what would go wrong on a GPU that nothing guards.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { frontEnd } from './helpers/front-end.ts'
import { dispatch, kernelOf, type Binding, type Grid } from './gpu/dispatch.ts'
import { Watch } from './gpu/watch.ts'

interface Run {
  /** Of a workgroup. */
  readonly lanes?: number
  readonly subgroup?: number
  readonly grid?: Grid
  /** Declarations before `main`. */
  readonly globals?: string
}

function bindingOf(buffer: ArrayBuffer): Binding {
  return { buffer, offset: 0, bytes: buffer.byteLength, name: 'data', watch: new Watch(buffer.byteLength, true) }
}

/** Runs a body on `t: array<u32>`, which Dawn accepts, and returns what it then holds. */
async function run(
  body: string,
  given: Iterable<number>,
  { lanes = 8, subgroup = 4, grid = [1, 1, 1], globals = '' }: Run = {},
): Promise<number[]> {
  const wgsl = `enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
@group(0) @binding(0) var<storage, read_write> t: array<u32>;
var<workgroup> w: array<u32, 8>;
${globals}
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) i: u32, @builtin(subgroup_id) subgroup: u32) {
${body}
}`
  assert.deepEqual(await (await frontEnd())(wgsl), [], wgsl)
  const data = Uint32Array.from(given)
  dispatch(kernelOf('kernel', wgsl), [bindingOf(data.buffer)], grid, subgroup)
  return [...data]
}

const none = Array<number>(8).fill(0)

describe('it computes', () => {
  const float = (x: number) => new Uint32Array(Float32Array.of(x).buffer)[0]!
  const results: Readonly<Record<string, readonly [body: string, expected: number]>> = {
    'integers that wrap': ['t[i] = (0u - 1u) * 3u + 7u / 2u;', 0],
    'signed integers': ['t[i] = bitcast<u32>((i32(i % 2u) - 8) / 3 % 2 + i32(7u));', 7],
    'floats of 32 bits': ['t[i] = bitcast<u32>(16777216f + 1f);', float(2 ** 24)],
    'halves': ['t[i] = u32(f32(f16(2049f) + 0.5h));', 2048],
    'conversions that saturate': ['var x = -1f; if (i > 100u) { x = 1f; } t[i] = u32(x) + u32(5.9f) + bitcast<u32>(i32(-5.9f)) + 5u;', 5],
    'shifts and bits': ['t[i] = ((1u << ((i & 0u) | 4u)) >> 2u) ^ 1u;', 5],
    'vectors, their parts and parts that are stored': ['var v = vec4<u32>(1u, 2u, vec2<u32>(3u, 4u)); v.y += v.wz.y; v[0u] = v.y * 2u; t[i] = v.x + v.y;', 15],
    'what is chosen': ['let v = select(vec2<u32>(1u), vec2<u32>(2u), vec2<bool>(i < 100u, false)); t[i] = 10u * v.x + v.y;', 21],
    'loops': ['var s = 0u; for (var k: u32 = 0u; k < 10u; k++) { if (k == 2u) { continue; } if (k > 4u) { break; } s += k; } while (s < 10u) { s += 5u; } t[i] = s;', 13],
    'arrays of a lane': ['var a: array<u32, 3>; a[1] = 4u; a[i % 2u + 1u] += 1u; let b = array<u32, 2>(7u, 8u); t[i] = a[0] + a[1] + a[2] + b[1];', 13],
    'words of halves': ['t[i] = pack2x16float(vec2<f32>(1f, -2f));', 0xc0003c00],
    'functions': ['t[i] = twice(i * 0u + 4u);', 8],
    'atomics': ['if (i == 0u) { atomicStore(&c, 5u); } workgroupBarrier(); atomicOr(&c, 1u << i); workgroupBarrier(); t[i] = atomicLoad(&c);', 255],
    'what is uniform': ['if (i == 3u) { w[0] = 9u; } t[i] = workgroupUniformLoad(&w[0]);', 9],
  } // prettier-ignore
  for (const [name, [body, expected]] of Object.entries(results)) {
    test(name, async () => {
      const globals = 'var<workgroup> c: atomic<u32>;\nfn twice(x: u32) -> u32 { return x * 2u; }'
      assert.deepEqual(await run(body, none, { globals }), Array(8).fill(expected))
    })
  }

  test('lanes of a subgroup together', async () => {
    assert.deepEqual(await run('t[i] = subgroupShuffleXor(i, 2u) + 10u * subgroup;', none), [2, 3, 0, 1, 16, 17, 14, 15])
  })

  test('a product of matrices of 8 x 16 and 16 x 8, one stored by columns', async () => {
    const globals = `var<workgroup> a: array<vec4<u32>, 16>;
var<workgroup> b: array<vec4<u32>, 16>;
var<workgroup> c: array<vec4<u32>, 16>;
fn pair(x: u32, y: u32) -> u32 { return pack2x16float(vec2<f32>(f32(x), f32(y))); }
fn eight(row: u32, k: u32, step: u32) -> vec4<u32> {
  let x = row + k * step;
  return vec4<u32>(pair(x, x + step), pair(x + 2u * step, x + 3u * step), pair(x + 4u * step, x + 5u * step), pair(x + 6u * step, x + 7u * step));
}`
    // left[m][k] = m + k, right[k][n] = n + 2 k
    const body = `if (i < 8u) { for (var h: u32 = 0u; h < 2u; h++) { a[i * 2u + h] = eight(i, 8u * h, 1u); b[i * 2u + h] = eight(i, 8u * h, 2u); } }
workgroupBarrier();
let left = subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 8>, row_major>(&a, 0u, 2u);
let right = subgroupMatrixLoad<subgroup_matrix_right<f16, 8, 16>, col_major>(&b, 0u, 2u);
var sums = subgroupMatrixMultiplyAccumulate(left, right, subgroup_matrix_result<f32, 8, 8>());
subgroupMatrixStore<row_major>(&c, 0u, sums, 2u);
workgroupBarrier();
if (i < 64u) { t[i] = u32(bitcast<vec4<f32>>(c[i / 4u])[i % 4u]); }`
    const expected = Array.from({ length: 64 }, (_, i) => {
      const [m, n] = [Math.floor(i / 8), i % 8]
      return Array.from({ length: 16 }, (_, k) => (m + k) * (n + 2 * k)).reduce((sum, x) => sum + x)
    })
    const found = await run(body, Array(64).fill(0), { lanes: 64, subgroup: 64, globals })
    assert.deepEqual(found, expected)
  })
})

describe('it tells', () => {
  const faults: Readonly<Record<string, readonly [body: string, message: RegExp, run?: Run]>> = {
    'a load behind the end': ['let x = t[i + 1u]; w[i] = x;', /line \d+: lane 8 accesses 4 bytes outside of 32, at byte 32 of t \(data\)/],
    'a store before the beginning': ['t[i - 1u] = 0u;', /lane 1 accesses 4 bytes outside of 32, at byte 17179869180/],
    'workgroup memory that nobody wrote': ['if (i < 7u) { w[i] = i; } workgroupBarrier(); t[i] = w[i];', /lane 8 reads what nobody wrote, at byte 28 of w/],
    'workgroup memory of the workgroup before': ['if (group.x == 0u) { w[i] = i; } workgroupBarrier(); t[8u * group.x + i] = w[i];', /lane 9 reads what nobody wrote/, { grid: [2, 1, 1] }],
    'a barrier that is missing': ['w[i] = i; t[i] = w[7u - i];', /lane 1 reads what nobody wrote/],
    'a barrier that is missing before what is read is replaced': ['w[i] = i; workgroupBarrier(); let x = w[(i + 1u) % 8u]; w[i] = x; t[i] = x;', /writes what another lane reads/],
    'lanes that store at one place': ['w[0] = i; t[i] = i;', /writes what another lane writes/],
    'lanes of different workgroups that meet': ['t[group.x] = t[7u - group.x];', /reads what another lane writes/, { lanes: 1, grid: [8, 1, 1] }],
    'a barrier of workgroup memory where one of storage is wanted': ['t[i] = i; workgroupBarrier(); w[i] = t[7u - i];', /reads what another lane writes/],
    'a division by zero': ['t[i] = 7u / (i * 0u);', /divided by zero/],
    'a shift by more than a word': ['t[i] = 1u << (i + 30u);', /a shift by 32/],
    'an element behind the end of a lane’s own array': ['var a: array<u32, 3>; a[i] = 1u; t[i] = a[0];', /element 3 of an array of 3/],
  } // prettier-ignore
  for (const [name, [body, message, given]] of Object.entries(faults)) {
    test(name, async () => {
      const length = (given?.grid?.[0] ?? 1) * (given?.lanes ?? 8)
      await assert.rejects(run(body, Array(length).fill(0), given), message)
    })
  }

  test('what the same steps with their barriers do not do', async () => {
    assert.deepEqual(await run('w[i] = i; workgroupBarrier(); t[i] = w[7u - i];', none), [7, 6, 5, 4, 3, 2, 1, 0])
    assert.deepEqual(
      await run('t[i] = i; storageBarrier(); let x = t[7u - i]; storageBarrier(); t[i] = x;', none),
      [7, 6, 5, 4, 3, 2, 1, 0],
    )
  })

  test('lanes of a subgroup that part before they act together', () => {
    // Dawn refuses such a kernel where it can see it.
    const wgsl = `@group(0) @binding(0) var<storage, read_write> t: array<u32>;
@compute @workgroup_size(8)
fn main(@builtin(local_invocation_index) i: u32) { if (i < 4u) { workgroupBarrier(); } t[i] = 1u; }`
    const bindings = [bindingOf(new ArrayBuffer(32))]
    assert.throws(() => dispatch(kernelOf('kernel', wgsl), bindings, [1, 1, 1], 8), /lanes part, at barrier in line 3 and at the end/)
  })
})
