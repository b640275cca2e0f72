// The pieces of WGSL that all attention kernels share: declarations, loads of a row's vec4s, the streamed tiles, sums over lanes.
import { has, type Type } from '../graph/graph.ts'
import { find, strideOf, type Layout } from './attention-layout.ts'
import type { Tile } from './attention-tile.ts'

export interface Operand {
  readonly name: string
  readonly type: Type
  readonly access: 'read' | 'write'
}

/** What the kernels of gradients read and write, in binding order. */
export function operandsOfGradient({ request: { kind, q, k, v, wantDs }, lse, ds }: Layout): readonly Operand[] {
  const read = { q, k, v, lse, delta: lse, dy: q }
  const written: Readonly<Record<string, Type>> = kind === 'dq' ? { dq: q } : { dk: k, dv: v, ...(wantDs && { ds }) }
  const all = (types: Readonly<Record<string, Type>>, access: Operand['access']) =>
    Object.entries(types).map(([name, type]): Operand => ({ name, type, access }))
  return [...all(read, 'read'), ...all(written, 'write')]
}

/** `text` for index 0u … n-1: written out, or as a loop over `index`. */
export function repeat({ unroll }: Tile, index: string, n: number, text: (i: string) => string): string {
  if (unroll) return Array.from({ length: n }, (_, i) => text(`${i}u`)).join('\n')
  return `for (var ${index} = 0u; ${index} < ${n}u; ${index}++) {\n${text(index)}\n}`
}

/** A thread's vector registers, zeroed. */
export function vectors(name: string, { share }: Tile): string {
  return `var ${name} = array<vec4<f32>, ${share}>();`
}

/** The vec4 of a row that is the i-th of the lane's share. */
export function column(i: string, { lanes }: Tile): string {
  return `${i} * ${lanes}u + lane`
}

export const log2e = '1.4426950408889634f'

/** Where a row is contiguous and its length a multiple of 4, the tensor is bound as vec4s. */
export function elementOf({ type }: Operand, { request }: Layout): string {
  return contiguous(type, request.attrs.head) ? `vec4<${type.dtype}>` : type.dtype
}

/**
 * For tensors with head the functions load_<name> or store_<name> of one vec4 of the row that begins at element `at`. Past the row's
 * end zeros are read and nothing is written. Tensors may be f32 or f16: the functions take and give f32.
 */
export function accessors(operands: readonly Operand[], layout: Layout): string {
  return operands
    .filter(({ type }) => has(type, layout.request.attrs.head))
    .map((operand) => accessor(operand, layout))
    .join('\n')
}

function contiguous(type: Type, head: string): boolean {
  const last = type.dims.at(-1)
  return last !== undefined && last.name === head && last.size % 4 === 0
}

function accessor({ name, type, access }: Operand, { request }: Layout): string {
  const { head } = request.attrs
  const size = find(type, head).size
  const step = strideOf(type, head, request.live)
  const element = (i: number) => `${name}[at + (c * 4u + ${i}u) * (${step})]`
  const inside = (i: number) => `if (c * 4u + ${i}u < ${size}u)`
  if (access === 'read') {
    const body = contiguous(type, head)
      ? `if (c < ${size / 4}u) { x = vec4<f32>(${name}[at / 4u + c]); }`
      : four((i) => `${inside(i)} { x[${i}] = f32(${element(i)}); }`)
    return `fn load_${name}(at: u32, c: u32) -> vec4<f32> {\nvar x = vec4<f32>();\n${body}\nreturn x;\n}`
  }
  const body = contiguous(type, head)
    ? `if (c < ${size / 4}u) { ${name}[at / 4u + c] = vec4<${type.dtype}>(x); }`
    : four((i) => `${inside(i)} { ${element(i)} = ${type.dtype}(x[${i}]); }`)
  return `fn store_${name}(at: u32, c: u32, x: vec4<f32>) {\n${body}\n}`
}

function four(text: (i: number) => string): string {
  return [0, 1, 2, 3].map(text).join('\n')
}

/** `let at_<name>`: the element at which row `row` of the slice begins. */
export function rowOf(name: string, type: Type, dim: string, row: string, live: readonly string[]): string {
  return `let at_${name} = base_${name} + ${row} * (${strideOf(type, dim, live)});`
}

/** Workgroup memory: two tiles, the streamed rows' log sum exp and delta, and the lanes' partial sums where there are no shuffles. */
export function workgroupMemory({ tile, vectors, threads, chunk, lanes, shuffle }: Tile, kind: 'forward' | 'dq' | 'dkv'): string {
  const scratch = lanes > 1 && !shuffle
  return [
    `var<workgroup> tile_a: array<vec4<f32>, ${tile * vectors}>;`,
    `var<workgroup> tile_b: array<vec4<f32>, ${tile * vectors}>;`,
    ...(kind === 'dkv' ? [`var<workgroup> tile_lse: array<f32, ${tile}>;`, `var<workgroup> tile_delta: array<f32, ${tile}>;`] : []),
    ...(scratch ? [`var<workgroup> partial: array<f32, ${threads * chunk * (kind === 'forward' ? 1 : 2)}>;`] : []),
  ].join('\n')
}

/** Fills both tiles with rows `start` … of tensors a and b, zeros past row `end`. */
export function loadTiles(a: string, b: string, strideA: string, strideB: string, end: string, { tile, vectors, threads }: Tile): string {
  return `for (var e = thread; e < ${tile * vectors}u; e += ${threads}u) {
let row = e / ${vectors}u;
let c = e % ${vectors}u;
var x = vec4<f32>();
var y = vec4<f32>();
if (start + row < ${end}) {
x = load_${a}(base_${a} + (start + row) * (${strideA}), c);
y = load_${b}(base_${b} + (start + row) * (${strideB}), c);
}
tile_a[e] = x;
tile_b[e] = y;
}`
}

/** `<result>[j]`: the dot product of an owned row's share with the chunk's row j in `tile`, not yet summed over lanes. */
export function dots(result: string, own: string, rows: string, tile: Tile): string {
  return `var ${result} = array<f32, ${tile.chunk}>();
${repeat(tile, 'j', tile.chunk, (j) => repeat(tile, 'i', tile.share, (i) => `${result}[${j}] += dot(${own}[${i}], ${rows}[${place(i, j, tile)}]);`))}`
}

/** `<acc>[i] += Σ over the chunk of <weight>[j] * tile row j`, for each vec4 of the lane's share. */
export function accumulate(acc: string, weight: string, rows: string, tile: Tile): string {
  return repeat(tile, 'j', tile.chunk, (j) =>
    repeat(tile, 'i', tile.share, (i) => `${acc}[${i}] += ${weight}[${j}] * ${rows}[${place(i, j, tile)}];`),
  )
}

function place(i: string, j: string, tile: Tile): string {
  return `first + (${j} * ${tile.vectors}u + ${i} * ${tile.lanes}u)`
}

/** Sums each element of the named chunks over the lanes of a row; every lane gets the same sum, added in the same order. */
export function sumOverLanes(names: readonly string[], tile: Tile): string {
  const { lanes, threads, chunk, shuffle } = tile
  if (lanes === 1) return ''
  const each = (text: (element: string, slot: string) => string) =>
    names.map((name, n) => repeat(tile, 'j', chunk, (j) => text(`${name}[${j}]`, `(${n * chunk}u + ${j}) * ${threads}u`))).join('\n')
  if (shuffle) {
    const steps = Array.from({ length: Math.log2(lanes) }, (_, i) => 2 ** i)
    return each((element) => steps.map((step) => `${element} += subgroupShuffleXor(${element}, ${step}u);`).join('\n'))
  }
  const sum = (slot: string) => Array.from({ length: lanes }, (_, lane) => `partial[${slot} + (thread - lane + ${lane}u)]`).join(' + ')
  return `workgroupBarrier();
${each((element, slot) => `partial[${slot} + thread] = ${element};`)}
workgroupBarrier();
${each((element, slot) => `${element} = ${sum(slot)};`)}`
}
