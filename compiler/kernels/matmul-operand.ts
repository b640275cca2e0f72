// Is an operand of a product a regular f16 matrix? Then its elements lie at base(batch) + i * own + k * step, where one stride is 1 and
// the other a multiple of eight halves, so that tiles of it can be taken as vec4<u32>s along the dim that lies together. A row may end
// within eight halves if the rest of them lie before the next row.
import type { Dim } from '../graph/graph.ts'
import { runsOf, termsOf, visitIndex, wide, type Term } from './address.ts'
import type { Index, Load, ScalarId } from './kernel.ts'
import type { Product } from './matmul-product.ts'
import { inMemory } from './rows.ts'
import { one, same, sizeOf, type LiveDims, type Size } from './size.ts'

export interface Matrix {
  readonly load: Load
  /** The operand's own dims: m or n. */
  readonly dims: readonly Dim[]
  /** Neighbours in memory differ in k; else in the own dims. */
  readonly alongK: boolean
  /** Elements between rows: neighbours along the other. A multiple of eight. */
  readonly stride: Size
}

const halves = 8

/** The operand as a stored matrix, if it is one. */
export function matrixOf(product: Product, operand: ScalarId, dims: readonly Dim[]): Matrix | undefined {
  const { kernel, context } = product
  const { tensors, live } = context
  const load = kernel.body[operand]!
  if (load.op !== 'load' || load.dtype !== 'f16') return undefined
  const terms = termsOf(inMemory(tensors[load.tensor]!.type), load.index, live)
  const own = strideAlong(dims, terms, live)
  const k = strideAlong(kernel.k, terms, live)
  if (!own || !k || !isBase(terms, [...dims, ...kernel.k], kernel.batch)) return undefined
  const alongK = same(k, one)
  const stride = alongK ? own : k
  const whole = (size: Size) => size.factor % halves === 0
  const row = sizeOf(alongK ? kernel.k : dims, live)
  const ends = whole(row) || (row.live.length === 0 && row.factor < stride.factor)
  const regular = (alongK || same(own, one)) && whole(stride) && ends
  return regular ? { load, dims, alongK, stride } : undefined
}

/** The one stride along flattened dims, if there is one. */
function strideAlong(dims: readonly Dim[], terms: readonly Term[], live: LiveDims): Size | undefined {
  const [run, ...more] = runsOf(dims, terms, live)
  return run && more.length === 0 && run.first === 0 && run.last === wide(dims, live).length - 1 ? run.stride : undefined
}

/** Whether all terms but those of the matrix's own dims depend on batch dims only and are multiples of eight. */
function isBase(terms: readonly Term[], inner: readonly Dim[], batch: readonly Dim[]): boolean {
  const rest = terms.filter(({ index }) => !inner.some((d) => index.kind === 'dim' && index.name === d.name))
  return rest.every(({ index, stride }) => stride.factor % halves === 0 && dependsOnlyOn(index, batch))
}

function dependsOnlyOn(index: Index, dims: readonly Dim[]): boolean {
  let only = true
  visitIndex(
    index,
    (name) => (only &&= dims.some((d) => d.name === name)),
    () => (only = false),
  )
  return only
}
