// A model: a block of the language brought to sizes, ready to be appended to a graph.
// Its params are settled and its body is elaborated once on trial, at the full context; what the trial finds wrong is
// reported, so that applying a model cannot fail.
// Weights are named by the blocks and turns around them, joined by dots: `layers.3.prenorm.attention.Wq`. The root block is not
// named; a turn is the word of its repeat and a number from 0; the second call of a block in one body is `rmsnorm.2`.
import type { Report } from '../../grammar/diagnostic.ts'
import { bug } from '../bug.ts'
import type { Code, ModelSpec } from './code.ts'
import { Builder, type Value } from '../graph/builder.ts'
import { elements, type Dim } from '../graph/graph.ts'
import type { WeightSpec } from '../plan/jobs.ts'
import { asFloat, isNumeric } from './arithmetic.ts'
import { resultSpan, run } from './body.ts'
import { dimension } from './dimension.ts'
import { evaluate } from './expression.ts'
import { Frame, type Context } from './frame.ts'
import { sayTo, type Say } from './messages.ts'
import { bind, keepPromise } from './signature.ts'
import { tensor } from './term.ts'

export interface Model {
  /** Every param of the root block with its final value, defaults included: layers, width, context, … */
  readonly params: ReadonlyMap<string, number | boolean | Code>
  readonly vocab: number
  readonly context: number
  readonly causal: boolean
  readonly weights: readonly WeightSpec[]
  /** Scalars in all weights. */
  readonly parameters: number
  /** Without the first lookup table and the last projection to vocab: the N of the paper. */
  readonly nonEmbedding: number
  /** Appends the network. tokens: i32 [.., time], ids of `symbols`. Returns logits f32 [.., time, vocab]. */
  apply(b: Builder, tokens: Value, weight: (spec: WeightSpec) => Value): Value
}

/** The context of a block that has no such param. */
const CONTEXT = 2048

/** What is given from outside: the tokenizer's vocabulary, which a block's `param vocab` takes. */
export interface Given {
  readonly vocab: number
  readonly report: Report
}

/** Brings a block to sizes; undefined after errors in `given.report`. */
export function elaborateModel(spec: ModelSpec, given: Given): Model | undefined {
  let failed = false
  const say = sayTo(given.report, () => (failed = true))
  const network = new Network(spec, given.vocab, say)
  const weights: WeightSpec[] = []
  const trial = network.trial(weights)
  if (trial === undefined || failed) return undefined
  const vocab = trial.params.get('vocab')
  const count = (specs: readonly WeightSpec[]): number => specs.reduce((n, { dims }) => n + elements({ dtype: 'f32', dims }), 0)
  const byName = new Map(weights.map((w) => [w.name, w]))
  const isVocabulary = ({ dims }: WeightSpec): boolean => dims.some((d) => d.name === 'symbols' || d.name === 'vocab')
  return {
    ...trial,
    vocab: typeof vocab === 'number' ? vocab : given.vocab,
    weights,
    parameters: count(weights),
    nonEmbedding: count(weights.filter((w) => !isVocabulary(w))),
    apply: (b, tokens, weight) => {
      const logits = network.apply(b, tokens, (w) => weight(byName.get(w.name) ?? bug(`the trial made no weight ${w.name}`)))
      return logits ?? bug(`${spec.block.decl.name.name} cannot be elaborated again`)
    },
  }
}

class Network {
  readonly #spec: ModelSpec
  readonly #vocab: number
  readonly #say: Say
  /** Composites do not depend on the graph they go into. */
  readonly #composites: Context['composites'] = new Map()

  constructor(spec: ModelSpec, vocab: number, say: Say) {
    this.#spec = spec
    this.#vocab = vocab
    this.#say = say
  }

  /** Elaborates one sequence of full length; the weights are appended to `weights`. */
  trial(weights: WeightSpec[]): Pick<Model, 'params' | 'context' | 'causal'> | undefined {
    const b = new Builder()
    const frame = this.#frame(b, (spec) => {
      weights.push(spec)
      return b.input(`weight/${spec.name}`, 'state', { dtype: 'f32', dims: spec.dims })
    })
    const params = frame.params()
    const context = params.get('context')
    const dims: readonly Dim[] = [
      { name: 'batch', size: 1 },
      { name: 'time', size: typeof context === 'number' && Number.isInteger(context) && context > 0 ? context : CONTEXT },
    ]
    const logits = this.#run(frame, b.input('tokens', 'data', { dtype: 'i32', dims }))
    return logits && { params, context: dims[1]!.size, causal: params.get('causal') === true }
  }

  apply(b: Builder, tokens: Value, weight: (spec: WeightSpec) => Value): Value | undefined {
    return this.#run(this.#frame(b, weight), tokens)
  }

  #frame(b: Builder, weight: (spec: WeightSpec) => Value): Frame {
    const { block, settings, span } = this.#spec
    const ctx: Context = {
      b,
      say: this.#say,
      stack: [block],
      gradients: true,
      composites: this.#composites,
      weight,
      evaluate,
    }
    const all = settings.has('vocab') ? settings : new Map([...settings, ['vocab', { value: this.#vocab, span }]])
    return new Frame(ctx, block, { settings: all })
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
    const vocab = dimension(frame, decl.result.dims?.find((d) => d.name === 'vocab') ?? decl.name)
    if (lifted === undefined || vocab === undefined) return undefined
    const y = keepPromise(frame, decl.result, lifted, run(frame), resultSpan(decl))
    if (!isNumeric(y)) return undefined
    return frame.ctx.b.broadcast(asFloat(frame.ctx, y), [...tokens.type.dims, vocab])
  }
}
