// A kernel's scalars → WGSL `let`s in nested scopes, and loads and stores of what its module binds.
import { bug } from '../bug.ts'
import type { Node, OpName } from '../graph/graph.ts'
import { nativeName, nativeSource } from '../graph/ops/call.ts'
import { powerSource } from '../graph/ops/elementwise.ts'
import type { Op } from '../graph/ops/op.ts'
import { philoxSource } from '../graph/ops/random.ts'
import { opOf } from '../graph/ops/table.ts'
import { offsetText, indexText, visitIndex, type Axis } from './address.ts'
import type { Index, LoopKernel, ScalarId, Store, TensorId } from './kernel.ts'
import type { Context, Module } from './module.ts'
import { inMemory } from './rows.ts'

/** A block of statements. A scalar is computed in the outermost scope whose axes give all its coordinates, and that no closed one is in. */
export interface Scope {
  readonly axes: readonly Axis[]
  /** Carried out by some threads alone: what it needs is computed in it, unless all have it. */
  readonly closed?: boolean
  readonly lines: string[]
  readonly known: Map<ScalarId, string>
  readonly parent?: Scope
}

export class Shader {
  readonly context: Context
  readonly module: Module
  private readonly kernel: LoopKernel
  private readonly needs: ReadonlySet<string>[] = []
  private counter = 0

  /** `module`: where the kernel's text goes, maybe among others. */
  constructor(kernel: LoopKernel, module: Module) {
    this.kernel = kernel
    this.module = module
    this.context = module.context
    for (const scalar of kernel.body) {
      // A product's sums are known where its results are, though operands may be the same for all of them.
      const isSum = kernel.kind === 'matmul' && scalar.op === 'contract'
      this.needs.push(isSum ? new Set([...kernel.batch, ...kernel.m, ...kernel.n].map((d) => d.name)) : needsOf(scalar, this.needs))
    }
  }

  /** Loop dims whose coordinates a scalar depends on, those of reductions inside it included. */
  dimsOf(id: ScalarId): ReadonlySet<string> {
    return this.needs[id]!
  }

  /** The same of an index. */
  dimsOfIndex(index: Index): ReadonlySet<string> {
    const needs = new Set<string>()
    addNeeds(index, this.needs, needs)
    return needs
  }

  scope(axes: readonly Axis[], parent?: Scope, closed = false): Scope {
    return { axes: [...(parent?.axes ?? []), ...axes], lines: [], known: new Map(), parent, closed }
  }

  /** The WGSL expression of a scalar, computed where need be. Results of reductions must be known to a scope around. */
  value(scope: Scope, id: ScalarId): string {
    for (let at: Scope | undefined = scope; at; at = at.parent) {
      const known = at.known.get(id)
      if (known !== undefined) return known
    }
    const home = this.home(scope, id)
    const text = this.compute(home, id)
    const scalar = this.kernel.body[id]!
    if (scalar.op === 'constant') {
      home.known.set(id, text)
      return text
    }
    const name = this.fresh('v')
    home.lines.push(`let ${name} = ${text};`)
    home.known.set(id, name)
    return name
  }

  store(scope: Scope, store: Store, value = this.value(scope, store.value)): void {
    const stored = this.type(store.tensor).dtype === 'bool' ? `select(0, 1, ${value})` : value
    scope.lines.push(this.module.write(store.tensor, this.place(scope, store.tensor, store.index), stored))
  }

  /** WGSL expression (u32): where an index is in a tensor, counted in its own elements. Dims that the scope has no axis for are at zero. */
  offset(scope: Scope, tensor: TensorId, index: readonly Index[]): string {
    return offsetText(inMemory(this.type(tensor)), index, scope.axes, this.context.live, (id) => this.value(scope, id))
  }

  /** A scalar as an index expression (u32) of this scope. */
  indexOf(scope: Scope, index: Index): string {
    return indexText(index, scope.axes, this.context.live, (id) => this.value(scope, id))
  }

  fresh(prefix: string): string {
    return `${prefix}${this.counter++}`
  }

  /** WGSL (u32): where an index is in a tensor, counted in elements as it is bound. */
  private place(scope: Scope, tensor: TensorId, index: readonly Index[]): string {
    const { count } = this.module.viewOf(tensor)
    const at = this.offset(scope, tensor, index)
    return count === 1 ? at : `(${at}) / ${count}u`
  }

  private type(tensor: TensorId) {
    return this.context.tensors[tensor]!.type
  }

  private home(scope: Scope, id: ScalarId): Scope {
    let home = scope
    for (let at: Scope | undefined = scope; at; at = at.parent) {
      const axes = at.axes
      if ([...this.needs[id]!].every((name) => axes.some((a) => a.dims.some((d) => d.name === name)))) home = at
      if (at.closed) break
    }
    return home
  }

  private compute(scope: Scope, id: ScalarId): string {
    const scalar = this.kernel.body[id]!
    if (scalar.op === 'coordinate') return `i32(${this.indexOf(scope, scalar.index)})`
    if (scalar.op === 'load') {
      const element = this.module.read(scalar.tensor, this.place(scope, scalar.tensor, scalar.index))
      return scalar.dtype === 'bool' ? `(${element} != 0)` : element
    }
    return this.operation(
      scalar,
      scalar.inputs.map((input) => this.value(scope, input)),
    )
  }

  private operation(node: Node, args: readonly string[]): string {
    if (node.op === 'pow') {
      const exponent = this.kernel.body[node.inputs[1]!]!
      const known = exponent.op === 'constant' ? powerText(args[0]!, exponent.attrs.value) : undefined
      if (known !== undefined) return known
      this.module.help(`power of ${node.type.dtype}`, powerSource(node.type.dtype))
    }
    if (node.op === 'uniform') this.module.help('philox', philoxSource)
    if (node.op === 'native')
      this.module.help(nativeName(node.attrs.code, node.attrs.params), nativeSource(node.attrs.name, node.attrs.code, node.attrs.params))
    const { wgsl } = opOf(node.op) as Op<OpName>
    return wgsl ? wgsl(args, node) : bug(`a kernel cannot compute ${node.op} in its body`)
  }
}

/** Constant powers as products and roots, which cost less. */
function powerText(x: string, exponent: number): string | undefined {
  switch (exponent) {
    case 0.5:
      return `sqrt(${x})`
    case -0.5:
      return `inverseSqrt(${x})`
    case -1:
      return `(1.0 / ${x})`
    case -2:
      return `(1.0 / (${x} * ${x}))`
    default:
      return Number.isInteger(exponent) && exponent > 0 && exponent <= 8 ? `(${Array<string>(exponent).fill(x).join(' * ')})` : undefined
  }
}

function addNeeds(index: Index, before: readonly ReadonlySet<string>[], to: Set<string>): void {
  visitIndex(
    index,
    (name) => to.add(name),
    (id) => before[id]!.forEach((name) => to.add(name)),
  )
}

function needsOf(scalar: LoopKernel['body'][number], before: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  const needs = new Set<string>()
  if (scalar.op === 'load') for (const index of scalar.index) addNeeds(index, before, needs)
  else if (scalar.op === 'coordinate') addNeeds(scalar.index, before, needs)
  else {
    for (const input of scalar.inputs) for (const name of before[input]!) needs.add(name)
    if (
      scalar.op === 'reduce_sum' ||
      scalar.op === 'reduce_max' ||
      scalar.op === 'reduce_min' ||
      scalar.op === 'argmax' ||
      scalar.op === 'contract'
    ) {
      for (const name of scalar.attrs.over) needs.delete(name)
    }
  }
  return needs
}
