// A dispatch: workgroups one after another, each with lanes and memory of its own.
import { emit, type Lane, type Program } from './emit.ts'
import { Memory } from './memory.ts'
import { parse } from './parse.ts'
import { Scope } from './scope.ts'
import type { Shader } from './syntax.ts'
import { bytesOf } from './types.ts'
import { Watch } from './watch.ts'
import { runWorkgroup, type Watches } from './workgroup.ts'

export interface Kernel {
  readonly label: string
  readonly shader: Shader
  readonly program: Program
  /** Memory of a workgroup, where a variable of the shader is that, and what watches it. */
  readonly own: readonly (Memory | undefined)[]
  readonly watches: readonly Watch[]
}

/** A buffer's part that a kernel sees. */
export interface Binding {
  readonly buffer: ArrayBuffer
  readonly offset: number
  readonly bytes: number
  readonly name: string
  /** Of the whole buffer. */
  readonly watch: Watch
}

export function kernelOf(label: string, wgsl: string): Kernel {
  const shader = parse(wgsl)
  const scope = new Scope(shader)
  const watches: Watch[] = []
  const own = shader.variables.map(({ name, space, type }) => {
    if (space !== 'workgroup') return undefined
    const bytes = bytesOf(scope.typeOf(type))
    const watch = new Watch(bytes, false)
    watches.push(watch)
    return new Memory(name, new ArrayBuffer(Math.ceil(bytes / 4) * 4), 0, bytes, watch)
  })
  return { label, shader, program: emit(shader), own, watches }
}

export type Grid = readonly [number, number, number]

/** `bindings`: by number. `subgroup`: lanes of one, unless the kernel asks for another size. */
export function dispatch(kernel: Kernel, bindings: readonly Binding[], grid: Grid, subgroup: number): void {
  const { label, shader, program } = kernel
  const watches: Watches = { storage: [], workgroup: kernel.watches }
  const memories = shader.variables.map(({ name, binding, writable }, i) => {
    const own = kernel.own[i]
    if (own) return own
    const { buffer, offset, bytes, name: of, watch } = bindings[binding!]!
    if (writable) watches.storage.push(watch)
    return new Memory(`${name} (${of})`, buffer, offset, bytes, writable ? watch : undefined)
  })
  for (const watch of watches.storage) watch.dispatch()
  const size = shader.subgroup ?? subgroup
  for (let z = 0; z < grid[2]; z++) {
    for (let y = 0; y < grid[1]; y++) {
      for (let x = 0; x < grid[0]; x++) {
        for (const watch of [...watches.storage, ...watches.workgroup]) watch.enter()
        const number = x + grid[0] * (y + grid[1] * z)
        const lanes = Array.from({ length: shader.workgroup }, (_, i): Lane => {
          const builtins = {
            workgroup_id: [x, y, z],
            num_workgroups: grid,
            local_invocation_index: i,
            subgroup_id: Math.floor(i / size),
            subgroup_invocation_id: i % size,
          }
          return { kernel: label, agent: 1 + number * shader.workgroup + i, memories, builtins }
        })
        runWorkgroup(program, lanes, size, watches)
      }
    }
  }
}
