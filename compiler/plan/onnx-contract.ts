// A sum of products over named dims → one matrix product. Dims of both operands that stay are batch; the others of a are rows (M),
// of b columns (N). Without batch dims it is a Gemm on two axes, which reads either operand transposed, so that neither
// dX = dY Wᵀ nor dW = Xᵀ dY moves data; with batch dims a (Fused)MatMul on three. Dims that lie side by side fold into an axis for
// free; only where they do not is an operand transposed in memory.
import { names } from '../graph/dims.ts'
import type { Dim } from '../graph/graph.ts'
import type { OnnxAttrs } from '../graph/ops/op.ts'
import type { Axis, OnnxValue, OnnxWriter } from './onnx-writer.ts'

export interface Contraction {
  /** Of integers, which only MatMul multiplies, and that as they lie. */
  readonly whole?: boolean
  readonly over: readonly string[]
  /** Factor on the sum. */
  readonly alpha?: number
  /** Added to the result; only without batch dims, and with all dims of the result. */
  readonly plus?: OnnxValue
  /** The order in which the result's dims are wanted; a hint. */
  readonly wanted: readonly string[]
}

/** Both operands have all of `over` in memory. */
export function contract(
  w: OnnxWriter,
  first: OnnxValue,
  second: OnnxValue,
  { over, whole = false, alpha = 1, plus, wanted }: Contraction,
): OnnxValue {
  const [a, b] = swapped(first, second, wanted) ? [second, first] : [first, second]
  const common = (x: OnnxValue, y: OnnxValue): string[] => names(x.dims).filter((d) => !over.includes(d) && names(y.dims).includes(d))
  const batch = leads(b, common(b, a)) && !leads(a, common(a, b)) ? common(b, a) : common(a, b)
  // The inner order of the larger operand holds for both.
  const inner = names((elements(a) >= elements(b) ? a : b).dims).filter((d) => over.includes(d))
  const left = arrange(w, a, batch, inner, whole ? false : undefined)
  const right = arrange(w, b, batch, inner, whole ? true : undefined)
  const batchDims = batch.map((d) => a.dims.find((e) => e.name === d)!)
  const axes: Axis[] = [...(batch.length > 0 ? [batchDims] : []), left.outer, right.outer]
  const [transA, transB] = [left.innerFirst ? 1 : 0, right.innerFirst ? 0 : 1]
  const dims = axes.flat()
  if (batch.length === 0 && !whole) {
    const more = plus === undefined ? [] : [w.view(w.transpose(plus, names(dims)), axes)]
    const factor: OnnxAttrs = alpha === 1 ? {} : { alpha: { float: alpha } }
    return w.unfold(w.one('Gemm', [left.name, right.name, ...more], { transA, transB, ...factor }), axes)
  }
  if (transA === 0 && transB === 0 && alpha === 1) return w.unfold(w.one('MatMul', [left.name, right.name]), axes)
  return w.unfold(w.one('FusedMatMul', [left.name, right.name], { transA, transB, alpha: { float: alpha } }, 'com.microsoft'), axes)
}

interface Operand {
  readonly name: string
  readonly outer: readonly Dim[]
  /** The summed axis comes before the outer one. */
  readonly innerFirst: boolean
}

/** Folds an operand to [batch], outer and inner in one order or the other; `first`: whether inner must come first. */
function arrange(w: OnnxWriter, x: OnnxValue, batch: readonly string[], inner: readonly string[], first?: boolean): Operand {
  const rest = names(x.dims).filter((d) => !batch.includes(d))
  const outer = rest.filter((d) => !inner.includes(d))
  // What moves least: the dim that is last stays last.
  const innerFirst = first ?? (outer.length > 0 && !inner.includes(rest.at(-1)!))
  const order = innerFirst ? [...batch, ...inner, ...outer] : [...batch, ...outer, ...inner]
  const moved = w.transpose(x, order)
  const axis = (list: readonly string[]): Axis => list.map((d) => moved.dims.find((e) => e.name === d)!)
  const matrix = innerFirst ? [axis(inner), axis(outer)] : [axis(outer), axis(inner)]
  return { name: w.view(moved, batch.length > 0 ? [axis(batch), ...matrix] : matrix), outer: axis(outer), innerFirst }
}

/** Whether the wanted order has a dim of the second operand before those of the first. */
function swapped(first: OnnxValue, second: OnnxValue, wanted: readonly string[]): boolean {
  const own = wanted.find((d) => names(first.dims).includes(d) !== names(second.dims).includes(d))
  return own !== undefined && names(second.dims).includes(own)
}

/** Whether these dims come first in memory. */
function leads(x: OnnxValue, dims: readonly string[]): boolean {
  return dims.every((d, i) => x.dims[i]!.name === d)
}

function elements(x: OnnxValue): number {
  return x.dims.reduce((n, d) => n * d.size, 1)
}
