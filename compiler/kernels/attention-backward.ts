// Attention backward, two kernels without atomics, so that equal inputs give equal bits. Both recompute P = exp(S - LSE):
//   dP = dy · v    dS = P (dP - delta)    dQ = scale Σ_key dS k    dK = scale Σ_query dS q    dV = Σ_query P dy
// dq owns queries and streams keys; dkv owns keys and streams queries, those of one group after another. Scores are in base 2 as in forward.
// Where dkv also leaves dS, dQ is a plain product of it, and dq is not needed.
import { baseOf, coordinates, find, gridOf, strideOf, type Layout } from './attention-layout.ts'
import type { Body } from './attention-module.ts'
import type { Tile } from './attention-tile.ts'
import { accumulate, column, dots, loadTiles, log2e, repeat, rowOf, operandsOfGradient, sumOverLanes, vectors } from './attention-wgsl.ts'
import { extentOf } from './extents.ts'

/** Scores s and dP of a chunk, summed over the lanes; `q · k` and `dy · v` whichever of them is owned. */
function scores(ownA: string, ownB: string, tile: Tile): string {
  return `${dots('s', ownA, 'tile_a', tile)}\n${dots('p', ownB, 'tile_b', tile)}\n${sumOverLanes(['s', 'p'], tile)}`
}

function columns(tile: Tile, text: (i: string, c: string) => string): string {
  return repeat(tile, 'i', tile.share, (i) => text(i, column(i, tile)))
}

export function dqBody(layout: Layout, tile: Tile): Body {
  const { request, shared, grouped, queries, keys, lse } = layout
  const { attrs, q, k, v, live, facts } = request
  const { lanes, rows, chunk } = tile
  const main = `
${baseOf('q', q, layout)}
${baseOf('k', k, layout)}
${baseOf('v', v, layout)}
${baseOf('lse', lse, layout)}
let lane = thread % ${lanes}u;
let begin = group.x * ${rows}u;
let own = begin + thread / ${lanes}u;
let valid = own < ${queries};
let seen = ${attrs.causal ? `min(${keys}, own + 1u)` : keys};
${rowOf('q', q, attrs.query, 'own', live)}
${['q', 'g', 'x'].map((name) => vectors(name, tile)).join('\n')}
var row_lse = 0f;
var row_delta = 0f;
if (valid) {
${columns(tile, (i, c) => `q[${i}] = load_q(at_q, ${c}) * (${attrs.scale} * ${log2e});\ng[${i}] = load_dy(at_q, ${c});`)}
${rowOf('lse', lse, attrs.query, 'own', live)}
row_lse = lse[at_lse] * ${log2e};
row_delta = delta[at_lse];
}
let end = ${attrs.causal ? `min(${keys}, begin + ${rows}u)` : keys};
for (var start = 0u; start < end; start += ${tile.tile}u) {
workgroupBarrier();
${loadTiles('k', 'v', strideOf(k, attrs.key, live), strideOf(v, attrs.key, live), keys, tile)}
workgroupBarrier();
for (var at = 0u; at < ${tile.tile}u && start + at < end; at += ${chunk}u) {
let first = at * ${tile.vectors}u + lane;
${scores('q', 'g', tile)}
${repeat(tile, 'j', chunk, (j) => `s[${j}] = select(0f, exp2(s[${j}] - row_lse) * (p[${j}] - row_delta), start + at + ${j} < seen);`)}
${accumulate('x', 's', 'tile_a', tile)}
}
}
if (valid) {
${columns(tile, (i, c) => `store_dq(at_q, ${c}, x[${i}] * ${attrs.scale}f);`)}
}`
  return {
    operands: operandsOfGradient(layout),
    grid: gridOf(find(q, attrs.query), rows, [...shared, ...grouped], live, facts),
    main,
  }
}

export function dkvBody(layout: Layout, tile: Tile): Body {
  const { request, shared, keys } = layout
  const { attrs, k, v, live, facts } = request
  const { lanes, rows } = tile
  const main = `
${baseOf('k', k, layout)}
${baseOf('v', v, layout)}
let lane = thread % ${lanes}u;
let begin = group.x * ${rows}u;
let own = begin + thread / ${lanes}u;
let valid = own < ${keys};
${rowOf('k', k, attrs.key, 'own', live)}
${rowOf('v', v, attrs.key, 'own', live)}
${['k', 'v', 'x', 'y'].map((name) => vectors(name, tile)).join('\n')}
if (valid) {
${columns(tile, (i, c) => `k[${i}] = load_k(at_k, ${c}) * (${attrs.scale} * ${log2e});\nv[${i}] = load_v(at_v, ${c});`)}
}
${eachGroup(layout, streamQueries(layout, tile))}
if (valid) {
${columns(tile, (i, c) => `store_dk(at_k, ${c}, x[${i}] * ${attrs.scale}f);\nstore_dv(at_v, ${c}, y[${i}]);`)}
}`
  return {
    operands: operandsOfGradient(layout),
    grid: gridOf(find(k, attrs.key), rows, shared, live, facts),
    main,
  }
}

/** `body` for each setting of the dims that only queries have, in order. */
function eachGroup({ grouped, shared, request }: Layout, body: string): string {
  if (grouped.length === 0) return body
  const count = grouped.map((dim) => extentOf(dim, request.live)).join(' * ')
  return `for (var member = 0u; member < ${count}; member++) {\n${coordinates('member', grouped, shared.length, request.live)}\n${body}\n}`
}

function streamQueries(layout: Layout, tile: Tile): string {
  const { request, queries, lse, ds } = layout
  const { attrs, q, live, wantDs = false } = request
  const { chunk, threads } = tile
  const stride = strideOf(q, attrs.query, live)
  const visible = (j: string) => `start + at + ${j} < ${queries}${attrs.causal ? ` && own <= start + at + ${j}` : ''}`
  return `${baseOf('q', q, layout)}
${baseOf('dy', q, layout)}
${baseOf('lse', lse, layout)}
${wantDs ? `${baseOf('ds', ds, layout)}\n${rowOf('ds', ds, attrs.key, 'own', live)}` : ''}
for (var start = ${attrs.causal && !wantDs ? 'begin' : '0u'}; start < ${queries}; start += ${tile.tile}u) {
workgroupBarrier();
${loadTiles('q', 'dy', stride, stride, queries, tile)}
for (var e = thread; e < ${tile.tile}u; e += ${threads}u) {
var row_lse = 0f;
var row_delta = 0f;
if (start + e < ${queries}) {
${rowOf('lse', lse, attrs.query, '(start + e)', live)}
row_lse = lse[at_lse] * ${log2e};
row_delta = delta[at_lse];
}
tile_lse[e] = row_lse;
tile_delta[e] = row_delta;
}
workgroupBarrier();
for (var at = 0u; at < ${tile.tile}u && start + at < ${queries}; at += ${chunk}u) {
let first = at * ${tile.vectors}u + lane;
${scores('k', 'v', tile)}
${repeat(tile, 'j', chunk, (j) => `s[${j}] = select(0f, exp2(s[${j}] - tile_lse[at + ${j}]), ${visible(j)});\np[${j}] = s[${j}] * (p[${j}] - tile_delta[at + ${j}]);`)}
${wantDs ? leaveScores(layout, tile) : ''}
${accumulate('x', 'p', 'tile_a', tile)}
${accumulate('y', 's', 'tile_b', tile)}
}
}`
}

/** dS of the chunk to memory, where neighbouring queries lie together. */
function leaveScores({ ds, queries }: Layout, tile: Tile): string {
  const store = (j: string) => `if (start + at + ${j} < ${queries}) { ds[at_ds + start + at + ${j}] = ${ds.dtype}(p[${j}]); }`
  return `if (valid && lane == 0u) {\n${repeat(tile, 'j', tile.chunk, store)}\n}`
}
