// A reduction kernel → WGSL. A workgroup takes a few rows with as many threads each; reductions that need no other run
// in one loop, then those that use their results, and so on; each is finished by a tree in workgroup memory.
// The order of additions depends on sizes alone, so equal inputs give equal bits.
import { bug } from '../bug.ts'
import type { Dim, Dtype } from '../graph/graph.ts'
import { visitIndex, type Axis } from './address.ts'
import { isAccumulated } from './cost.ts'
import { partDim, type ReductionKernel, type Scalar, type ScalarId, type Store, type TensorId } from './kernel.ts'
import { measure } from './measure.ts'
import { Module, type Context } from './module.ts'
import { Shader, type Scope } from './shader.ts'
import { bound, flatGroup, foldedGroups, hasSpareGroups, sizeOf, sizeText, type Size } from './size.ts'
import { block, indented } from './text.ts'
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
  /** Whether the last workgroup may have threads without a row. */
  private readonly ragged: boolean
  /** Conditions of a thread that has a row. */
  private readonly hasRow: readonly string[]

  constructor(kernel: ReductionKernel, context: Context) {
    this.kernel = kernel
    this.context = context
    this.shader = new Shader(kernel, new Module([kernel], context))
    const parts: readonly Dim[] = kernel.parts > 1 ? [{ name: partDim, size: kernel.parts }] : []
    this.rows = { dims: [...parts, ...kernel.rows], variable: 'row' }
    this.over = { dims: kernel.over, variable: 'k' }
    const { live } = context
    const rows = sizeOf(this.rows.dims, live)
    this.tile = reductionTile(bound(rows, live), bound(this.length(), live) / kernel.parts, this.readsAcrossRows())
    this.ragged = rows.live.length > 0 || rows.factor % this.tile.rows !== 0
    this.hasRow = this.ragged && this.tile.lanes > 1 ? ['wanted == row'] : []
    for (const scalar of kernel.body) this.level.push(levelOf(scalar, this.level))
  }

  write(): WrittenKernel {
    const { kernel, context, shader, tile } = this
    const rows = sizeOf(this.rows.dims, context.live)
    const scope = shader.scope([this.rows])
    scope.lines.push(...this.threads(rows), ...this.range())
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

  /** `row`: that a thread works for. `first`: which of the row's threads it is. */
  private threads(rows: Size): readonly string[] {
    const { live, facts } = this.context
    const { lanes, rows: width, rowsFastest } = this.tile
    const end = sizeText(rows, live)
    const spare = hasSpareGroups(rows, width, live, facts.limits.maxComputeWorkgroupsPerDimension)
    const place = [
      `let own = ${rowsFastest ? `lane % ${width}u` : `lane / ${lanes}u`};`,
      `let first = ${rowsFastest ? `lane / ${width}u` : `lane % ${lanes}u`};`,
      `let begin = (${flatGroup}) * ${width}u;`,
    ]
    // Threads past the last row end at once; where there are barriers, they have nothing to do but to meet the others there.
    const ends = (past: string): readonly string[] => [`if (${past} >= ${end}) { return; }`]
    if (lanes === 1) return [...place, 'let row = begin + own;', ...(this.ragged || spare ? ends('row') : [])]
    const row = this.ragged ? ['let wanted = begin + own;', `let row = min(wanted, ${end} - 1u);`] : ['let row = begin + own;']
    return [...place, ...(spare ? ends('begin') : []), ...row]
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
    for (const store of stores) shader.store(inside, store)
    scope.lines.push(
      ...accumulators.map((a) => `var ${a.name}: ${a.type} = ${a.start};`),
      ...block(this.hasRow, [`for (var k: u32 = start + first; k < end; k += ${tile.lanes}u) {`, ...indented(inside.lines), '}']),
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
    const { lanes } = this.tile
    const own = this.shader.scope([], scope, true)
    const stores = this.kernel.stores.filter((store) => !this.runsOver(store))
    const read = (tensor: TensorId) => this.kernel.body.some((s, id) => s.op === 'load' && s.tensor === tensor && scope.known.has(id))
    // What the row's other threads have read of it, they must have read by now.
    if (lanes > 1 && stores.some(({ tensor }) => read(tensor))) scope.lines.push('storageBarrier();')
    for (const store of stores) this.shader.store(own, store)
    if (own.lines.length > 0) scope.lines.push(...block([...(lanes > 1 ? ['first == 0u'] : []), ...this.hasRow], own.lines))
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
