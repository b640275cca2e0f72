// One WGSL module in the making: which tensors are bound, and as what; helper functions; and in the end its text. Names depend on
// nothing but the order of use, so kernels that do the same in different layers come out as the same text.
import type { DeviceFacts } from '../facts.ts'
import type { Dtype } from '../graph/graph.ts'
import { declareExtents } from './extents.ts'
import type { LoopKernel, Stored, TensorId } from './kernel.ts'
import { bytesOf } from './rows.ts'
import type { LiveDims } from './size.ts'
import { range } from './text.ts'
import { windowBytes, windowFunctions, windowName, windowsOf, type Windows } from './window.ts'

export interface Context {
  readonly facts: DeviceFacts
  readonly tensors: readonly Stored[]
  readonly live: LiveDims
}

export interface Bound {
  readonly tensor: TensorId
  readonly access: 'read' | 'write'
}

/** How a tensor is bound where a kernel takes several elements of it at a time: elements of a WGSL type that hold `count` of its own. */
export interface View {
  readonly element: string
  readonly count: number
}

/** What an entry point needs beyond the usual: lines before all others, attributes, parameters. */
export interface Entry {
  readonly enables: readonly string[]
  readonly attributes: readonly string[]
  readonly builtins: readonly string[]
}

const plain: Entry = { enables: [], attributes: [], builtins: [] }

/** Tensors of kernels that one module computes, in binding order: as bodies read them, then what is only written. Each is bound once. */
export function boundTensors(kernels: readonly LoopKernel[]): readonly Bound[] {
  const written = new Set(kernels.flatMap(({ stores }) => stores.map((s) => s.tensor)))
  const all = [...kernels.flatMap(({ body }) => body.flatMap((s) => (s.op === 'load' ? [s.tensor] : []))), ...written]
  return [...new Set(all)].map((tensor) => ({ tensor, access: written.has(tensor) ? 'write' : 'read' }))
}

export class Module {
  readonly context: Context
  readonly kernels: readonly LoopKernel[]
  private readonly bound: readonly Bound[]
  private readonly helpers = new Map<string, string>()
  private readonly views = new Map<TensorId, View>()

  constructor(kernels: readonly LoopKernel[], context: Context) {
    this.kernels = kernels
    this.context = context
    this.bound = boundTensors(kernels)
  }

  tensors(): readonly TensorId[] {
    return this.bound.map((b) => b.tensor)
  }

  /** WGSL: what stands at a position of a tensor, counted in elements as it is bound. */
  read(tensor: TensorId, at: string): string {
    const { name, count } = this.windows(tensor)
    return count === 1 ? `${name}[${at}]` : `read_${name}(${at})`
  }

  /** WGSL that writes there. */
  write(tensor: TensorId, at: string, value: string): string {
    const { name, count } = this.windows(tensor)
    return count === 1 ? `${name}[${at}] = ${value};` : `write_${name}(${at}, ${value});`
  }

  /** From now on the tensor is bound so. All loads and stores must be at multiples of `count`. */
  view(tensor: TensorId, view: View): void {
    this.views.set(tensor, view)
  }

  viewOf(tensor: TensorId): View {
    return this.views.get(tensor) ?? { element: storageType(this.context.tensors[tensor]!.type.dtype), count: 1 }
  }

  /** A function that several may call is written once. */
  help(name: string, source: string): void {
    this.helpers.set(name, source)
  }

  /** The whole module; `globals` are functions and workgroup variables. `group`, `groups` and `lane` are in scope in `lines`. */
  text(
    workgroup: number,
    globals: readonly string[],
    lines: readonly string[],
    { enables, attributes, builtins }: Entry = plain,
  ): { wgsl: string; bindings: ('read' | 'write' | 'extents')[] } {
    const bound = this.bound.map(({ tensor, access }) => ({ access, windows: this.windows(tensor) }))
    const each = bound.flatMap(({ access, windows: { name, count, element } }) =>
      range(count).map((window) => ({ access, name: windowName(name, window), element })),
    )
    const bindings: ('read' | 'write' | 'extents')[] = each.map(({ access }) => access)
    const head = each.map(
      ({ access, name, element }, i) =>
        `@group(0) @binding(${i}) var<storage, ${access === 'read' ? 'read' : 'read_write'}> ${name}: array<${element}>;`,
    )
    const text = lines.join('\n  ')
    if ([text, ...globals].some((part) => part.includes('extents['))) {
      head.push(
        declareExtents(
          bindings.length,
          this.context.live.live.map((d) => d.name),
        ),
      )
      bindings.push('extents')
    }
    const parameters = [
      '@builtin(workgroup_id) group: vec3<u32>',
      '@builtin(num_workgroups) groups: vec3<u32>',
      '@builtin(local_invocation_index) lane: u32',
      ...builtins,
    ]
    const wgsl = [
      ...new Set([...(this.usesHalves() ? ['f16'] : []), ...enables].map((name) => `enable ${name};`)),
      ...head,
      ...bound.flatMap(({ access, windows }) => (windows.count === 1 ? [] : windowFunctions(windows, access))),
      ...this.helpers.values(),
      ...globals,
      ['@compute', `@workgroup_size(${workgroup})`, ...attributes].join(' '),
      `fn main(${parameters.join(', ')}) {`,
      `  ${text}`,
      '}',
      '',
    ].join('\n')
    return { wgsl, bindings }
  }

  private windows(tensor: TensorId): Windows {
    const { facts, tensors } = this.context
    const { type } = tensors[tensor]!
    const { element, count } = this.viewOf(tensor)
    const bytes = count * bytesOf({ ...type, dims: [] })
    const name = `t${this.bound.findIndex((b) => b.tensor === tensor)}`
    return { name, count: windowsOf(type, facts), length: windowBytes(facts) / bytes, element }
  }

  private usesHalves(): boolean {
    const isHalf = (s: LoopKernel['body'][number]) => s.op !== 'load' && s.op !== 'coordinate' && s.type.dtype === 'f16'
    return (
      this.bound.some((b) => this.context.tensors[b.tensor]!.type.dtype === 'f16') || this.kernels.some(({ body }) => body.some(isHalf))
    )
  }
}

export function storageType(dtype: Dtype): string {
  return dtype === 'bool' ? 'i32' : dtype
}
