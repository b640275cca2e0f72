// Attention forward on a matrix unit: S = q kᵀ and O += P v as fragments, the softmax between them lane by lane in base 2.
//   m = a power of two's exponent near the row's maximum, l = Σ exp2(s - m), O = Σ exp2(s - m) v
// Fragments have no rows to scale, so m lags behind: only where the maximum exceeds it by more than 8, which f16 weights up to 256 bear,
// O goes through the pool to be scaled. m is whole, so that scaling is exact and weights round the same whatever m is.
// Keys are a tile ahead of values: while one tile's weights are made, the next keys and these values are stored. Three barriers a tile.
import type { Body } from './attention-module.ts'
import { baseOf, find, gridOf, strideOf, type Layout } from './attention-layout.ts'
import { log2e } from './attention-wgsl.ts'
import type { FlashCut } from './flash-tile.ts'
import {
  accumulate, fetch, fills, lines, overLanes, ownRows, places, position, put, scoreAt, scores, slice, steps, storeRows, storeWeights, sums, throughPool, turns, type Stream,
} from './flash-wgsl.ts' // prettier-ignore
import { range } from './text.ts'

/** By how much scores, in base 2, may exceed the exponent that weights are relative to. */
const slack = 8
/** A score that is hidden, before it is scaled. */
const lowest = '-1e37f'

export const flags = 'var<workgroup> grown: array<atomic<u32>, 2>;'

export function flashForward(layout: Layout, cut: FlashCut): Body {
  const { request, shared, grouped, queries, keys, lse } = layout
  const { attrs, q, k, v, live, facts, wantLse } = request
  const [keyStream, valueStream]: readonly [Stream, Stream] = [
    { tensor: 'k', register: 'a', at: 0 },
    { tensor: 'v', register: 'b', at: cut.pool.second },
  ]
  const load = (stream: Stream, start: string) => fetch(stream, start, 'last_key', cut)
  const main = lines(
    slice('q', q, attrs.query, layout),
    slice('k', k, attrs.key, layout),
    slice('v', v, attrs.key, layout),
    position(cut),
    `let last_key = max(${keys}, 1u) - 1u;`,
    `let end = ${attrs.causal ? `min(${keys}, begin + ${cut.groupRows}u)` : keys};`,
    ownRows('q', `(max(${queries}, 1u) - 1u)`, cut),
    sums('o', cut),
    turns(cut, (t) => `var m_${t} = -1e30f;\nvar l_${t} = 0f;\nlet seen_${t} = ${attrs.causal ? `min(${keys}, own_${t} + 1u)` : keys};`),
    places([keyStream, valueStream], cut),
    load(keyStream, '0u'),
    load(valueStream, '0u'),
    put(keyStream, '0u', cut),
    load(keyStream, `${cut.tile}u`),
    'if (thread == 0u) {\natomicStore(&grown[0], 0u);\natomicStore(&grown[1], 0u);\n}',
    'workgroupBarrier();',
    'var turn: u32 = 0u;',
    `for (var start: u32 = 0u; start < end; start += ${cut.tile}u) {`,
    scores('q', '0u', 0, cut),
    'workgroupBarrier();',
    put(keyStream, '0u', cut),
    put(valueStream, '0u', cut),
    `if (start + ${cut.tile}u < end) {`,
    load(keyStream, `start + ${2 * cut.tile}u`),
    load(valueStream, `start + ${cut.tile}u`),
    '}',
    'if (thread == 0u) { atomicStore(&grown[1u - turn], 0u); }',
    turns(cut, (t) => softmax(t, attrs.scale, attrs.causal || !fills(find(k, attrs.key), cut.tile), cut)),
    // It is a barrier, too. In the first tile there is nothing to scale.
    'if (workgroupUniformLoad(&grown[turn]) != 0u && start != 0u) {',
    throughPool(
      'o',
      cut,
      (t, at) =>
        `pool[${at}] = bitcast<vec4<u32>>(floats(${at}) * decay_${t});\npool[${at} + 1u] = bitcast<vec4<u32>>(floats(${at} + 1u) * decay_${t});`,
      true,
    ),
    '}',
    accumulate('o', 0, `${cut.pool.second}u`, cut),
    'turn = 1u - turn;',
    '}',
    turns(cut, (t) => overLanes(`l_${t}`, (a, b) => `${a} + ${b}`, cut)),
    slice('y', q, attrs.query, layout),
    storeRows('o', 'y', queries, (t) => `(1f / l_${t})`, cut),
    wantLse ? storeLse(layout, cut) : [],
  )
  return {
    operands: [
      { name: 'q', type: q, access: 'read' },
      { name: 'k', type: k, access: 'read' },
      { name: 'v', type: v, access: 'read' },
      { name: 'y', type: q, access: 'write' },
      ...(wantLse ? [{ name: 'lse', type: lse, access: 'write' } as const] : []),
    ],
    grid: gridOf(find(q, attrs.query), cut.groupRows, [...shared, ...grouped], live, facts),
    main,
  }
}

/**
 * A row's weights of the tile, its sum and its maximum so far. `decay_<t>` is what earlier sums are worth now. Scores are scaled where
 * the exponent is taken off, in one step, which is why the scale has to be positive. `hides`: not all columns may be seen.
 */
function softmax(t: number, scale: number, hides: boolean, cut: FlashCut): string {
  const vectors = range(cut.columns / 4)
  const base2 = `(${scale} * ${log2e})`
  return lines(
    hides ? `let left_${t} = i32(seen_${t}) - i32(start + part * ${cut.columns}u);` : [],
    `var top_${t} = ${lowest};`,
    vectors.map((c) => {
      const score = `floats(${scoreAt(t, 0, c, cut)})`
      return `let s_${t}_${c} = ${hides ? `select(vec4<f32>(${lowest}), ${score}, ${steps(c)} < vec4<i32>(left_${t}))` : score};
top_${t} = max(top_${t}, max(max(s_${t}_${c}.x, s_${t}_${c}.y), max(s_${t}_${c}.z, s_${t}_${c}.w)));`
    }),
    overLanes(`top_${t}`, (a, b) => `max(${a}, ${b})`, cut),
    `top_${t} *= ${base2};`,
    `let grows_${t} = top_${t} > m_${t} + ${slack}f;`,
    `let next_${t} = select(m_${t}, ceil(top_${t}), grows_${t});`,
    `let decay_${t} = exp2(m_${t} - next_${t});`,
    `if (grows_${t}) { atomicStore(&grown[turn], 1u); }`,
    `m_${t} = next_${t};`,
    `l_${t} *= decay_${t};`,
    vectors.map(
      (c) =>
        `let p_${t}_${c} = exp2(fma(s_${t}_${c}, vec4<f32>(${base2}), vec4<f32>(-m_${t})));\nl_${t} += dot(p_${t}_${c}, vec4<f32>(1f));`,
    ),
    storeWeights(t, 0, 'p', cut),
  )
}

function storeLse(layout: Layout, cut: FlashCut): string {
  const { lse, queries, request } = layout
  return lines(
    baseOf('lse', lse, layout),
    'if (part == 0u) {',
    turns(
      cut,
      (t) =>
        `if (own_${t} < ${queries}) { lse[base_lse + own_${t} * (${strideOf(lse, request.attrs.query, request.live)})] = (m_${t} + log2(l_${t})) / ${log2e}; }`,
    ),
    '}',
  )
}
