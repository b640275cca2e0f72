// A scatter with repeated indices → WGSL. A workgroup owns one destination: it goes through the indices in tiles, lists those that
// meet it in order and adds their updates in that order, several on their way at once. So no two threads write the same element, and
// equal inputs give equal bits. Half of a noisy batch are masks: one destination's list may be as long as all others together.
import { bug } from '../bug.ts'
import type { Axis } from './address.ts'
import type { ScatterKernel } from './kernel.ts'
import { measure } from './measure.ts'
import { Module, type Context } from './module.ts'
import { Shader } from './shader.ts'
import { bound, flatGroup, foldedGroups, sizeOf, sizeText, times } from './size.ts'
import { indented, range } from './text.ts'
import { workgroup } from './tile.ts'
import type { WrittenKernel } from './written.ts'

/** Elements of `rest` per thread, at most. */
const most = 4
/** Indices that are looked at between barriers, and words of a bit for each. */
const tile = 4 * workgroup
const words = tile / 32
/** Updates that are read before the first of them is added. */
const together = 8

export function writeScatter(kernel: ScatterKernel, context: Context): WrittenKernel {
  const { live, facts } = context
  const shader = new Shader(kernel, new Module([kernel], context))
  const id = kernel.body.findIndex((s) => s.op === 'scatter')
  const node = kernel.body[id]!
  if (node.op !== 'scatter') return bug('a scatter kernel without scatter')
  const [updates, index] = node.inputs as [number, number]
  const dest = sizeOf(kernel.dest, live)
  const rest = sizeOf(kernel.rest, live)
  const over = sizeText(sizeOf(kernel.over, live), live)
  const perThread = Math.min(most, Math.ceil(bound(rest, live) / workgroup))
  const slices = Math.ceil(bound(rest, live) / (workgroup * perThread))
  const elements = Array.from({ length: perThread }, (_, i) => ({ sum: `sum${i}`, at: `rest${i}` }))
  const restAxis = (variable: string): Axis => ({ dims: kernel.rest, variable })

  const base = shader.scope([{ dims: kernel.dest, variable: 'dest' }])
  const scan = shader.scope([{ dims: kernel.over, variable: 'k' }], base)
  const wanted = shader.indexOf(base, { kind: 'dim', name: node.attrs.dim.name })
  const met = `u32(${shader.value(scan, index)}) == ${wanted}`
  const isWhole = rest.live.length === 0 && rest.factor % (workgroup * perThread) === 0
  const inside = (at: string, lines: readonly string[]): readonly string[] =>
    isWhole ? lines : [`if (${at} < ${sizeText(rest, live)}) {`, ...indented(lines), '}']
  /** Lines that add the updates whose indices these variables hold, in order. */
  const additions = (hits: readonly string[]): readonly string[] => {
    const adds = hits.map((variable) => shader.scope([{ dims: kernel.over, variable }], base))
    const sums = elements.flatMap(({ sum, at }) => {
      const ones = adds.map((add) => shader.scope([restAxis(at)], add))
      const values = ones.map((one) => shader.value(one, updates))
      return inside(at, [...ones.flatMap((one) => one.lines), ...values.map((value) => `${sum} += ${value};`)])
    })
    return [...adds.flatMap((add) => add.lines), ...sums]
  }
  // Before the lines of the scopes around are listed: what all updates share is computed there.
  const [several, single] = [additions(range(together).map((i) => `hit${i}`)), additions(['hit'])]
  const stores = elements.flatMap(({ sum, at }) => {
    const own = shader.scope([restAxis(at)], base)
    own.known.set(id, sum)
    for (const store of kernel.stores) shader.store(own, store)
    return inside(at, own.lines)
  })
  const lines = [
    `let own = ${flatGroup};`,
    `let dest = own / ${slices}u;`,
    `if (dest >= ${sizeText(dest, live)}) { return; }`,
    ...elements.map(({ at }, i) => `let ${at} = (own % ${slices}u) * ${workgroup * perThread}u + ${i * workgroup}u + lane;`),
    ...elements.map(({ sum }) => `var ${sum}: ${node.type.dtype} = ${node.type.dtype}();`),
    ...base.lines,
    `for (var tile: u32 = 0u; tile < ${over}; tile += ${tile}u) {`,
    ...indented([
      `if (lane < ${words}u) { atomicStore(&hits[lane], 0u); }`,
      'workgroupBarrier();',
      `for (var at: u32 = lane; at < ${tile}u; at += ${workgroup}u) {`,
      '  let k = tile + at;',
      `  if (k < ${over}) {`,
      ...indented(indented([...scan.lines, `if (${met}) { atomicOr(&hits[at / 32u], 1u << (at % 32u)); }`])),
      '  }',
      '}',
      'workgroupBarrier();',
      ...listing,
      'workgroupBarrier();',
      'let found = count;',
      'var next: u32 = 0u;',
      `for (; next + ${together}u <= found; next += ${together}u) {`,
      ...indented(range(together).map((i) => `let hit${i} = list[next + ${i}u];`)),
      ...indented(several),
      '}',
      'for (; next < found; next++) {',
      ...indented(['let hit = list[next];', ...single]),
      '}',
      'workgroupBarrier();',
    ]),
    '}',
    ...stores,
  ]
  return {
    label: kernel.label,
    ...shader.module.text(workgroup, globals, lines),
    ...measure([kernel], context),
    groups: foldedGroups(times(dest, { factor: slices, live: [] }), 1, live, facts.limits.maxComputeWorkgroupsPerDimension),
  }
}

const globals = [
  `var<workgroup> hits: array<atomic<u32>, ${words}>;`,
  `var<workgroup> list: array<u32, ${tile}>;`,
  'var<workgroup> count: u32;',
]

/** Each lane with a word lists its hits behind those of the words before. */
const listing: readonly string[] = [
  `if (lane < ${words}u) {`,
  ...indented([
    'var to: u32 = 0u;',
    'for (var word: u32 = 0u; word < lane; word++) { to += countOneBits(atomicLoad(&hits[word])); }',
    'var bits: u32 = atomicLoad(&hits[lane]);',
    'while (bits != 0u) {',
    '  list[to] = tile + lane * 32u + firstTrailingBit(bits);',
    '  bits = bits & (bits - 1u);',
    '  to++;',
    '}',
    `if (lane == ${words - 1}u) { count = to; }`,
  ]),
  '}',
]
