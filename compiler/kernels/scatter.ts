// A scatter with repeated indices → WGSL. A workgroup owns one destination: it goes through the indices in tiles, marks those
// that meet it and adds their updates in order. So no two threads write the same element, and equal inputs give equal bits.
import { bug } from '../bug.ts'
import type { Axis } from './address.ts'
import type { ScatterKernel } from './kernel.ts'
import { measure } from './measure.ts'
import { Shader, type Context } from './shader.ts'
import { bound, flatGroup, foldedGroups, sizeOf, sizeText, times } from './size.ts'
import { workgroup } from './tile.ts'
import type { WrittenKernel } from './written.ts'

/** Elements of `rest` per thread, at most. */
const most = 4

export function writeScatter(kernel: ScatterKernel, context: Context): WrittenKernel {
  const { live, facts } = context
  const shader = new Shader(kernel, context)
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
  const add = shader.scope([{ dims: kernel.over, variable: 'hit' }], base)
  const additions = elements.flatMap(({ sum, at }) => {
    const one = shader.scope([restAxis(at)], add)
    const value = shader.value(one, updates)
    return [`if (${at} < ${sizeText(rest, live)}) {`, ...one.lines.map((line) => `  ${line}`), `  ${sum} += ${value};`, '}']
  })
  const stores = elements.flatMap(({ sum, at }) => {
    const own = shader.scope([restAxis(at)], base)
    own.known.set(id, sum)
    for (const store of kernel.stores) shader.store(own, store)
    return [`if (${at} < ${sizeText(rest, live)}) {`, ...own.lines.map((line) => `  ${line}`), '}']
  })
  const words = workgroup / 32
  const lines = [
    `let own = ${flatGroup};`,
    `let dest = own / ${slices}u;`,
    `if (dest >= ${sizeText(dest, live)}) { return; }`,
    ...elements.map(({ at }, i) => `let ${at} = (own % ${slices}u) * ${workgroup * perThread}u + ${i * workgroup}u + lane;`),
    ...elements.map(({ sum }) => `var ${sum}: ${node.type.dtype} = ${node.type.dtype}();`),
    ...base.lines,
    `for (var tile: u32 = 0u; tile < ${over}; tile += ${workgroup}u) {`,
    `  if (lane < ${words}u) { atomicStore(&hits[lane], 0u); }`,
    '  workgroupBarrier();',
    '  let k = tile + lane;',
    `  if (k < ${over}) {`,
    ...scan.lines.map((line) => `    ${line}`),
    `    if (${met}) { atomicOr(&hits[lane / 32u], 1u << (lane % 32u)); }`,
    '  }',
    '  workgroupBarrier();',
    `  for (var word: u32 = 0u; word < ${words}u; word++) {`,
    '    var bits: u32 = atomicLoad(&hits[word]);',
    '    while (bits != 0u) {',
    '      let hit = tile + word * 32u + firstTrailingBit(bits);',
    '      bits = bits & (bits - 1u);',
    ...[...add.lines, ...additions].map((line) => `      ${line}`),
    '    }',
    '  }',
    '  workgroupBarrier();',
    '}',
    ...stores,
  ]
  return {
    label: kernel.label,
    ...shader.module(workgroup, [`var<workgroup> hits: array<atomic<u32>, ${words}>;`], lines),
    ...measure(kernel, context),
    groups: foldedGroups(times(dest, { factor: slices, live: [] }), 1, live, facts.limits.maxComputeWorkgroupsPerDimension),
  }
}
