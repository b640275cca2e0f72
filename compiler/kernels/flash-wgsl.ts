// The pieces of WGSL that all attention kernels on matrix units share. A subgroup's own rows are left fragments in registers; streamed
// tiles lie in `pool`, workgroup memory that holds whatever passes between fragments and lanes as vec4<u32>: eight f16 or four f32.
// Lanes see scores, never fragments: `line_<t>` is the row of the subgroup that a lane looks at in turn t, `part` its share of the columns.
import { originOf, strideOf, type Layout } from './attention-layout.ts'
import type { Dim, Type } from '../graph/graph.ts'
import type { FlashCut } from './flash-tile.ts'
import { firstHalves } from './rows.ts'
import { range } from './text.ts'

/** A tensor that streams past: `register` names the variables that hold its next tile, `at` is its place in a stage of the pool. */
export interface Stream {
  readonly tensor: string
  readonly register: 'a' | 'b'
  readonly at: number
}

export function lines(...parts: readonly (string | readonly string[])[]): string {
  return parts.flat().join('\n')
}

/** f32s as halves, the second four in front where they are swapped, and the lanes' vec4s of scores and sums in the pool. */
export const functions = `fn halves(a: vec4<f32>, b: vec4<f32>) -> vec4<u32> {
return vec4<u32>(pack2x16float(a.xy), pack2x16float(a.zw), pack2x16float(b.xy), pack2x16float(b.zw));
}
fn ordered(a: vec4<f32>, b: vec4<f32>, swap: u32) -> vec4<u32> {
let both = halves(a, b);
return select(both, both.zwxy, swap == 1u);
}
fn floats(at: u32) -> vec4<f32> {
return bitcast<vec4<f32>>(pool[at]);
}`

/** `base_<tensor>` and `step_<tensor>`: its slice's first vec4, and vec4s from a row to the next. */
export function slice(tensor: string, type: Type, dim: string, layout: Layout): string {
  return `let base_${tensor} = (${originOf(type, layout)}) / 8u;
let step_${tensor} = ${strideOf(type, dim, layout.request.live)} / 8u;`
}

/** A vec4 of a row in memory: zeros where the head has ended and fragments have not. */
function vector(tensor: string, row: string, column: string, { head, filled }: FlashCut): string {
  const element = (at: string) => `${tensor}[base_${tensor} + ${row} * step_${tensor} + ${at}]`
  if (filled === head) return element(column)
  const last = Math.ceil(filled / 8) - 1
  const own = filled % 8 === 0 ? '' : ` & select(${firstHalves(8)}, ${firstHalves(filled % 8)}, ${column} == ${last}u)`
  return `select(vec4<u32>(), ${element(`min(${column}, ${last}u)`)}${own}, ${column} <= ${last}u)`
}

/**
 * Where a lane stands. `own_<t>` is the number of its row among all. Eight neighbours read a vec4 each, of eight rows, which begin two
 * banks of a vec4 apart: the fifth row meets the first. So every other four lanes take the second of two vec4s first, and find it in
 * the banks between. That is their `swap`.
 */
export function position(cut: FlashCut): string {
  const { groupRows, rows, lanes, unit, pool, turns } = cut
  const each = unit.subgroup / lanes
  return lines(
    `let begin = group.x * ${groupRows}u;`,
    `let part = lane / ${each}u;`,
    'let swap = lane / 4u % 2u;',
    `let scores = ${pool.scores}u + subgroup * ${pool.scoresEach}u;`,
    `let weights = ${pool.weights}u + subgroup * ${pool.weightsEach}u;`,
    range(turns).map(
      (t) => `let line_${t} = lane % ${each}u + ${t * each}u;
let own_${t} = begin + subgroup * ${rows}u + line_${t};`,
    ),
  )
}

/** Fragments `<tensor>_<block>_<k>` of the workgroup's own rows. Past the end the last row is read, which nobody stores. */
export function ownRows(tensor: string, last: string, cut: FlashCut): string {
  const { groupRows, rows, head, blocks, threads, unit, pitch } = cut
  const vectors = head / 8
  const fragments = range(blocks).flatMap((r) =>
    range(head / unit.K).map((k) => {
      const at = `(subgroup * ${rows}u + ${r * unit.M}u) * ${pitch.row}u + ${(k * unit.K) / 8}u`
      return `let ${tensor}_${r}_${k} = subgroupMatrixLoad<Left, row_major>(&pool, ${at}, ${pitch.row}u);`
    }),
  )
  return lines(
    `for (var e: u32 = thread; e < ${groupRows * vectors}u; e += ${threads}u) {
let row = e / ${vectors}u;
let column = e % ${vectors}u;
pool[row * ${pitch.row}u + column] = ${vector(tensor, `min(begin + row, ${last})`, 'column', cut)};
}
workgroupBarrier();`,
    fragments,
    'workgroupBarrier();',
  )
}

/** Whether tiles of so many rows are always full. */
export function fills({ size, live }: Dim, rows: number): boolean {
  return !live && size % rows === 0
}

/** Sums `<name>_<block>_<column>`, all zero. */
export function sums(name: string, cut: FlashCut): string {
  return lines(eachSum(cut, (r, j) => `var ${name}_${r}_${j}: Sums = Sums();`))
}

function eachSum({ blocks, head, unit }: FlashCut, text: (r: number, j: number) => string): readonly string[] {
  return range(blocks).flatMap((r) => range(head / unit.N).map((j) => text(r, j)))
}

/** vec4s of a tile that a thread carries, the last one perhaps for nothing. */
function carried({ tile, head, threads }: FlashCut): { readonly count: number; readonly whole: boolean } {
  const total = (tile * head) / 8
  return { count: Math.ceil(total / threads), whole: total % threads === 0 }
}

/** A thread's places in a tile, and the variables that carry its vec4s of the next one. */
export function places(streams: readonly Stream[], cut: FlashCut): string {
  const vectors = cut.head / 8
  return lines(
    range(carried(cut).count).map((i) => {
      const e = `(thread + ${i * cut.threads}u)`
      return lines(
        `let row_${i} = ${e} / ${vectors}u;\nlet column_${i} = ${e} % ${vectors}u;`,
        streams.map(({ register }) => `var ${register}_${i}: vec4<u32> = vec4<u32>();`),
      )
    }),
  )
}

/** Starts to read the tile that begins at row `start`. Past the end the last row is read: what is made of it has no weight. */
export function fetch({ tensor, register }: Stream, start: string, last: string, cut: FlashCut): string {
  return lines(
    range(carried(cut).count).map((i) => `${register}_${i} = ${vector(tensor, `min(${start} + row_${i}, ${last})`, `column_${i}`, cut)};`),
  )
}

/** Stores a fetched tile in the pool. */
export function put({ register, at }: Stream, stage: string, cut: FlashCut): string {
  const { count, whole } = carried(cut)
  return lines(
    range(count).map((i) => {
      const store = `pool[${stage} + ${at}u + row_${i} * ${cut.pitch.row}u + column_${i}] = ${register}_${i};`
      return i < count - 1 || whole ? store : `if (row_${i} < ${cut.tile}u) { ${store} }`
    }),
  )
}

/** The subgroup's rows times those of a streamed tile, into its n-th matrix of scores. */
export function scores(own: string, tile: string, n: number, cut: FlashCut): string {
  const { unit, head, blocks, pitch, pool } = cut
  return lines(
    range(cut.tile / unit.N).map((j) =>
      lines(
        '{',
        range(blocks).map((r) => `var sum_${r}: Sums = Sums();`),
        range(head / unit.K).map((k) => {
          const at = `${tile} + ${j * unit.N * pitch.row + (k * unit.K) / 8}u`
          return lines(
            `let right_${k} = subgroupMatrixLoad<Right, col_major>(&pool, ${at}, ${pitch.row}u);`,
            range(blocks).map((r) => `sum_${r} = subgroupMatrixMultiplyAccumulate(${own}_${r}_${k}, right_${k}, sum_${r});`),
          )
        }),
        range(blocks).map((r) => {
          const at = `scores + ${n * pool.score + r * unit.M * pitch.score + (j * unit.N) / 4}u`
          return `subgroupMatrixStore<row_major>(&pool, ${at}, sum_${r}, ${pitch.score}u);`
        }),
        '}',
      ),
    ),
  )
}

/** `<sum> += the subgroup's n-th weights times the rows of a streamed tile`. */
export function accumulate(sum: string, n: number, tile: string, cut: FlashCut): string {
  const { unit, head, blocks, pitch, pool } = cut
  return lines(
    range(cut.tile / unit.K).map((k) =>
      lines(
        '{',
        range(blocks).map((r) => {
          const at = `weights + ${n * pool.weight + r * unit.M * pitch.weight + (k * unit.K) / 8}u`
          return `let left_${r} = subgroupMatrixLoad<Left, row_major>(&pool, ${at}, ${pitch.weight}u);`
        }),
        range(head / unit.N).map((j) => {
          const at = `${tile} + ${k * unit.K * pitch.row + (j * unit.N) / 8}u`
          return lines(
            `let right_${j} = subgroupMatrixLoad<Right, row_major>(&pool, ${at}, ${pitch.row}u);`,
            range(blocks).map((r) => `${sum}_${r}_${j} = subgroupMatrixMultiplyAccumulate(left_${r}, right_${j}, ${sum}_${r}_${j});`),
          )
        }),
        '}',
      ),
    ),
  )
}

/** WGSL for each turn of a lane: of a row of scores, of which its share lies in the n-th matrix at `scoreAt(t, n, c)`. */
export function turns(cut: FlashCut, text: (t: number) => string): string {
  return lines(range(cut.turns).map(text))
}

/** The c-th vec4 that the lane takes of its share in the n-th matrix of scores. What is the same for all of them comes first. */
export function scoreAt(t: number, n: number, c: number, { pitch, columns, pool }: FlashCut): string {
  return `scores + line_${t} * ${pitch.score}u + part * ${columns / 4}u ${swapped(c)} + ${n * pool.score + c}u`
}

/** To be added to c: it and its neighbour change places where the lane swaps. */
export function swapped(c: number): string {
  return c % 2 === 0 ? '+ swap' : '- swap'
}

/** Stores the lane's weights `<name>_<t>_<c>` in the n-th matrix. */
export function storeWeights(t: number, n: number, name: string, { pitch, columns, pool }: FlashCut): string {
  const first = `weights + line_${t} * ${pitch.weight}u + part * ${columns / 8}u`
  return lines(
    range(columns / 8).map(
      (c) => `pool[${first} + ${n * pool.weight + c}u] = ordered(${name}_${t}_${2 * c}, ${name}_${t}_${2 * c + 1}, swap);`,
    ),
  )
}

/** The columns of the c-th vec4 that the lane takes, counted from the first of its share. */
export function steps(c: number): string {
  return `(vec4<i32>(0, 1, 2, 3) + 4 * i32(${c}u ${swapped(c)}))`
}

/** The sum, or whatever else, of a value over the lanes of a row. */
export function overLanes(name: string, combine: (a: string, b: string) => string, { lanes, unit }: FlashCut): string {
  return lines(
    range(Math.log2(lanes)).map((i) => `${name} = ${combine(name, `subgroupShuffleXor(${name}, ${unit.subgroup >> (i + 1)}u)`)};`),
  )
}

/**
 * Sums on their way through the scores' memory, as many columns at a time as fit there. `visit` sees vec4s in pairs: the WGSL names of
 * the first one's place in the pool and of the pair's number in its row. With `back`, sums become what it left there.
 */
export function throughPool(sum: string, cut: FlashCut, visit: (t: number, at: string, pair: string) => string, back = false): string {
  const { unit, head, tile, blocks, lanes, pitch } = cut
  const [all, most] = [head / unit.N, tile / unit.N]
  const place = (r: number, j: number) => `scores + ${r * unit.M * pitch.score + (j * unit.N) / 4}u`
  return lines(
    range(Math.ceil(all / most)).map((chunk) => {
      const columns = range(Math.min(most, all - chunk * most))
      const each = (text: (r: number, j: number, name: string) => string) =>
        range(blocks).flatMap((r) => columns.map((j) => text(r, j, `${sum}_${r}_${chunk * most + j}`)))
      return lines(
        each((r, j, name) => `subgroupMatrixStore<row_major>(&pool, ${place(r, j)}, ${name}, ${pitch.score}u);`),
        'workgroupBarrier();',
        turns(
          cut,
          (t) => `for (var i: u32 = part; i < ${(columns.length * unit.N) / 8}u; i += ${lanes}u) {
let at = scores + line_${t} * ${pitch.score}u + i * 2u;
${visit(t, 'at', `(${(chunk * most * unit.N) / 8}u + i)`)}
}`,
        ),
        'workgroupBarrier();',
        back ? each((r, j, name) => `${name} = subgroupMatrixLoad<Sums, row_major>(&pool, ${place(r, j)}, ${pitch.score}u);`) : [],
        back ? 'workgroupBarrier();' : [],
      )
    }),
  )
}

/** Stores the subgroup's sums, times a factor, as rows of a tensor that has as many as `count`. */
export function storeRows(sum: string, tensor: string, count: string, factor: (t: number) => string, cut: FlashCut): string {
  return throughPool(sum, cut, (t, at, pair) => {
    const value = `halves(floats(${at}) * ${factor(t)}, floats(${at} + 1u) * ${factor(t)})`
    const inside = cut.filled === cut.head ? '' : ` && ${pair} < ${Math.ceil(cut.filled / 8)}u`
    return `if (own_${t} < ${count}${inside}) { ${tensor}[base_${tensor} + own_${t} * step_${tensor} + ${pair}] = ${value}; }`
  })
}
