// Functions in WGSL: the compiler that devices use is asked whether they are right, if the world has it.
import type { Module, OpDecl, WgslExpr } from '../../grammar/ast.ts'
import { textOf, type Span } from '../../grammar/source.ts'
import { eachPart } from '../../grammar/walk.ts'
import type { NativeProblem, Session } from './session.ts'

export function checkNatives(s: Session, module: Module): void {
  if (s.world.native === undefined || !module.source.text.includes('wgsl')) return
  for (const item of module.items) {
    if (item.kind !== 'op') continue
    const formals = item.formals.map((f) => f.name.name)
    inside(item.value, (expr) => checkOne(s, item, expr, formals))
    const { grad } = item
    if (grad) inside(grad.record, (expr) => checkOne(s, item, expr, [...formals, grad.name.name]))
  }
}

function checkOne(s: Session, op: OpDecl, { code }: WgslExpr, params: readonly string[]): void {
  const problem = s.world.native?.({ code: code.value, params })
  if (problem) s.say.badWgsl(placeIn(code, problem), { name: op.name.name, message: problem.message, params })
}

/** The place in the text that was written, if that says its value letter by letter, but for Windows' line ends; else all of it. */
function placeIn({ span, value, triple }: WgslExpr['code'], { start, end }: NativeProblem): Span {
  const quotes = triple ? 3 : 1
  const written = textOf(span).slice(quotes, -quotes)
  const read = Array.from({ length: written.length }, (_, at) => at).filter((at) => !/^\r+\n/.test(written.slice(at, at + 3)))
  const skipped = read.length - value.length
  if (end <= start || skipped < 0 || read.slice(skipped).some((at, i) => written[at] !== value[i])) return span
  const place = (offset: number): number => span.start + quotes + (read[skipped + offset] ?? written.length)
  return { ...span, start: place(start), end: place(end - 1) + 1 }
}

function inside(part: object, visit: (expr: WgslExpr) => void): void {
  if ((part as { readonly kind?: string }).kind === 'wgsl') visit(part as WgslExpr)
  else eachPart(part, (inner) => inside(inner, visit))
}
