// A reduction kernel → WGSL. A workgroup takes a few rows with as many threads each; reductions that need no other run
// in one loop, then those that use their results, and so on; each is finished by a tree in workgroup memory.
// The order of additions depends on sizes alone, so equal inputs give equal bits.
import { bug } from '../bug.ts'
import type { Dim, Dtype } from '../graph/graph.ts'
import { visitIndex, type Axis } from './address.ts'
import { isAccumulated } from './cost.ts'
import { partDim, type ReductionKernel, type Scalar, type ScalarId, type Store } from './kernel.ts'
import { measure } from './measure.ts'
import { Module, type Context } from './module.ts'
import { Shader, type Scope } from './shader.ts'
import { bound, flatGroup, foldedGroups, sizeOf, sizeText, type Size } from './size.ts'
import { reductionTile, type ReductionTile } from './tile.ts'
import type { WrittenKernel } from './written.ts'

export function writeReduction(kernel: ReductionKernel, context: Context): WrittenKernel {
  return new ReductionWriter(kernel, context).write()
}

/** What a reduction's loop keeps: WGSL of its start, of taking in a value at `k`, of uniting two. */
interface Accumulator {
  readonly id: ScalarId
  readonly type: string
  readonly start: string
  readonly name: string
  readonly take: (held: string, args: readonly string[]) => string
  readonly unite: (a: string, b: string) => string
}

class ReductionWriter {
  private readonly kernel: ReductionKernel
  private readonly context: Context
  private readonly shader: Shader
  private readonly tile: ReductionTile
  private readonly rows: Axis
  private readonly over: Axis
  private readonly globals: string[] = []
  /** Per scalar: after how many loops it can be computed. */
  private readonly level: number[] = []

  constructor(kernel: ReductionKernel, context: Context) {
    this.kernel = kernel
    this.context = context
    this.shader = new Shader(kernel, new Module([kernel], context))
    const parts: readonly Dim[] = kernel.parts > 1 ? [{ name: partDim, size: kernel.parts }] : []
    this.rows = { dims: [...parts, ...kernel.rows], variable: 'row' }
    this.over = { dims: kernel.over, variable: 'k' }
    const { live } = context
    this.tile = reductionTile(bound(sizeOf(this.rows.dims, live), live), bound(this.length(), live) / kernel.parts, this.readsAcrossRows())
    for (const scalar of kernel.body) this.level.push(levelOf(scalar, this.level))
  }

  write(): WrittenKernel {
    const { kernel, context, shader, tile } = this
    const rows = sizeOf(this.rows.dims, context.live)
    const scope = shader.scope([this.rows])
    const lanes = `${tile.lanes}u`
    const width = `${tile.rows}u`
    scope.lines.push(
      `let own = ${tile.rowsFastest ? `lane % ${width}` : `lane / ${lanes}`};`,
      `let first = ${tile.rowsFastest ? `lane / ${width}` : `lane % ${lanes}`};`,
      `let wanted = (${flatGroup}) * ${width} + own;`,
      // Threads past the last row do its work once more, so that all of a workgroup meet at the barriers.
      `let row = min(wanted, ${sizeText(rows, context.live)} - 1u);`,
      ...this.range(),
    )
    const inner = kernel.stores.filter((s) => this.runsOver(s))
    const loops = Math.max(
      ...kernel.body.map((s, id) => (isAccumulated(s) ? this.level[id]! : 0)),
      ...inner.map((s) => this.level[s.value]! + 1),
    )
    for (let loop = 0; loop < loops; loop++)
      this.loop(
        scope,
        loop,
        inner.filter((s) => this.loopOf(s, loops) === loop),
      )
    this.storeRows(scope)
    return {
      label: kernel.label,
      ...shader.module.text(tile.rows * tile.lanes, this.globals, scope.lines),
      ...measure([kernel], context),
      groups: foldedGroups(rows, tile.rows, context.live, context.facts.limits.maxComputeWorkgroupsPerDimension),
    }
  }

  private length(): Size {
    return sizeOf(this.kernel.over, this.context.live)
  }

  /** `start` and `end` of k, for the own part where there are parts. */
  private range(): readonly string[] {
    const length = sizeText(this.length(), this.context.live)
    const { parts } = this.kernel
    if (parts === 1) return [`let start = 0u;`, `let end = ${length};`]
    const chunk = `(${length} + ${parts - 1}u) / ${parts}u`
    const part = this.shader.indexOf(this.shader.scope([this.rows]), { kind: 'dim', name: partDim })
    return [`let chunk = ${chunk};`, `let start = ${part} * chunk;`, `let end = min(start + chunk, ${length});`]
  }

  private loop(scope: Scope, loop: number, stores: readonly Store[]): void {
    const { shader, tile } = this
    const accumulators = this.kernel.body.flatMap((s, id) =>
      isAccumulated(s) && this.level[id] === loop + 1 ? [this.accumulator(s, id)] : [],
    )
    const inside = shader.scope([this.over], scope)
    for (const a of accumulators) {
      const scalar = this.kernel.body[a.id]!
      const args = scalar.op === 'load' || scalar.op === 'coordinate' ? [] : scalar.inputs.map((input) => shader.value(inside, input))
      inside.lines.push(`${a.name} = ${a.take(a.name, args)};`)
    }
    const own = shader.scope([], inside)
    for (const store of stores) shader.store(own, store)
    if (stores.length > 0) inside.lines.push('if (wanted == row) {', ...own.lines, '}')
    scope.lines.push(
      ...accumulators.map((a) => `var ${a.name}: ${a.type} = ${a.start};`),
      `for (var k: u32 = start + first; k < end; k += ${tile.lanes}u) {`,
      ...inside.lines.map((line) => `  ${line}`),
      '}',
    )
    for (const a of accumulators) scope.known.set(a.id, this.finish(scope, a))
  }

  /** The tree over a row's lanes; afterwards every thread of the row has the result. */
  private finish(scope: Scope, a: Accumulator): string {
    const { lanes, rows, rowsFastest } = this.tile
    const isArgmax = this.kernel.body[a.id]!.op === 'argmax'
    const result = this.shader.fresh('r')
    if (lanes === 1) {
      scope.lines.push(`let ${result} = ${isArgmax ? `bitcast<i32>(${a.name}.y)` : a.name};`)
      return result
    }
    const shared = this.shader.fresh('shared')
    const step = rowsFastest ? rows : 1
    this.globals.push(`var<workgroup> ${shared}: array<${a.type}, ${rows * lanes}>;`)
    scope.lines.push(`${shared}[lane] = ${a.name};`, 'workgroupBarrier();')
    for (let half = lanes / 2; half >= 1; half /= 2) {
      scope.lines.push(
        `if (first < ${half}u) { ${shared}[lane] = ${a.unite(`${shared}[lane]`, `${shared}[lane + ${half * step}u]`)}; }`,
        'workgroupBarrier();',
      )
    }
    const at = `${shared}[${rowsFastest ? 'own' : `own * ${lanes}u`}]`
    scope.lines.push(`let ${result} = ${isArgmax ? `bitcast<i32>(${at}.y)` : at};`)
    return result
  }

  private storeRows(scope: Scope): void {
    const own = this.shader.scope([], scope)
    for (const store of this.kernel.stores) if (!this.runsOver(store)) this.shader.store(own, store)
    if (own.lines.length > 0) scope.lines.push(`if (first == 0u && wanted == row) {`, ...own.lines.map((line) => `  ${line}`), '}')
  }

  private runsOver(store: Store): boolean {
    return store.index.some((x) => this.kernel.over.some(({ name }) => this.shader.dimsOfIndex(x).has(name)))
  }

  /** As early as its value is there, while its loads are warm; but over a tensor that later loops may read, in the last. */
  private loopOf(store: Store, loops: number): number {
    return this.kernel.body.some((s) => s.op === 'load' && s.tensor === store.tensor) ? loops - 1 : this.level[store.value]!
  }

  private accumulator(scalar: Scalar, id: ScalarId): Accumulator {
    const name = this.shader.fresh('a')
    const dtype: Dtype =
      scalar.op === 'load' || scalar.op === 'coordinate'
        ? 'f32'
        : scalar.op === 'argmax'
          ? dtypeOf(this.kernel.body[scalar.inputs[0]!]!)
          : scalar.type.dtype
    const [low, high] = rangeOf(dtype)
    const joined = (how: (a: string, b: string) => string, start: string): Accumulator => {
      return { id, name, type: dtype, start, take: (held, [x]) => how(held, x!), unite: how }
    }
    if (scalar.op === 'reduce_sum') return joined((a, b) => `${a} + ${b}`, `${dtype}()`)
    if (scalar.op === 'reduce_max') return joined((a, b) => `max(${a}, ${b})`, low)
    if (scalar.op === 'reduce_min') return joined((a, b) => `min(${a}, ${b})`, high)
    if (scalar.op === 'contract') {
      return { ...joined((a, b) => `${a} + ${b}`, `${dtype}()`), take: (held, [x, y]) => `${held} + ${dtype}(${x!}) * ${dtype}(${y!})` }
    }
    if (scalar.op !== 'argmax') return bug(`a reduction kernel cannot reduce by ${scalar.op}`)
    // Value and position side by side in bits; of equal values the lower position wins. Starts below all: minus infinity.
    const value = (pair: string) => `bitcast<${dtype}>(${pair}.x)`
    const better = (a: string, b: string) =>
      `select(${a}, ${b}, ${value(b)} > ${value(a)} || (${value(b)} == ${value(a)} && ${b}.y < ${a}.y))`
    const start = `vec2<u32>(${dtype === 'f32' ? '0xff800000u' : `bitcast<u32>(${low})`}, 0xffffffffu)`
    const take = (held: string, [x]: readonly string[]) => better(held, `vec2<u32>(bitcast<u32>(${x!}), k)`)
    return { id, name, type: 'vec2<u32>', start, take, unite: better }
  }

  /** Whether the largest tensor that the loop reads has a row's dim innermost. */
  private readsAcrossRows(): boolean {
    const names = new Set(this.kernel.over.map((d) => d.name))
    const sizeOfLoad = (s: Scalar) => (s.op === 'load' ? this.context.tensors[s.tensor]!.type.dims.reduce((n, d) => n * d.size, 1) : 0)
    const loads = this.kernel.body.flatMap((s, id) =>
      s.op === 'load' && [...this.shader.dimsOf(id)].some((name) => names.has(name)) ? [s] : [],
    )
    const largest = loads.reduce((best, s) => (best === undefined || sizeOfLoad(s) > sizeOfLoad(best) ? s : best), loads[0])
    const last = largest?.index.findLast((_, i) => this.context.tensors[largest.tensor]!.type.dims[i]!.size > 1)
    return last?.kind === 'dim' && !names.has(last.name)
  }
}

function levelOf(scalar: Scalar, before: readonly number[]): number {
  if (scalar.op === 'coordinate') return 0
  if (scalar.op === 'load') {
    let level = 0
    for (const index of scalar.index)
      visitIndex(
        index,
        () => undefined,
        (of) => (level = Math.max(level, before[of]!)),
      )
    return level
  }
  return Math.max(0, ...scalar.inputs.map((input) => before[input]!)) + (isAccumulated(scalar) ? 1 : 0)
}

function dtypeOf(scalar: Scalar): Dtype {
  return scalar.op === 'load' ? scalar.dtype : scalar.op === 'coordinate' ? 'i32' : scalar.type.dtype
}

/** Least and greatest value; WGSL has no infinities. */
function rangeOf(dtype: Dtype): readonly [string, string] {
  switch (dtype) {
    case 'i32':
      return ['(-2147483647 - 1)', '2147483647']
    case 'u32':
    case 'bool':
      return ['0u', '4294967295u']
    case 'f16':
      return ['-65504.0h', '65504.0h']
    case 'f32':
      return ['-3.4028234663852886e38f', '3.4028234663852886e38f']
  }
}
