// What the writers of attention kernels hand over, and the WGSL module made of it.
import type { Grid } from './attention-layout.ts'
import type { Operand } from './attention-wgsl.ts'
import { declareExtents } from './extents.ts'
import type { Entry } from './module.ts'

/** A kernel's bindings in order, its workgroups, and its statements. */
export interface Body {
  readonly operands: readonly Operand[]
  readonly grid: Grid
  readonly main: string
}

export interface AttentionModule extends Body {
  readonly entry: Entry
  readonly threads: number
  /** The WGSL type of the elements that an operand is bound as. */
  readonly element: (operand: Operand) => string
  /** Types, functions and workgroup memory. */
  readonly globals: readonly string[]
}

/** In scope in `main`: `group`, `thread`, and the coordinates of the workgroup's slice. */
export function moduleText({ operands, grid, main, entry, threads, element, globals }: AttentionModule, live: readonly string[]) {
  const body = `${grid.coordinates}\n${main}`
  const usesExtents = body.includes('extents[') || globals.some((text) => text.includes('extents['))
  const halves = operands.some(({ type }) => type.dtype === 'f16') ? ['f16'] : []
  const parameters = ['@builtin(workgroup_id) group: vec3<u32>', '@builtin(local_invocation_index) thread: u32', ...entry.builtins]
  const wgsl = [
    ...new Set([...halves, ...entry.enables].map((name) => `enable ${name};`)),
    ...operands.map((operand, i) => {
      const access = operand.access === 'read' ? 'read' : 'read_write'
      return `@group(0) @binding(${i}) var<storage, ${access}> ${operand.name}: array<${element(operand)}>;`
    }),
    ...(usesExtents ? [declareExtents(operands.length, live)] : []),
    ...globals,
    ['@compute', `@workgroup_size(${threads})`, ...entry.attributes].join(' '),
    `fn main(${parameters.join(', ')}) {`,
    body,
    '}',
    '',
  ].join('\n')
  return { wgsl: wgsl.replace(/\n\n+/g, '\n'), usesExtents }
}
