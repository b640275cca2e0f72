// The models of a page → the dimensions and sizes of what their ops and blocks name. A model is elaborated once more, on one
// sequence, and what each body knows is written down on the way. A body that several models use is shown for the last one.
import type { BlockDecl, OpDecl } from '../../grammar/ast.ts'
import { Report } from '../../grammar/diagnostic.ts'
import type { ModelSpec } from '../../compiler/elaborate/code.ts'
import { effortOf, stepsOfModel } from '../../compiler/elaborate/effort.ts'
import { evaluate } from '../../compiler/elaborate/expression.ts'
import { Frame, type Context } from '../../compiler/elaborate/frame.ts'
import { run } from '../../compiler/elaborate/body.ts'
import { sayTo } from '../../compiler/elaborate/messages.ts'
import { bind } from '../../compiler/elaborate/signature.ts'
import { tensor, type Term } from '../../compiler/elaborate/term.ts'
import { Builder } from '../../compiler/graph/builder.ts'
import { elements } from '../../compiler/graph/graph.ts'
import { bytes } from '../../compiler/report/numbers.ts'
import type { Named } from './named.ts'

/** A model that checking met, with the vocabulary of its tokenizer. */
export interface Met {
  readonly spec: ModelSpec
  readonly vocab: number
  readonly context: number
}

/** What a name stands for in the body around it, as Markdown: dimensions with sizes, a number; undefined where no model uses it. */
export type Shapes = (named: Named) => string | undefined

export function shapesOf(models: readonly Met[]): Shapes {
  const terms = new Map<OpDecl | BlockDecl, Map<string, Term>>()
  const frames = new Map<OpDecl | BlockDecl, Frame>()
  const note = (frame: Frame): void => {
    const { decl } = frame.code
    const known = terms.get(decl) ?? new Map<string, Term>()
    for (const [name, term] of frame.locals) known.set(name, term)
    terms.set(decl, known)
    frames.set(decl, frame)
  }
  models.forEach((met) => elaborate(met, note))
  return ({ kind, name, within }) => {
    const frame = within && frames.get(within)
    if (frame === undefined) return undefined
    if (kind === 'dimension') return sizeOf(frame, name)
    const term = terms.get(within!)?.get(name) ?? frame.static(name)
    return term && shown(term)
  }
}

/** A word of a signature stands for the dimension of the call: `d` of `softmax[d]` for `time'`. */
function sizeOf(frame: Frame, name: string): string | undefined {
  const word = frame.word(name)
  const dim = frame.dims.get(word)
  return dim && `\`${word === name ? dim.size : `${word} ${dim.size}`}\``
}

/** Runs the body of a model; what is wrong with it has been said by checking. */
function elaborate({ spec: { block, settings, span }, vocab, context }: Met, note: (frame: Frame) => void): void {
  const b = new Builder()
  const ctx: Context = {
    b,
    say: sayTo(new Report()),
    gradients: false,
    composites: new Map(),
    effort: effortOf(stepsOfModel),
    weight: ({ name, dims }) => b.input(`weight/${name}`, 'state', { dtype: 'f32', dims }),
    evaluate: (expr, frame) => {
      const term = evaluate(expr, frame)
      note(frame)
      return term
    },
  }
  const frame = new Frame(ctx, block, { stack: [block], settings: new Map([['vocab', { value: vocab, span }], ...settings]) })
  const [formal] = block.decl.formals
  if (formal === undefined) return
  const tokens = { dtype: 'i32', dims: [{ name: 'batch', size: 1 }, { name: 'time', size: context }] } as const // prettier-ignore
  if (bind(frame, [{ formal, term: tensor(b.input('tokens', 'data', tokens)), span, trusted: true }]) === undefined) return
  run(frame)
  note(frame)
}

/** One sequence stands for any number of them. */
function shown(term: Term): string | undefined {
  switch (term.kind) {
    case 'tensor': {
      const { dims } = term.type
      const each = dims.some((d) => d.name === 'batch') ? ' a sequence' : ''
      const sizes = dims.map(({ name, size }) => (name === 'batch' ? name : `${name} ${size}`))
      return `\`[${sizes.join(', ')}]\` · ${bytes(4 * elements(term.type))}${each}`
    }
    case 'number':
    case 'truth':
      return `\`${term.value}\``
    case 'code':
      return `\`${term.code.decl.name.name}\``
    case 'failed':
      return undefined
    default:
      return term satisfies never
  }
}
