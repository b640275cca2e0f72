// Attention backward on a matrix unit, two kernels without atomics as in attention-backward.ts. Both make P and dS anew:
//   dP = dy vᵀ    P = exp(S - LSE)    dS = P (dP - delta)    dQ = scale Σ_key dS k    dK = scale Σ_query dSᵀ q    dV = Σ_query Pᵀ dy
// dq owns queries and streams keys with their values; dkv owns keys and streams queries with dy, those of one group after another.
// Sums run over the streamed rows in order, whatever the tile: skipped rows and those past the end add zeros.
// Where dkv also leaves dS, as f16 like the weights of its own product, dQ is a plain product of it, and dq is not needed.
import type { Body } from './attention-module.ts'
import { baseOf, coordinates, find, gridOf, strideOf, type Layout } from './attention-layout.ts'
import { log2e, operandsOfGradient } from './attention-wgsl.ts'
import { extentOf } from './extents.ts'
import type { FlashCut } from './flash-tile.ts'
import {
  accumulate, fetch, fills, lines, ownRows, places, position, put, scoreAt, scores, slice, steps, storeRows, storeWeights, sums, swapped, turns,
  type Stream,
} from './flash-wgsl.ts' // prettier-ignore
import { range, when } from './text.ts'

export function flashDq(layout: Layout, cut: FlashCut): Body {
  const { request, shared, grouped, queries, keys, lse } = layout
  const { attrs, q, k, v, live, facts } = request
  const streams: readonly Stream[] = [
    { tensor: 'k', register: 'a', at: 0 },
    { tensor: 'v', register: 'b', at: cut.pool.second },
  ]
  const main = lines(
    slice('q', q, attrs.query, layout),
    slice('dy', q, attrs.query, layout),
    slice('k', k, attrs.key, layout),
    slice('v', v, attrs.key, layout),
    baseOf('lse', lse, layout),
    position(cut),
    `let last_query = max(${queries}, 1u) - 1u;`,
    `let last_key = max(${keys}, 1u) - 1u;`,
    ownRows('q', 'last_query', cut),
    ownRows('dy', 'last_query', cut),
    sums('x', cut),
    turns(
      cut,
      (t) => `let at_${t} = base_lse + min(own_${t}, last_query) * (${strideOf(lse, attrs.query, live)});
let lse_${t} = lse[at_${t}] * ${log2e};
let delta_${t} = delta[at_${t}];
let seen_${t} = ${attrs.causal ? `min(${keys}, own_${t} + 1u)` : keys};`,
    ),
    places(streams, cut),
    stream(cut, {
      from: '0u',
      end: attrs.causal ? `min(${keys}, begin + ${cut.groupRows}u)` : keys,
      fetch: (start) => lines(streams.map((s) => fetch(s, start, 'last_key', cut))),
      put: (stage) => lines(streams.map((s) => put(s, stage, cut))),
      scores: lines(scores('q', 'stage', 0, cut), scores('dy', `stage + ${cut.pool.second}u`, 1, cut)),
      weigh: turns(cut, (t) => weighKeys(t, attrs.scale, attrs.causal || !fills(find(k, attrs.key), cut.tile), cut)),
      accumulate: accumulate('x', 0, 'stage', cut),
    }),
    slice('dq', q, attrs.query, layout),
    storeRows('x', 'dq', queries, () => `${attrs.scale}f`, cut),
  )
  return {
    operands: operandsOfGradient(layout),
    grid: gridOf(find(q, attrs.query), cut.groupRows, [...shared, ...grouped], live, facts),
    main,
  }
}

export function flashDkv(layout: Layout, cut: FlashCut): Body {
  const { request, shared, keys } = layout
  const { attrs, k, v, live, facts } = request
  const main = lines(
    slice('k', k, attrs.key, layout),
    slice('v', v, attrs.key, layout),
    position(cut),
    `let last_key = max(${keys}, 1u) - 1u;`,
    ownRows('k', 'last_key', cut),
    ownRows('v', 'last_key', cut),
    sums('x', cut),
    sums('z', cut),
    eachGroup(layout, streamQueries(layout, cut)),
    slice('dk', k, attrs.key, layout),
    slice('dv', v, attrs.key, layout),
    storeRows('x', 'dk', keys, () => `${attrs.scale}f`, cut),
    storeRows('z', 'dv', keys, () => '1f', cut),
  )
  return {
    operands: operandsOfGradient(layout),
    grid: gridOf(find(k, attrs.key), cut.groupRows, shared, live, facts),
    main,
  }
}

/** `body` for each setting of the dims that only queries have, in order. */
function eachGroup({ grouped, shared, request }: Layout, body: string): string {
  if (grouped.length === 0) return body
  const count = grouped.map((dim) => extentOf(dim, request.live)).join(' * ')
  return lines(
    `for (var member: u32 = 0u; member < ${count}; member++) {`,
    coordinates('member', grouped, shared.length, request.live),
    body,
    '}',
  )
}

function streamQueries(layout: Layout, cut: FlashCut): string {
  const { request, queries, lse, ds } = layout
  const { attrs, q, live, wantDs = false } = request
  const streams: readonly Stream[] = [
    { tensor: 'q', register: 'a', at: 0 },
    { tensor: 'dy', register: 'b', at: cut.pool.second },
  ]
  return lines(
    slice('q', q, attrs.query, layout),
    slice('dy', q, attrs.query, layout),
    wantDs ? slice('ds', ds, attrs.key, layout) : [],
    baseOf('lse', lse, layout),
    `let step_lse = ${strideOf(lse, attrs.query, live)};`,
    `let last_query = max(${queries}, 1u) - 1u;`,
    places(streams, cut),
    eachStatistic(cut, (i) => `var lse_${i}: vec4<f32> = vec4<f32>();\nvar delta_${i}: vec4<f32> = vec4<f32>();`),
    stream(cut, {
      // What is hidden is left as zeros.
      from: attrs.causal && !wantDs ? 'begin' : '0u',
      end: queries,
      fetch: (start) =>
        lines(
          streams.map((s) => fetch(s, start, 'last_query', cut)),
          fetchStatistics(start, cut),
        ),
      put: (stage) =>
        lines(
          streams.map((s) => put(s, stage, cut)),
          putStatistics(stage, cut),
        ),
      scores: lines(scores('k', 'stage', 0, cut), scores('v', `stage + ${cut.pool.second}u`, 1, cut)),
      weigh: turns(cut, (t) => weighQueries(t, layout, cut)),
      accumulate: lines(
        wantDs ? leaveScores(layout, cut) : [],
        accumulate('x', 1, 'stage', cut),
        accumulate('z', 0, `stage + ${cut.pool.second}u`, cut),
      ),
    }),
  )
}

interface Streaming {
  /** Rows, as WGSL: the first one, and one past the last. */
  readonly from: string
  readonly end: string
  readonly fetch: (start: string) => string
  readonly put: (stage: string) => string
  /** Own rows times the tile at `stage`; then weights made of scores, lane by lane; then weights times the tile. */
  readonly scores: string
  readonly weigh: string
  readonly accumulate: string
}

/** Tiles from `start` on, one after another, the next one but one on its way while one is in use. */
function stream({ tile, stages, pool }: FlashCut, { from, end, fetch, put, scores, weigh, accumulate }: Streaming): string {
  const advance = (stage: string) => lines(put(stage), fetch(`start + ${2 * tile}u`))
  const more = `if (start + ${tile}u < end) {`
  return lines(
    `let end = ${end};`,
    fetch(from),
    // The pool may be in use: by the rows that came before.
    'workgroupBarrier();',
    put('0u'),
    fetch(`${from} + ${tile}u`),
    'workgroupBarrier();',
    `${stages === 2 ? 'var' : 'let'} stage: u32 = 0u;`,
    `for (var start: u32 = ${from}; start < end; start += ${tile}u) {`,
    scores,
    'workgroupBarrier();',
    stages === 2 ? lines(`let other = ${pool.stage}u - stage;`, more, advance('other'), '}') : [],
    weigh,
    'workgroupBarrier();',
    accumulate,
    stages === 2 ? 'stage = other;' : lines(more, 'workgroupBarrier();', advance('stage'), 'workgroupBarrier();', '}'),
    '}',
  )
}

/** dS of a query's row. Scores are in base 2. `hides`: not all columns may be seen. */
function weighKeys(t: number, scale: number, hides: boolean, cut: FlashCut): string {
  return lines(
    hides ? `let left_${t} = i32(seen_${t}) - i32(start + part * ${cut.columns}u);` : [],
    range(cut.columns / 4).map((c) => {
      const d = `exp2(${scoreOf(t, c, scale, cut)} - lse_${t}) * (${changeOf(t, c, cut)} - delta_${t})`
      return `let d_${t}_${c} = ${hides ? `select(vec4<f32>(), ${d}, ${steps(c)} < vec4<i32>(left_${t}))` : d};`
    }),
    storeWeights(t, 0, 'd', cut),
  )
}

/** Pᵀ and dSᵀ of a key's row. */
function weighQueries(t: number, { queries, request: { attrs, q } }: Layout, cut: FlashCut): string {
  const first = `i32(start + part * ${cut.columns}u)`
  const ends = !fills(find(q, attrs.query), cut.tile)
  const statistic = (n: number, c: number) =>
    `floats(stage + part * ${cut.columns / 4}u ${swapped(c)} + ${cut.pool.statistics + (n * cut.tile) / 4 + c}u)`
  return lines(
    ends ? `let left_${t} = i32(${queries}) - ${first};` : [],
    attrs.causal ? `let hidden_${t} = i32(own_${t}) - ${first};` : [],
    range(cut.columns / 4).map((c) => {
      const seen = [
        ...(ends ? [`(${steps(c)} < vec4<i32>(left_${t}))`] : []),
        ...(attrs.causal ? [`(${steps(c)} >= vec4<i32>(hidden_${t}))`] : []),
      ]
      const p = `exp2(${scoreOf(t, c, attrs.scale, cut)} - ${statistic(0, c)})`
      return `let p_${t}_${c} = ${seen.length > 0 ? `select(vec4<f32>(), ${p}, ${seen.join(' & ')})` : p};
let d_${t}_${c} = p_${t}_${c} * (${changeOf(t, c, cut)} - ${statistic(1, c)});`
    }),
    storeWeights(t, 0, 'p', cut),
    storeWeights(t, 1, 'd', cut),
  )
}

/** The subgroup's dS to memory, neighbouring lanes neighbours of a key's row, whose queries come in eights. */
function leaveScores({ keys, queries, request: { attrs, q, k } }: Layout, cut: FlashCut): string {
  const { rows, groupRows, tile, unit, pool, pitch } = cut
  const [vectors, all] = [tile / 8, (rows * tile) / 8]
  return lines(
    range(Math.ceil(all / unit.subgroup)).map((i) => {
      const line = `(lane / ${vectors}u + ${(i * unit.subgroup) / vectors}u)`
      const [row, query] = [`(begin + subgroup * ${rows}u + ${line})`, `(start + lane % ${vectors}u * 8u)`]
      const weight = `pool[weights + ${pool.weight}u + ${line} * ${pitch.weight}u + lane % ${vectors}u]`
      const inside = [
        ...(all < unit.subgroup ? [`lane < ${all}u`] : []),
        ...(fills(find(k, attrs.key), groupRows) ? [] : [`${row} < ${keys}`]),
        ...(fills(find(q, attrs.query), tile) ? [] : [`${query} < ${queries}`]),
      ]
      return when(inside, `ds[base_ds + ${row} * step_ds + ${query} / 8u] = ${weight};`)
    }),
  )
}

function scoreOf(t: number, c: number, scale: number, cut: FlashCut): string {
  return `floats(${scoreAt(t, 0, c, cut)}) * (${scale} * ${log2e})`
}

function changeOf(t: number, c: number, cut: FlashCut): string {
  return `floats(${scoreAt(t, 1, c, cut)})`
}

/** Log-sum-exp and delta of a tile's queries: the first threads carry four rows each. */
function eachStatistic({ tile, threads }: FlashCut, text: (i: number) => string): string {
  return lines(range(Math.ceil(tile / 4 / threads)).map(text))
}

function fetchStatistics(start: string, cut: FlashCut): string {
  return eachStatistic(cut, (i) => {
    const at = (n: number) => `base_lse + min(${start} + (thread + ${i * cut.threads}u) * 4u + ${n}u, last_query) * step_lse`
    const four = (name: string) => `vec4<f32>(${range(4).map((n) => `${name}[${at(n)}]`).join(', ')})` // prettier-ignore
    return `if (thread < ${cut.tile / 4 - i * cut.threads}u) {\nlse_${i} = ${four('lse')} * ${log2e};\ndelta_${i} = ${four('delta')};\n}`
  })
}

function putStatistics(stage: string, { tile, threads, pool, ...cut }: FlashCut): string {
  return eachStatistic({ tile, threads, pool, ...cut }, (i) => {
    const at = `${stage} + ${pool.statistics + i * threads}u + thread`
    return `if (thread < ${tile / 4 - i * threads}u) {
pool[${at}] = bitcast<vec4<u32>>(lse_${i});
pool[${at} + ${tile / 4}u] = bitcast<vec4<u32>>(delta_${i});
}`
  })
}
