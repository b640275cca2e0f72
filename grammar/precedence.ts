// A flat row of values and operators → a tree, by binding strength: or, and, not, comparison, sum,
// product, minus, power. A power binds to the right and its exponent may carry a minus.
import type { BinaryOp, Expr, UnaryExpr } from './ast.ts'
import type { Report } from './diagnostic.ts'
import { messages } from './messages.ts'
import { cover, type Span } from './source.ts'

/** A value, or an operator as written. */
export type Piece = Expr | { readonly kind: 'operator'; readonly text: string; readonly span: Span }

/** How tightly each operator binds. The formatter breaks long lines at the loosest. */
export const strength: Readonly<Record<BinaryOp, number>> = {
  or: 1,
  and: 2,
  ...{ '==': 4, '!=': 4, '<': 4, '<=': 4, '>': 4, '>=': 4 },
  ...{ '+': 5, '-': 5, '*': 6, '/': 6, mod: 6 },
  '^': 8,
}
const comparison = 4
const prefixStrength: Readonly<Record<UnaryExpr['op'], number>> = { not: 3, '-': 7 }

const isBinary = (text: string): text is BinaryOp => text in strength

/** The tree of a row, or undefined if a value is missing where recovery gave up. */
export function treeOf(pieces: readonly Piece[], report: Report): Expr | undefined {
  const [only] = pieces
  if (pieces.length === 1 && only?.kind !== 'operator') return only
  return rowOf({ pieces, report, next: 0 }, 0)
}

/** A row and how far it is read. */
interface Reading {
  readonly pieces: readonly Piece[]
  readonly report: Report
  next: number
}

/** Everything from here that binds at least as tightly as `floor`. */
function rowOf(reading: Reading, floor: number): Expr | undefined {
  const { pieces, report } = reading
  let left = valueOf(reading, floor)
  let compared = false
  for (;;) {
    const piece = pieces[reading.next]
    if (piece?.kind !== 'operator' || !isBinary(piece.text)) return left
    const own = strength[piece.text]
    if (own < floor) return left
    if (own === comparison && compared) report.using(messages).chainedComparison(piece.span, undefined)
    compared ||= own === comparison
    reading.next++
    // The exponent is a unary, which takes the next power with it.
    const right = rowOf(reading, own === strength['^'] ? prefixStrength['-'] : own + 1)
    if (left === undefined || right === undefined) return undefined
    left = { kind: 'binary', span: cover(left.span, right.span), op: piece.text, left, right }
  }
}

function valueOf(reading: Reading, floor: number): Expr | undefined {
  const piece = reading.pieces[reading.next]
  if (piece === undefined) return undefined
  reading.next++
  if (piece.kind !== 'operator') return piece
  if (piece.text !== '-' && piece.text !== 'not') return undefined
  const own = prefixStrength[piece.text]
  if (piece.text === 'not' && own < floor) reading.report.using(messages).misplacedNot(piece.span, undefined)
  const inner = rowOf(reading, own)
  return inner && { kind: 'unary', span: cover(piece.span, inner.span), op: piece.text, value: inner }
}
