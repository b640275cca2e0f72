// Products → WGSL: tiles of both operands go through workgroup memory, each thread keeps a block of results in registers.
// Operands may be computed while they are loaded, results while they are stored. Edges are guarded, nothing is padded.
import type { Dim } from '../graph/graph.ts'
import type { Load, MatmulKernel, ProductsKernel, ScalarId, TensorId } from './kernel.ts'
import { finisher, viewInFours, widthOf } from './matmul-epilogue.ts'
import { batchLines, callLines, gridOf, jointOf, shapeOf } from './matmul-joint.ts'
import { boundOf, divides, extentText, inside, loadsBehind, rangeLines, type Product } from './matmul-product.ts'
import { measure } from './measure.ts'
import type { Context } from './module.ts'
import { components, functionText, indented, range, when } from './text.ts'
import { matmulTile, type MatmulTile } from './tile.ts'
import type { WrittenKernel } from './written.ts'

export function writeMatmul(kernel: MatmulKernel | ProductsKernel, context: Context): WrittenKernel {
  const joint = jointOf(kernel, context)
  const { products, module } = joint
  const tile = matmulTile(shapeOf(joint), context.facts)
  const writers = products.map((product) => new MatmulWriter(product, tile))
  const vectors = viewInFours(joint)
  const globals = [...writers[0]!.memory(), ...writers.flatMap((writer) => writer.functions(vectors))]
  const place = [`let m0 = group.y * ${tile.m}u;`, 'let column = group.x;']
  const lines = batchLines(joint, [...place, ...callLines(joint, tile.n, 'lane')])
  return {
    label: kernel.label,
    ...module.text(threadsOf(tile), globals, lines),
    ...measure(module.kernels, context),
    groups: gridOf(joint, tile),
  }
}

function threadsOf({ m, n, perThread }: MatmulTile): number {
  return (m / perThread) * (n / perThread)
}

/** One operand's way into workgroup memory. */
interface Side {
  readonly name: 'a' | 'b'
  readonly value: ScalarId
  /** Its own dims, and how many of their positions a tile has. */
  readonly dims: readonly Dim[]
  readonly width: number
  /** WGSL: first position of the tile. */
  readonly origin: 'm0' | 'n0'
}

/** One product's functions. */
class MatmulWriter {
  private readonly product: Product
  private readonly kernel: MatmulKernel
  private readonly tile: MatmulTile
  private readonly sides: readonly [Side, Side]
  private readonly type: string

  constructor(product: Product, tile: MatmulTile) {
    const { kernel, operands, dtype } = product
    this.product = product
    this.kernel = kernel
    this.tile = tile
    this.type = dtype
    this.sides = [
      { name: 'a', value: operands[0], dims: kernel.m, width: tile.m, origin: 'm0' },
      { name: 'b', value: operands[1], dims: kernel.n, width: tile.n, origin: 'n0' },
    ]
  }

  /** Workgroup variables, the same for all products of a dispatch. */
  memory(): readonly string[] {
    return this.sides.map((s) => `var<workgroup> tile_${s.name}: array<vec4<${this.type}>, ${this.tile.k * this.pitch(s)}>;`)
  }

  functions(vectors: ReadonlySet<TensorId>): readonly string[] {
    const { product, tile } = this
    const loop = [...this.sides.flatMap((side) => this.fill(side)), 'workgroupBarrier();', ...this.multiply(), 'workgroupBarrier();']
    const lines = [
      ...rangeLines(product),
      `let column = lane % ${tile.n / tile.perThread}u;`,
      `let line = lane / ${tile.n / tile.perThread}u;`,
      ...this.accumulators().map((name) => `var ${name}: vec4<${this.type}> = vec4<${this.type}>();`),
      `for (var k0: u32 = start; k0 < end; k0 += ${tile.k}u) {`,
      ...indented(loop),
      '}',
      ...this.storeBlock(),
    ]
    const whole = functionText(`product${product.number}(batch: u32, m0: u32, n0: u32, lane: u32)`, lines)
    return [...this.sides.map((side) => this.loader(side)), finisher(product, vectors), this.finisher4(), whole]
  }

  /** Vectors from one k to the next; one more than needed, so that neighbouring k lie in different banks. */
  private pitch(side: Side): number {
    return side.width / 4 + 1
  }

  /** Loads an operand's tile, four neighbours along its own dims to a vector. */
  private fill(side: Side): readonly string[] {
    const { tile } = this
    const quads = side.width / 4
    const total = quads * tile.k
    const threads = threadsOf(tile)
    const alongK = this.readsAlongK(side)
    const exact = this.kernel.parts === 1 && divides(this.product, tile.k, this.kernel.k)
    // Past the edge a valid element is read and not used.
    const elements = components.map((_, c) => {
      const position = c === 0 ? 'at' : `at + ${c}u`
      const valid = divides(this.product, side.width, side.dims)
        ? position
        : `min(${position}, ${extentText(this.product, side.dims)} - 1u)`
      return `load_${side.name}${this.product.number}(batch, ${valid}, k)`
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
    const { shader, batch, number } = this.product
    const scope = shader.scope([batch, { dims: side.dims, variable: 'at' }, { dims: this.kernel.k, variable: 'k' }])
    const value = shader.value(scope, side.value)
    const scalar = this.kernel.body[side.value]!
    const dtype = scalar.op === 'load' ? scalar.dtype : scalar.op === 'coordinate' ? 'i32' : scalar.type.dtype
    const lines = [...scope.lines, `return ${dtype === this.type ? value : `${this.type}(${value})`};`]
    return functionText(`load_${side.name}${number}(batch: u32, at: u32, k: u32) -> ${this.type}`, lines)
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
      ...this.block((q, c, p) => `  sum${q * 4 + c}_${p} += a${q}.${components[c]!} * b${p};`),
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
    const { product, tile } = this
    const finish = (n: string, sum: string) => when(inside(product, tile, 'm', n), `finish${product.number}(batch, m, ${n}, ${sum});`)
    const calls = widthOf(product) === 4 ? [finish('n', 'sum')] : components.map((c, i) => finish(i === 0 ? 'n' : `n + ${i}u`, `sum.${c}`))
    return functionText(`finishFour${product.number}(batch: u32, m: u32, n: u32, sum: vec4<${this.type}>)`, calls)
  }

  /** Hands all sums on. Drivers turn constant indices into registers; on the CPU a loop compiles faster. */
  private storeBlock(): readonly string[] {
    const { tile } = this
    const [a, b] = this.sides
    const vectors = tile.perThread / 4
    const finish = `finishFour${this.product.number}`
    const lines = [`let m = ${a.origin} + line * 4u;`, `let n = ${b.origin} + column * 4u;`]
    const [down, right] = [tile.m / vectors, tile.n / vectors]
    if (this.product.context.facts.software) {
      const all = `array<vec4<${this.type}>, ${tile.perThread * vectors}>`
      const call = `${finish}(batch, m + i / 4u * ${down}u + i % 4u, n + p * ${right}u, sums[i * ${vectors}u + p]);`
      return [
        ...lines,
        `var sums: ${all} = ${all}(${this.accumulators().join(', ')});`,
        `for (var i: u32 = 0u; i < ${tile.perThread}u; i++) {`,
        ...indented([`for (var p: u32 = 0u; p < ${vectors}u; p++) { ${call} }`]),
        '}',
      ]
    }
    return [...lines, ...this.block((q, c, p) => `${finish}(batch, m + ${q * down + c}u, n + ${p * right}u, sum${q * 4 + c}_${p});`)]
  }

  /** Whether neighbours in memory of the operand's largest tensor differ in k, so that threads should too. */
  private readsAlongK(side: Side): boolean {
    const names = new Set(this.kernel.k.map((d) => d.name))
    const loads = loadsBehind(this.kernel.body, side.value)
    const size = (load: Load) => boundOf(this.product, this.product.context.tensors[load.tensor]!.type.dims)
    const largest = loads.reduce<Load | undefined>((best, load) => (best && size(best) >= size(load) ? best : load), undefined)
    const last = largest?.index.at(-1)
    return last?.kind === 'dim' && names.has(last.name)
  }
}
