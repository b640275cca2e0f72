// Reductions over named dimensions: sum, mean, max, min, argmax. A sum over a product becomes a contraction of its factors.
import type { Expr, Ident } from '../../grammar/ast.ts'
import type { Builder, Value } from '../graph/builder.ts'
import { asFloat, isNumeric } from './arithmetic.ts'
import { withoutPrimes, type Frame } from './frame.ts'
import { rangeOfSum } from './range.ts'
import { FAILED, dimsOf, isWhole, rangeOf, showDims, showTerm, tensor, type TensorTerm, type Term } from './term.ts'

export function noDimension(frame: Frame, ident: Ident, x: Term): Term {
  const { name, span } = ident
  frame.ctx.say.noSuchDimension(span, { name, walked: withoutPrimes(name), given: showTerm(x), known: dimsOf(x).map((d) => d.name) })
  return FAILED
}

/** `sum[d](x)` and its kin: the dims named disappear. */
export function reduction(frame: Frame, name: Reduction, dims: readonly Ident[], x: Term, at: Expr): Term {
  const { ctx } = frame
  if (x.kind === 'failed') return FAILED
  if (dims.length === 0 || (name === 'argmax' && dims.length > 1)) {
    ctx.say.dimensionCount(at.span, { name, formals: ['d'], given: dims.length })
    return FAILED
  }
  if (!isNumeric(x)) {
    ctx.say.needsNumber(at.span, { what: `\`${name}\``, given: showTerm(x) })
    return FAILED
  }
  const over = dims.map((d) => ({ name: frame.word(d.name), span: d.span }))
  for (const [i, d] of over.entries()) {
    if (x.kind !== 'tensor' || !x.type.dims.some((e) => e.name === d.name)) return noDimension(frame, d, x)
    if (over.findIndex((e) => e.name === d.name) < i) {
      ctx.say.dimensionTwice(d.span, { name: d.name, given: showDims(x.type.dims) })
      return FAILED
    }
  }
  if (x.kind !== 'tensor') return FAILED
  return reduce(frame, name, x, over.map((d) => d.name)) // prettier-ignore
}

/** A product's dims stand in the order of its factors: what is computed in front, so that rows stay rows however the product is written. */
function weightLast(b: Builder, [x, y]: readonly [Value, Value]): readonly [Value, Value] {
  const isWeight = (factor: Value): boolean => {
    const { op, attrs } = b.node(factor)
    return op === 'input' && attrs.role === 'state'
  }
  return isWeight(x) && !isWeight(y) ? [y, x] : [x, y]
}

export type Reduction = 'sum' | 'max' | 'min' | 'mean' | 'argmax'

function reduce(frame: Frame, name: Reduction, x: TensorTerm, over: readonly string[]): Term {
  const { b } = frame.ctx
  const dims = x.type.dims.filter((d) => over.includes(d.name))
  const count = dims.reduce((n, d) => n * d.size, 1)
  switch (name) {
    case 'sum': {
      if (x.factors !== undefined) return tensor(b.sumProduct(...weightLast(b, x.factors), over))
      const range = isWhole(x) ? rangeOfSum(rangeOf(x), count) : undefined
      return tensor(b.reduce('reduce_sum', range ? x.value() : asFloat(frame.ctx, x), over), { range })
    }
    case 'mean': {
      const total =
        x.factors === undefined ? b.reduce('reduce_sum', asFloat(frame.ctx, x), over) : b.sumProduct(...weightLast(b, x.factors), over)
      // The bound of a live dimension is not its extent: that is counted.
      const live = dims.some((d) => d.live)
      return tensor(b.binary('div', total, live ? b.reduce('reduce_sum', b.broadcast(b.constant(1), dims), over) : count))
    }
    case 'max':
      return tensor(b.reduce('reduce_max', x.value(), over), { range: x.range })
    case 'min':
      return tensor(b.reduce('reduce_min', x.value(), over), { range: x.range })
    case 'argmax':
      return tensor(b.reduce('argmax', x.value(), over), { range: [0, count - 1] })
    default:
      return name satisfies never
  }
}
