// What stands in brackets after a tensor: a prime (`k[time']`), a lookup (`E[symbols: tokens]`), a constant, or a rotation
// (`x[head: (pos[head] + n) mod head]`). An index must be proved inside by its range; nothing is ever clamped.
import type { Expr, Ident, IndexExpr } from '../../grammar/ast.ts'
import { agree, asWhole, isNumeric } from './arithmetic.ts'
import { dimension } from './dimension.ts'
import { withoutPrimes, type Frame } from './frame.ts'
import { inside } from './range.ts'
import { noDimension } from './reduction.ts'
import { FAILED, isWhole, rangeOf, showDims, tensor, type TensorTerm, type Term } from './term.ts'

/** `pos[time]`: whole numbers 0, 1, 2, … */
export function positions(frame: Frame, expr: IndexExpr): Term {
  const [entry, ...more] = expr.entries
  if (entry === undefined || entry.value !== undefined || more.length > 0) {
    frame.ctx.say.dimensionCount(expr.span, { name: 'pos', formals: ['d'], given: expr.entries.length })
    return FAILED
  }
  const dim = dimension(frame, entry.name)
  if (dim === undefined) return FAILED
  return tensor(frame.ctx.b.position(dim), { range: [0, dim.size - 1], shift: { dim: dim.name, by: 0, wrapped: false } })
}

/** `target[…]`, entry by entry. */
export function index(frame: Frame, expr: IndexExpr, target: Term): Term {
  if (target.kind === 'failed') return FAILED
  let result: Term = target
  for (const { name, value } of expr.entries) {
    if (result.kind !== 'tensor') {
      if (result.kind !== 'failed') noDimension(frame, name, result)
      return FAILED
    }
    result = value === undefined ? prime(frame, name, result) : lookUp(frame, name, value, result)
  }
  return result
}

function prime(frame: Frame, ident: Ident, x: TensorTerm): Term {
  const to = frame.word(ident.name)
  const from = ident.name.endsWith("'") ? frame.word(withoutPrimes(ident.name)) : undefined
  if (from === undefined) {
    frame.ctx.say.indexWithout(ident.span, { name: ident.name })
    return FAILED
  }
  if (!x.type.dims.some((d) => d.name === from)) return noDimension(frame, { name: from, span: ident.span }, x)
  if (x.type.dims.some((d) => d.name === to)) {
    frame.ctx.say.dimensionTwice(ident.span, { name: to, given: showDims(x.type.dims) })
    return FAILED
  }
  const size = x.type.dims.find((d) => d.name === from)
  if (size !== undefined) frame.dims.set(to, { ...size, name: to })
  return tensor(frame.ctx.b.rename(x.value(), from, to), { range: x.range })
}

function lookUp(frame: Frame, ident: Ident, expr: Expr, x: TensorTerm): Term {
  const { ctx } = frame
  const name = frame.word(ident.name)
  const dim = x.type.dims.find((d) => d.name === name)
  if (dim === undefined) return noDimension(frame, { name, span: ident.span }, x)
  const at = ctx.evaluate(expr, frame)
  if (at.kind === 'failed') return FAILED
  if (!isNumeric(at) || !isWhole(at)) {
    ctx.say.indexNotWhole(expr.span, { name })
    return FAILED
  }
  const rotation = at.kind === 'tensor' ? at.shift : undefined
  if (rotation?.dim === name && (rotation.wrapped || rotation.by === 0)) {
    const by = ((rotation.by % dim.size) + dim.size) % dim.size
    return tensor(by === 0 ? x.value() : ctx.b.add('rotate', [x.value()], { dim: name, by }), { range: x.range })
  }
  if (!inside(rangeOf(at), dim.size)) {
    ctx.say.indexOutOfRange(expr.span, { name, last: dim.size - 1 })
    return FAILED
  }
  const rest = { ...x, type: { ...x.type, dims: x.type.dims.filter((d) => d !== dim) } }
  if (!agree(ctx, expr.span, rest, at)) return FAILED
  return tensor(ctx.b.gather(x.value(), name, asWhole(ctx, at)), { range: x.range })
}
