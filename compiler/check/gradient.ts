// Whether every weight can be trained: where the path from weights to the loss meets an op without a gradient,
// everything before it would silently stop learning.
import type { Expr, OpDecl } from '../../grammar/ast.ts'
import type { Span } from '../../grammar/source.ts'
import type { Model } from '../elaborate/model.ts'
import { reachable } from './code-text.ts'
import type { Code } from './pipeline.ts'
import type { Session } from './session.ts'

/** True if there are weights and gradients flow to them; otherwise the first place where they end has been reported. */
export function checkGradient(s: Session, model: Model, block: Code, at: Span): boolean {
  if (model.weights.length === 0) {
    s.say.nothingToTrain(at, { name: block.decl.name.name })
    return false
  }
  const first = model.obstacle
  if (!first) return true
  const settings = [...model.params.values()].filter((v) => typeof v === 'object')
  const code = [block, ...settings].flatMap(reachable)
  const op = first.within === undefined ? undefined : code.find(({ kind, decl }) => kind === 'op' && decl.name.name === first.within)
  const decl = op?.kind === 'op' ? op.decl : undefined
  const where = decl ? spanOf(decl) : code.map((c) => callIn(c.decl, first.op)).find((span) => span !== undefined)
  const name = first.op === 'native' ? (decl?.name.name ?? 'this') : first.op
  s.say.noGradient(where ?? at, { name, native: first.op === 'native', argument: decl?.formals[0]?.name.name })
  return false
}

function spanOf(decl: OpDecl): Span {
  return decl.value.span
}

/** Where a built-in op is called. */
function callIn(node: unknown, op: string): Span | undefined {
  if (typeof node !== 'object' || node === null) return undefined
  const { kind, callee, span } = node as { kind?: string; callee?: Expr; span?: Span }
  if (kind === 'call' && callee?.kind === 'name' && callee.name === op) return span
  for (const [key, child] of Object.entries(node)) {
    const found = key === 'span' || key === 'trivia' ? undefined : callIn(child, op)
    if (found) return found
  }
  return undefined
}
