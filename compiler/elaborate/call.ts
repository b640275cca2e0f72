// Calls of ops and blocks. An op on tensors becomes one call node with its body and its gradients as graphs of their own;
// an op on numbers is computed. A block is elaborated in place, with weights named after it and after the blocks around it.
import type { Arg, BlockDecl, CallExpr, Formal, Ident, OpDecl } from '../../grammar/ast.ts'
import type { Span } from '../../grammar/source.ts'
import type { BlockCode, Code, OpCode } from './code.ts'
import type { Value } from '../graph/builder.ts'
import { resultSpan, run } from './body.ts'
import { compose } from './composite.ts'
import { deepestCall } from './effort.ts'
import { Frame } from './frame.ts'
import { bind, keepPromise, type Given } from './signature.ts'
import { FAILED, tensor, type TensorTerm, type Term } from './term.ts'

/** `code[dims](args)` in a body. */
export function callCode(frame: Frame, code: Code, dims: readonly Ident[], call: CallExpr): Term {
  const { ctx } = frame
  const words = wordsFor(frame, code, dims.map((d) => frame.word(d.name)), call.callee.span) // prettier-ignore
  const slots = words && place(frame, code.decl, call.args, call.span)
  const args = slots?.map((slot) => slot && { term: ctx.evaluate(slot.value, frame), span: slot.span })
  if (words === undefined || args === undefined || args.some((a) => a?.term.kind === 'failed')) return FAILED
  if (code.kind === 'op') return callOp(frame, code, words, args, call.span)
  if (frame.code.kind === 'op') {
    ctx.say.blockInOp(call.callee.span, { name: code.decl.name.name })
    return FAILED
  }
  if (recursive(frame, code, call.span)) return FAILED
  return callBlock(frame, code, words, args, call.span)
}

type Slots = readonly (Omit<Given, 'formal'> | undefined)[]

/** An op on what its formals get; formals without a slot take their defaults. `frame` is the caller's. */
export function callOp(frame: Frame, code: OpCode, words: ReadonlyMap<string, string>, slots: Slots, span: Span): Term {
  if (recursive(frame, code, span)) return FAILED
  const callee = new Frame(frame.ctx, code, { words, stack: [...frame.stack, code] })
  const given = withDefaults(callee, slots, span)
  if (given === undefined) return FAILED
  const tensors = given.map((g) => g.term).filter((t) => t.kind === 'tensor')
  if (tensors.length === 0) {
    const lifted = bind(callee, given)
    return lifted === undefined ? FAILED : keepPromise(callee, code.decl.result, lifted, run(callee), resultSpan(code.decl))
  }
  const composite = compose(callee, code, words, given)
  if (composite === undefined) return FAILED
  if (!('attrs' in composite)) return composite
  const inputs: Value[] = tensors.map((t: TensorTerm) => t.value())
  return tensor(frame.ctx.b.add('call', inputs, composite.attrs), { range: composite.range })
}

function callBlock(frame: Frame, code: BlockCode, words: ReadonlyMap<string, string>, slots: Slots, span: Span): Term {
  const { name } = code.decl.name
  const uses = (frame.place.uses.get(name) ?? 0) + 1
  frame.place.uses.set(name, uses)
  const path = `${frame.place.path}${uses === 1 ? name : `${name}.${uses}`}.`
  const callee = new Frame(frame.ctx, code, { caller: frame, words, path, stack: [...frame.stack, code] })
  const given = withDefaults(callee, slots, span)
  const lifted = given && bind(callee, given)
  if (lifted === undefined) return FAILED
  return keepPromise(callee, code.decl.result, lifted, run(callee), resultSpan(code.decl))
}

/** Whether this call is one too many around itself, which is said. */
function recursive(frame: Frame, code: Code, span: Span): boolean {
  const { stack, ctx } = frame
  if (stack.length >= deepestCall) {
    ctx.say.tooDeep(span, { limit: deepestCall, what: 'calls' })
    return true
  }
  const at = stack.findIndex((c) => c.decl === code.decl)
  if (at < 0) return false
  const chain = [...stack.slice(at), code].map((c) => c.decl.name.name)
  ctx.say.recursive(span, { name: code.decl.name.name, chain })
  return true
}

/** Dimension parameters of the callee → the words they are called with. */
export function wordsFor(frame: Frame, code: Code, dims: readonly string[], span: Span): ReadonlyMap<string, string> | undefined {
  const formals = code.decl.dims.map((d) => d.name)
  if (formals.length === dims.length) return new Map(formals.map((d, i) => [d, dims[i] ?? d]))
  frame.ctx.say.dimensionCount(span, { name: code.decl.name.name, formals, given: dims.length })
  return undefined
}

/** Arguments by the formal they belong to: first those without a name, in order. */
function place(frame: Frame, decl: OpDecl | BlockDecl, args: readonly Arg[], span: Span): readonly (Arg | undefined)[] | undefined {
  const name = decl.name.name
  const formals = decl.formals.map((f) => f.name.name)
  const slots: (Arg | undefined)[] = formals.map(() => undefined)
  for (const [i, arg] of args.entries()) {
    const at = arg.name === undefined ? i : formals.indexOf(arg.name.name)
    if (arg.name !== undefined && at < 0) {
      frame.ctx.say.unknownArgument(arg.name.span, { name, argument: arg.name.name, formals })
      return undefined
    }
    if (at >= formals.length || slots[at] !== undefined) {
      frame.ctx.say.argumentCount(span, { name, formals, given: args.length })
      return undefined
    }
    slots[at] = arg
  }
  return slots
}

function withDefaults(callee: Frame, slots: Slots, span: Span): readonly Given[] | undefined {
  const given: Given[] = []
  for (const [i, formal] of callee.code.decl.formals.entries()) {
    const slot = slots[i] ?? defaultOf(callee, formal, span)
    if (slot.term.kind === 'failed') return undefined
    given.push({ formal, ...slot })
  }
  return given
}

function defaultOf(callee: Frame, formal: Formal, span: Span): Omit<Given, 'formal'> {
  if (formal.value !== undefined) return { term: callee.ctx.evaluate(formal.value, callee), span: formal.value.span }
  callee.ctx.say.missingArgument(span, { name: callee.code.decl.name.name, formal: formal.name.name })
  return { term: FAILED, span }
}
