// A contract → WGSL: tiles of both operands go through workgroup memory, each thread keeps a block of results in registers.
// Operands may be computed while they are loaded, results while they are stored. Edges are guarded, nothing is padded.
import type { Dim } from '../graph/graph.ts'
import { bug } from '../bug.ts'
import type { Axis } from './address.ts'
import { partDim, type MatmulKernel, type Scalar, type ScalarId } from './kernel.ts'
import { measure } from './measure.ts'
import { Shader, type Context } from './shader.ts'
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
    this.type = node.type.dtype
    const [a, b] = node.inputs as readonly [ScalarId, ScalarId]
    this.sides = [
      { name: 'a', value: a, dims: kernel.m, width: this.tile.m, origin: `group.y * ${this.tile.m}u` },
      { name: 'b', value: b, dims: kernel.n, width: this.tile.n, origin: `group.x * ${this.tile.n}u` },
    ]
  }

  write(): WrittenKernel {
    const { kernel, context, shader, tile } = this
    const { live, facts } = context
    const batches = sizeOf(this.batch.dims, live)
    if (bound(batches, live) > facts.limits.maxComputeWorkgroupsPerDimension) bug(`a product in ${bound(batches, live)} batches`)
    const loop = [...this.sides.flatMap((side) => this.fill(side)), 'workgroupBarrier();', ...this.multiply(), 'workgroupBarrier();']
    const lines = [
      'let batch = group.z;',
      ...this.range(),
      `let column = lane % ${tile.n / tile.perThread}u;`,
      `let line = lane / ${tile.n / tile.perThread}u;`,
      ...this.accumulators().map((name) => `var ${name}: vec4<${this.type}> = vec4<${this.type}>();`),
      `for (var k0: u32 = start; k0 < end; k0 += ${tile.k}u) {`,
      ...indented(loop),
      '}',
      ...this.storeBlock(),
    ]
    const memory = this.sides.map((s) => `var<workgroup> tile_${s.name}: array<vec4<${this.type}>, ${tile.k * this.pitch(s)}>;`)
    return {
      label: kernel.label,
      ...shader.module(
        this.threads(),
        [...memory, ...this.sides.map((side) => this.loader(side)), this.finisher(), this.finisher4()],
        lines,
      ),
      ...measure(kernel, context),
      groups: [
        groupsFor(sizeOf(kernel.n, live), tile.n, live),
        groupsFor(sizeOf(kernel.m, live), tile.m, live),
        groupsFor(batches, 1, live),
      ],
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

  private range(): readonly string[] {
    const length = this.sizeText(this.kernel.k)
    const { parts } = this.kernel
    if (parts === 1) return ['let start = 0u;', `let end = ${length};`]
    const part = this.shader.indexOf(this.shader.scope([this.batch]), { kind: 'dim', name: partDim })
    return [
      `let chunk = (${length} + ${parts - 1}u) / ${parts}u;`,
      `let start = ${part} * chunk;`,
      `let end = min(start + chunk, ${length});`,
    ]
  }

  /** Loads an operand's tile, four neighbours along its own dims to a vector. */
  private fill(side: Side): readonly string[] {
    const { tile } = this
    const quads = side.width / 4
    const total = quads * tile.k
    const threads = this.threads()
    const alongK = this.readsAlongK(side)
    const exact = this.kernel.parts === 1 && this.divides(this.kernel.k, tile.k)
    // Past the edge a valid element is read and not used.
    const elements = component.map((_, c) => {
      const position = c === 0 ? 'at' : `at + ${c}u`
      const valid = this.divides(side.dims, side.width) ? position : `min(${position}, ${this.sizeText(side.dims)} - 1u)`
      return `load_${side.name}(batch, ${valid}, k)`
    })
    const vector = `vec4<${this.type}>(${elements.join(', ')})`
    const body = [
      `let step = ${alongK ? `item % ${tile.k}u` : `item / ${quads}u`};`,
      `let quad = ${alongK ? `item / ${tile.k}u` : `item % ${quads}u`};`,
      `let k = ${exact ? 'k0 + step' : 'min(k0 + step, end - 1u)'};`,
      `let at = ${side.origin} + quad * 4u;`,
      `tile_${side.name}[step * ${this.pitch(side)}u + quad] = ${exact ? vector : `select(vec4<${this.type}>(), ${vector}, k0 + step < end)`};`,
    ]
    return [`for (var item: u32 = lane; item < ${total}u; item += ${threads}u) {`, ...indented(body), '}']
  }

  /** A WGSL function: an operand's element. */
  private loader(side: Side): string {
    const scope = this.shader.scope([this.batch, { dims: side.dims, variable: 'at' }, { dims: this.kernel.k, variable: 'k' }])
    const value = this.shader.value(scope, side.value)
    const scalar = this.kernel.body[side.value]!
    const dtype = scalar.op === 'load' ? scalar.dtype : scalar.op === 'coordinate' ? 'i32' : scalar.type.dtype
    const lines = [...scope.lines, `return ${dtype === this.type ? value : `${this.type}(${value})`};`]
    return functionText(`load_${side.name}(batch: u32, at: u32, k: u32) -> ${this.type}`, lines)
  }

  /** A WGSL function: what becomes of a finished sum. */
  private finisher(): string {
    const { kernel, shader } = this
    const scope = shader.scope([this.batch, { dims: kernel.m, variable: 'm' }, { dims: kernel.n, variable: 'n' }])
    scope.known.set(this.contract, 'sum')
    for (const store of kernel.stores) shader.store(scope, store)
    return functionText(`finish(batch: u32, m: u32, n: u32, sum: ${this.type})`, scope.lines)
  }

  private divides(dims: readonly Dim[], by: number): boolean {
    return sizeOf(dims, this.context.live).live.length === 0 && this.bound(dims) % by === 0
  }

  private sizeText(dims: readonly Dim[]): string {
    return sizeText(sizeOf(dims, this.context.live), this.context.live)
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

  /** A WGSL function: four neighbouring sums, those past the edge left out. */
  private finisher4(): string {
    const { kernel, tile } = this
    const calls = component.map((d, i) => {
      const n = i === 0 ? 'n' : `n + ${i}u`
      const call = `finish(batch, m, ${n}, sum.${d});`
      return this.divides(kernel.n, tile.n) ? call : `if (${n} < ${this.sizeText(kernel.n)}) { ${call} }`
    })
    const guarded = this.divides(kernel.m, tile.m) ? calls : [`if (m < ${this.sizeText(kernel.m)}) {`, ...indented(calls), '}']
    return functionText(`finish4(batch: u32, m: u32, n: u32, sum: vec4<${this.type}>)`, guarded)
  }

  /** Hands all sums on. Drivers turn constant indices into registers; on the CPU a loop compiles faster. */
  private storeBlock(): readonly string[] {
    const { tile } = this
    const [a, b] = this.sides
    const vectors = tile.perThread / 4
    const lines = [`let m = ${a.origin} + line * 4u;`, `let n = ${b.origin} + column * 4u;`]
    const [down, right] = [tile.m / vectors, tile.n / vectors]
    if (this.context.facts.software) {
      const all = `array<vec4<${this.type}>, ${tile.perThread * vectors}>`
      const call = `finish4(batch, m + i / 4u * ${down}u + i % 4u, n + p * ${right}u, sums[i * ${vectors}u + p]);`
      return [
        ...lines,
        `var sums: ${all} = ${all}(${this.accumulators().join(', ')});`,
        `for (var i: u32 = 0u; i < ${tile.perThread}u; i++) {`,
        ...indented([`for (var p: u32 = 0u; p < ${vectors}u; p++) { ${call} }`]),
        '}',
      ]
    }
    return [...lines, ...this.block((q, c, p) => `finish4(batch, m + ${q * down + c}u, n + ${p * right}u, sum${q * 4 + c}_${p});`)]
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

function functionText(head: string, lines: readonly string[]): string {
  return [`fn ${head} {`, ...indented(lines), '}'].join('\n')
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`)
}

function range(n: number): readonly number[] {
  return Array.from({ length: n }, (_, i) => i)
}
