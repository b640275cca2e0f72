// A contract → WGSL: tiles of both operands go through workgroup memory, each thread keeps a block of results in registers.
// Operands may be computed while they are loaded, results while they are stored. Edges are guarded, nothing is padded.
import type { Dim } from '../graph/graph.ts'
import { bug } from '../bug.ts'
import type { Axis } from './address.ts'
import { partDim, type MatmulKernel, type Scalar, type ScalarId } from './kernel.ts'
import { measure } from './measure.ts'
import { Shader, type Context, type Scope } from './shader.ts'
import { bound, groupsFor, sizeOf, sizeText } from './size.ts'
import { matmulTile, type MatmulTile } from './tile.ts'
import type { WrittenKernel } from './written.ts'

export function writeMatmul(kernel: MatmulKernel, context: Context): WrittenKernel {
  return new MatmulWriter(kernel, context).write()
}

/** One operand's way into workgroup memory. */
interface Side {
  readonly name: 'a' | 'b'
  readonly value: ScalarId
  /** Its own dims, and how many of their positions a tile has. */
  readonly dims: readonly Dim[]
  readonly width: number
  /** WGSL: first position of the workgroup. */
  readonly origin: string
}

const component = ['x', 'y', 'z', 'w'] as const

class MatmulWriter {
  private readonly kernel: MatmulKernel
  private readonly context: Context
  private readonly shader: Shader
  private readonly tile: MatmulTile
  private readonly batch: Axis
  private readonly contract: ScalarId
  private readonly sides: readonly [Side, Side]
  /** Accumulating type. */
  private readonly type: string

  constructor(kernel: MatmulKernel, context: Context) {
    this.kernel = kernel
    this.context = context
    this.shader = new Shader(kernel, context)
    const bounds = [kernel.m, kernel.n, kernel.batch].map((dims) => this.bound(dims))
    this.tile = matmulTile(bounds[0]!, bounds[1]!, bounds[2]! * kernel.parts, context.facts)
    const parts: readonly Dim[] = kernel.parts > 1 ? [{ name: partDim, size: kernel.parts }] : []
    this.batch = { dims: [...parts, ...kernel.batch], variable: 'batch' }
    this.contract = kernel.body.findIndex((s) => s.op === 'contract')
    const node = kernel.body[this.contract]!
    if (node.op !== 'contract') bug('a matmul kernel without contract')
    this.type = node.type.dtype === 'f16' ? 'f32' : node.type.dtype
    const [a, b] = node.inputs as readonly [ScalarId, ScalarId]
    this.sides = [
      { name: 'a', value: a, dims: kernel.m, width: this.tile.m, origin: `group.y * ${this.tile.m}u` },
      { name: 'b', value: b, dims: kernel.n, width: this.tile.n, origin: `group.x * ${this.tile.n}u` },
    ]
  }

  write(): WrittenKernel {
    const { kernel, context, shader, tile } = this
    const { live, facts } = context
    const base = shader.scope([this.batch])
    const length = sizeText(sizeOf(kernel.k, live), live)
    base.lines.push('let batch = group.z;', ...this.range(length))
    base.lines.push(`let column = lane % ${tile.n / tile.perThread}u;`, `let line = lane / ${tile.n / tile.perThread}u;`)
    const loop: string[] = []
    for (const side of this.sides) loop.push(...this.fill(base, side))
    loop.push('workgroupBarrier();', ...this.multiply(), 'workgroupBarrier();')
    for (const name of this.accumulators()) base.lines.push(`var ${name}: vec4<${this.type}> = vec4<${this.type}>();`)
    base.lines.push(`for (var k0: u32 = start; k0 < end; k0 += ${tile.k}u) {`, ...loop.map((line) => `  ${line}`), '}')
    this.storeBlock(base)
    const globals = this.sides.map((s) => `var<workgroup> tile_${s.name}: array<vec4<${this.type}>, ${tile.k * this.pitch(s)}>;`)
    const batches = sizeOf(this.batch.dims, live)
    if (bound(batches, live) > facts.limits.maxComputeWorkgroupsPerDimension) bug(`a product in ${bound(batches, live)} batches`)
    return {
      label: kernel.label,
      ...shader.module(this.threads(), globals, base.lines),
      ...measure(kernel, context),
      groups: [groupsFor(sizeOf(kernel.n, live), tile.n, live), groupsFor(sizeOf(kernel.m, live), tile.m, live), groupsFor(batches, 1, live)],
    }
  }

  private threads(): number {
    return (this.tile.m / this.tile.perThread) * (this.tile.n / this.tile.perThread)
  }

  /** Vectors from one k to the next; one more than needed, so that neighbouring k lie in different banks. */
  private pitch(side: Side): number {
    return side.width / 4 + 1
  }

  private bound(dims: readonly Dim[]): number {
    return bound(sizeOf(dims, this.context.live), this.context.live)
  }

  private range(length: string): readonly string[] {
    const { parts } = this.kernel
    if (parts === 1) return ['let start = 0u;', `let end = ${length};`]
    const part = this.shader.indexOf(this.shader.scope([this.batch]), { kind: 'dim', name: partDim })
    return [`let chunk = (${length} + ${parts - 1}u) / ${parts}u;`, `let start = ${part} * chunk;`, `let end = min(start + chunk, ${length});`]
  }

  /** Loads an operand's tile, four neighbours along its own dims to a vector. */
  private fill(base: Scope, side: Side): readonly string[] {
    const { tile, shader } = this
    const { live } = this.context
    const quads = side.width / 4
    const threads = this.threads()
    const lines: string[] = []
    const alongK = this.readsAlongK(side)
    const exactK = this.kernel.parts === 1 && sizeOf(this.kernel.k, live).live.length === 0 && this.bound(this.kernel.k) % tile.k === 0
    const exactWidth = sizeOf(side.dims, live).live.length === 0 && this.bound(side.dims) % side.width === 0
    for (let first = 0; first < quads * tile.k; first += threads) {
      const item = shader.fresh('item')
      const [quad, step, k] = [shader.fresh('quad'), shader.fresh('step'), shader.fresh('k')]
      const guarded = first + threads > quads * tile.k
      const own: string[] = [
        `let ${item} = lane + ${first}u;`,
        `let ${step} = ${alongK ? `${item} % ${tile.k}u` : `${item} / ${quads}u`};`,
        `let ${quad} = ${alongK ? `${item} / ${tile.k}u` : `${item} % ${quads}u`};`,
        // Past the edge a valid element is read and not used.
        `let ${k} = ${exactK ? `k0 + ${step}` : `min(k0 + ${step}, end - 1u)`};`,
      ]
      const scopeK = shader.scope([{ dims: this.kernel.k, variable: k }], base)
      const values = component.map((_, c) => {
        const at = shader.fresh('at')
        const position = `${side.origin} + ${quad} * 4u + ${c}u`
        const inside = shader.scope([{ dims: side.dims, variable: at }], scopeK)
        inside.lines.push(`let ${at} = ${exactWidth ? position : `min(${position}, ${sizeText(sizeOf(side.dims, live), live)} - 1u)`};`)
        const value = shader.value(inside, side.value)
        scopeK.lines.push(...inside.lines)
        return this.converted(value, side.value)
      })
      const vector = `vec4<${this.type}>(${values.join(', ')})`
      own.push(...scopeK.lines)
      own.push(`tile_${side.name}[${step} * ${this.pitch(side)}u + ${quad}] = ${exactK ? vector : `select(vec4<${this.type}>(), ${vector}, k0 + ${step} < end)`};`)
      lines.push(...(guarded ? [`if (lane + ${first}u < ${quads * tile.k}u) {`, ...own.map((line) => `  ${line}`), '}'] : own))
    }
    return lines
  }

  private converted(value: string, id: ScalarId): string {
    const scalar = this.kernel.body[id]!
    const dtype = scalar.op === 'load' ? scalar.dtype : scalar.op === 'coordinate' ? 'i32' : scalar.type.dtype
    return dtype === this.type ? value : `${this.type}(${value})`
  }

  private accumulators(): readonly string[] {
    return this.block((q, c, p) => `sum${q * 4 + c}_${p}`)
  }

  private multiply(): readonly string[] {
    const { tile } = this
    const [a, b] = this.sides
    const steps = range(tile.perThread / 4)
    return [
      `for (var step: u32 = 0u; step < ${tile.k}u; step++) {`,
      ...steps.map((q) => `  let a${q} = tile_a[step * ${this.pitch(a)}u + line + ${(q * tile.m) / tile.perThread}u];`),
      ...steps.map((p) => `  let b${p} = tile_b[step * ${this.pitch(b)}u + column + ${(p * tile.n) / tile.perThread}u];`),
      ...this.block((q, c, p) => `  sum${q * 4 + c}_${p} += a${q}.${component[c]!} * b${p};`),
      '}',
    ]
  }

  /** Each of the thread's rows (vector q, component c) with each vector p of its columns. */
  private block<T>(make: (q: number, c: number, p: number) => T): readonly T[] {
    const vectors = range(this.tile.perThread / 4)
    return vectors.flatMap((q) => range(4).flatMap((c) => vectors.map((p) => make(q, c, p))))
  }

  private storeBlock(base: Scope): void {
    const { shader, tile, kernel } = this
    const { live } = this.context
    const [a, b] = this.sides
    const edge = (dims: readonly Dim[]) => sizeText(sizeOf(dims, live), live)
    const perVector = { m: tile.m / tile.perThread, n: tile.n / tile.perThread }
    const scalar = kernel.body[this.contract]!
    const half = scalar.op === 'contract' && scalar.type.dtype === 'f16'
    for (const q of range(tile.perThread / 4)) {
      for (const c of range(4)) {
        const m = shader.fresh('m')
        const row = shader.scope([{ dims: kernel.m, variable: m }], base)
        const columns: string[] = []
        for (const p of range(tile.perThread / 4)) {
          for (const d of range(4)) {
            const n = shader.fresh('n')
            const cell = shader.scope([{ dims: kernel.n, variable: n }], row)
            const sum = `sum${q * 4 + c}_${p}.${component[d]!}`
            cell.known.set(this.contract, half ? `f16(${sum})` : sum)
            for (const store of kernel.stores) shader.store(cell, store)
            columns.push(`let ${n} = ${b.origin} + (column + ${p * perVector.n}u) * 4u + ${d}u;`, `if (${n} < ${edge(kernel.n)}) {`, ...cell.lines.map((line) => `  ${line}`), '}')
          }
        }
        base.lines.push(
          `let ${m} = ${a.origin} + (line + ${q * perVector.m}u) * 4u + ${c}u;`,
          `if (${m} < ${edge(kernel.m)}) {`,
          ...[...row.lines, ...columns].map((line) => `  ${line}`),
          '}',
        )
      }
    }
  }

  /** Whether neighbours in memory of the operand's largest tensor differ in k, so that threads should too. */
  private readsAlongK(side: Side): boolean {
    const names = new Set(this.kernel.k.map((d) => d.name))
    const seen = new Set<ScalarId>()
    const loads: (Scalar & { op: 'load' })[] = []
    const visit = (id: ScalarId) => {
      if (seen.has(id)) return
      seen.add(id)
      const scalar = this.kernel.body[id]!
      if (scalar.op === 'load') loads.push(scalar)
      else if (scalar.op !== 'coordinate') scalar.inputs.forEach(visit)
    }
    visit(side.value)
    const size = (load: Scalar & { op: 'load' }) => this.bound(this.context.tensors[load.tensor]!.type.dims)
    const largest = loads.reduce((best, load) => (best === undefined || size(load) > size(best) ? load : best), loads[0])
    const last = largest?.index.at(-1)
    return last?.kind === 'dim' && names.has(last.name)
  }
}

function range(n: number): readonly number[] {
  return Array.from({ length: n }, (_, i) => i)
}
