// A model: a block of the language brought to sizes, ready to be appended to a graph.
// Its params are settled and its body is elaborated once on trial, at the full context; what the trial finds wrong is
// reported, so that applying a model cannot fail.
// Weights are named by the blocks and turns around them, joined by dots: `layers.3.prenorm.attention.Wq`. The root block is not
// named; a turn is the word of its repeat and a number from 0; the second call of a block in one body is `rmsnorm.2`.
import { Report, type Diagnostic } from '../../grammar/diagnostic.ts'
import { bug } from '../bug.ts'
import type { Code, ModelSpec } from './code.ts'
import { Builder, type Value } from '../graph/builder.ts'
import { elements, type Dim, type OpName } from '../graph/graph.ts'
import { nondifferentiable } from '../passes/nondifferentiable.ts'
import type { WeightSpec } from '../plan/jobs.ts'
import { asFloat, isNumeric } from './arithmetic.ts'
import { resultSpan, run } from './body.ts'
import { dimension } from './dimension.ts'
import { effortOf, largestDimension, stepsOfModel } from './effort.ts'
import { evaluate } from './expression.ts'
import { Frame, type Composites, type Context } from './frame.ts'
import { sayTo, type Say } from './messages.ts'
import { bind, keepPromise } from './signature.ts'
import { tensor } from './term.ts'

export interface Model {
  /** Every param of the root block with its final value, defaults included: layers, width, context, … */
  readonly params: ReadonlyMap<string, number | boolean | Code>
  readonly vocab: number
  readonly context: number
  readonly causal: boolean
  /** What tokens index: the vocabulary and, for a model that reads masks, the mask. Undefined where it takes tokens as numbers. */
  readonly symbols?: Dim
  readonly weights: readonly WeightSpec[]
  /** Scalars in all weights. */
  readonly parameters: number
  /** Without the first lookup table and the last projection to vocab: the N of the paper. */
  readonly nonEmbedding: number
  /** The first op at which a gradient of the weights ends, if there is one, and the op of the language that it lies in. */
  readonly obstacle?: { readonly op: OpName; readonly within?: string }
  /** Why it cannot read sequences of so many tokens, if it has a size or a place that goes with the whole context. */
  readonly misfit: (time: number) => Misfit | undefined
  /** Appends the network. tokens: i32 [.., time], ids of `symbols`. Returns logits f32 [.., time, vocab]. */
  apply(b: Builder, tokens: Value, weight: (spec: WeightSpec) => Value): Value
}

/** The first thing that is wrong at another length: what would be said of it, or a weight that has another size there. */
export type Misfit = { readonly said: Diagnostic } | { readonly weight: string }

/** The context of a block that has no such param, or not a number for it. */
const CONTEXT = 2048

/** What is given from outside: the tokenizer's vocabulary, which a block's `param vocab` takes. */
export interface Given {
  readonly vocab: number
  readonly report: Report
  /** Those of other models with the same prelude, to be shared. */
  readonly composites?: Composites
}

/** Brings a block to sizes; undefined after errors in `given.report`. */
export function elaborateModel(spec: ModelSpec, given: Given): Model | undefined {
  let failed = false
  const say = sayTo(given.report, () => (failed = true))
  const network = new Network(spec, given.vocab, say, given.composites ?? new Map<never, never>())
  const weights: WeightSpec[] = []
  const trial = network.trial(weights)
  if (trial === undefined || failed) return undefined
  const vocab = trial.params.get('vocab')
  const count = (specs: readonly WeightSpec[]): number => specs.reduce((n, { dims }) => n + elements({ dtype: 'f32', dims }), 0)
  const isVocabulary = ({ dims }: WeightSpec): boolean => dims.some((d) => d.name === 'symbols' || d.name === 'vocab')
  return {
    ...trial,
    vocab: typeof vocab === 'number' ? vocab : given.vocab,
    weights,
    parameters: count(weights),
    nonEmbedding: count(weights.filter((w) => !isVocabulary(w))),
    misfit: (time) => misfitOf(spec, given, weights, time),
    apply: (b, tokens, weight) => {
      const byName = new Map(weights.map((w) => [w.name, w]))
      const logits = network.apply(b, tokens, (w) => weight(byName.get(w.name) ?? bug(`the trial made no weight ${w.name}`)))
      return logits ?? bug(`${spec.block.decl.name.name} cannot be elaborated again`)
    },
  }
}

function misfitOf(spec: ModelSpec, given: Given, weights: readonly WeightSpec[], time: number): Misfit | undefined {
  const report = new Report()
  const there: WeightSpec[] = []
  new Network(spec, given.vocab, sayTo(report), new Map<never, never>()).trial(there, time)
  const said = report.diagnostics.find(({ severity }) => severity === 'error')
  if (said) return { said }
  const odd = there.find(({ dims }, i) => dims.some(({ size }, d) => size !== weights[i]?.dims[d]?.size))
  return odd && { weight: odd.name }
}

function obstacleIn(b: Builder, logits: Value, weights: readonly Value[]): Model['obstacle'] {
  const loss = b.reduce('reduce_sum', logits, logits.type.dims.map((d) => d.name)) // prettier-ignore
  const [first] = nondifferentiable(b, loss, weights)
  if (first === undefined) return undefined
  const node = b.node(b.value(first.node))
  return { op: first.op, ...(node.op === 'call' && { within: node.attrs.name }) }
}

function symbolsOf({ code, dims }: Frame): Dim | undefined {
  const element = code.decl.formals[0]?.type?.element
  return element && dims.get(element.name)
}

/** What a network brought to sizes shows of itself. */
type Trial = Pick<Model, 'params' | 'context' | 'causal' | 'symbols' | 'obstacle'>

class Network {
  readonly #spec: ModelSpec
  readonly #vocab: number
  readonly #say: Say
  readonly #composites: Composites

  constructor(spec: ModelSpec, vocab: number, say: Say, composites: Composites) {
    this.#spec = spec
    this.#vocab = vocab
    this.#say = say
    this.#composites = composites
  }

  /** Elaborates one sequence, of full length if no other is given; the weights are appended to `weights`. */
  trial(weights: WeightSpec[], length?: number): Trial | undefined {
    const b = new Builder()
    const inputs: Value[] = []
    const weight = (spec: WeightSpec): Value => {
      const input = b.input(`weight/${spec.name}`, 'state', { dtype: 'f32', dims: spec.dims })
      weights.push(spec)
      inputs.push(input)
      return input
    }
    const frame = this.#frame(b, weight, weights)
    const params = frame.params()
    const context = params.get('context')
    if (typeof context === 'number' && !this.#fits(context)) return undefined
    const dims: readonly Dim[] = [
      { name: 'batch', size: 1 },
      { name: 'time', size: length ?? (typeof context === 'number' ? context : CONTEXT) },
    ]
    const logits = this.#run(frame, b.input('tokens', 'data', { dtype: 'i32', dims }))
    return (
      logits && {
        params,
        context: dims[1]!.size,
        causal: params.get('causal') === true,
        symbols: symbolsOf(frame),
        obstacle: obstacleIn(b, logits, inputs),
      }
    )
  }

  /** Whether a context is one that a dimension may have, which is said if not. */
  #fits(context: number): boolean {
    const span = this.#spec.settings.get('context')?.span ?? this.#spec.span
    if (!Number.isInteger(context) || context < 1) this.#say.dimensionNotWhole(span, { name: 'context', value: String(context) })
    else if (context > largestDimension) this.#say.dimensionTooLarge(span, { name: 'context', size: context, most: largestDimension })
    else return true
    return false
  }

  apply(b: Builder, tokens: Value, weight: (spec: WeightSpec) => Value): Value | undefined {
    return this.#run(this.#frame(b, weight), tokens)
  }

  #frame(b: Builder, weight: (spec: WeightSpec) => Value, trial?: WeightSpec[]): Frame {
    const { block, settings, span } = this.#spec
    const ctx: Context = {
      b,
      say: this.#say,
      gradients: true,
      composites: this.#composites,
      effort: effortOf(stepsOfModel),
      weight,
      trial,
      evaluate,
    }
    const all = settings.has('vocab') ? settings : new Map([...settings, ['vocab', { value: this.#vocab, span }]])
    return new Frame(ctx, block, { settings: all, stack: [block] })
  }

  /** Logits with the dims of tokens and vocab. */
  #run(frame: Frame, tokens: Value): Value | undefined {
    const { decl } = this.#spec.block
    const [formal, ...more] = decl.formals
    const [time, ...others] = formal?.type?.dims ?? []
    const promise = decl.result.dims?.map((d) => d.name) ?? []
    const isModel = more.length === 0 && time?.name === 'time' && others.length === 0 && promise.length === 2
    if (formal === undefined || !isModel || !promise.includes('time') || !promise.includes('vocab')) {
      this.#say.notAModel(this.#spec.span, { name: decl.name.name })
      return undefined
    }
    const lifted = bind(frame, [{ formal, term: tensor(tokens), span: formal.span, trusted: true }])
    const promised = decl.result.dims?.find((d) => d.name === 'vocab') ?? decl.name
    const vocab = dimension(frame, promised)
    if (lifted === undefined || vocab === undefined) return undefined
    const given = this.#spec.settings.get('vocab')?.value ?? this.#vocab
    if (vocab.size !== given) {
      this.#say.otherVocab(frame.declared('vocab')?.span ?? promised.span, { size: vocab.size, given: Number(given) })
      return undefined
    }
    const y = keepPromise(frame, decl.result, lifted, run(frame), resultSpan(decl))
    if (!isNumeric(y)) return undefined
    return frame.ctx.b.broadcast(asFloat(frame.ctx, y), [...tokens.type.dims, vocab])
  }
}
