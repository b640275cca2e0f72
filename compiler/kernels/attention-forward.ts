// Attention forward: each query streams over the keys with an online softmax, so no score is ever stored.
//   m = max so far, l = Σ exp2(s - m), O = Σ exp2(s - m) v; when m grows, l and O shrink by exp2(m_old - m_new).
// Scores are in base 2: q is scaled by scale * log2(e) as it is read. Out: O / l and, if asked for, m + log2(l) as a natural logarithm.
import { baseOf, find, gridOf, strideOf, type Layout } from './attention-layout.ts'
import type { Body } from './attention-module.ts'
import type { Tile } from './attention-tile.ts'
import { accumulate, column, dots, loadTiles, log2e, repeat, rowOf, sumOverLanes, vectors } from './attention-wgsl.ts'

export function forwardBody(layout: Layout, tile: Tile): Body {
  const { request, shared, grouped, queries, keys, lse } = layout
  const { attrs, q, k, v, live, facts, wantLse } = request
  const { lanes, rows, share, chunk } = tile
  const columns = (text: (i: string, c: string) => string) => repeat(tile, 'i', share, (i) => text(i, column(i, tile)))
  const scores = (text: (j: string) => string) => repeat(tile, 'j', chunk, text)
  const end = attrs.causal ? `min(${keys}, begin + ${rows}u)` : keys
  const main = `
${baseOf('q', q, layout)}
${baseOf('k', k, layout)}
${baseOf('v', v, layout)}
let lane = thread % ${lanes}u;
let begin = group.x * ${rows}u;
let own = begin + thread / ${lanes}u;
let valid = own < ${queries};
let seen = ${attrs.causal ? `min(${keys}, own + 1u)` : keys};
${rowOf('q', q, attrs.query, 'own', live)}
${vectors('q', tile)}
${vectors('o', tile)}
if (valid) {
${columns((i, c) => `q[${i}] = load_q(at_q, ${c}) * (${attrs.scale} * ${log2e});`)}
}
var m = -1e30f;
var l = 0f;
let end = ${end};
for (var start = 0u; start < end; start += ${tile.tile}u) {
workgroupBarrier();
${loadTiles('k', 'v', strideOf(k, attrs.key, live), strideOf(v, attrs.key, live), keys, tile)}
workgroupBarrier();
for (var at = 0u; at < ${tile.tile}u && start + at < end; at += ${chunk}u) {
let first = at * ${tile.vectors}u + lane;
${dots('s', 'q', 'tile_a', tile)}
${sumOverLanes(['s'], tile)}
var top = m;
${scores((j) => `s[${j}] = select(-2e30f, s[${j}], start + at + ${j} < seen);\ntop = max(top, s[${j}]);`)}
if (top > m) {
let decay = exp2(m - top);
m = top;
l *= decay;
${columns((i) => `o[${i}] *= decay;`)}
}
${scores((j) => `s[${j}] = exp2(s[${j}] - m);\nl += s[${j}];`)}
${accumulate('o', 's', 'tile_b', tile)}
}
}
if (valid) {
${columns((i, c) => `store_y(at_q, ${c}, o[${i}] / l);`)}
${wantLse ? storeLse(layout) : ''}
}`
  return {
    operands: [
      { name: 'q', type: q, access: 'read' },
      { name: 'k', type: k, access: 'read' },
      { name: 'v', type: v, access: 'read' },
      { name: 'y', type: q, access: 'write' },
      ...(wantLse ? [{ name: 'lse', type: lse, access: 'write' } as const] : []),
    ],
    grid: gridOf(find(q, attrs.query), rows, [...shared, ...grouped], live, facts),
    main,
  }
}

function storeLse(layout: Layout): string {
  const { lse, request } = layout
  return `if (lane == 0u) {
${baseOf('lse', lse, layout)}
${rowOf('lse', lse, request.attrs.query, 'own', request.live)}
lse[at_lse] = (m + log2(l)) / ${log2e};
}`
}
