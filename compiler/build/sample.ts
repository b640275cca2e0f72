// A model and a sampler → the program of one reverse step, all of it on the device; names and inputs in plan/jobs.ts.
//   confidence  MaskGIT's order: every masked position chooses a token, each sample reveals its `count` most confident ones.
//   ancestral   the reverse process of Eq. 6: which positions are revealed does not depend on the model, so the host has drawn them.
// A masked position chooses by argmax of logits + temperature * Gumbel noise, noise keyed by (seed, step, sample, position, token):
// what else is in the batch cannot be seen. Logits are computed only for the positions that need them.
import { Builder, type Value } from '../graph/builder.ts'
import type { Dim } from '../graph/graph.ts'
import type { SamplerSpec } from '../check/pipeline.ts'
import type { Model } from '../elaborate/model.ts'
import { applyChecked, type Library } from './library.ts'
import { batchDim, f32, guided, i32, logits, rowDim, rowsOf, timeDim, type Shape } from './network.ts'
import type { Program } from './train.ts'

/** The key of the Gumbel noise beside the seed; the host's own draws use other streams. */
const GUMBEL = 0x67756d62

/** The confidence of what cannot be revealed, and the least of what can: an order may give -inf, or no number. */
const NEVER = -3e38
const LAST = -1e38

/** The dimension along which the model sees a sample with its prompt and without. No page can call one of its own like that. */
const BRANCH: Dim = { name: 'with/without', size: 2 }

/** The reverse step of a sampler. */
export function samplerProgram(model: Model, sampler: SamplerSpec, shape: Shape, library: Library): Program {
  return new StepBuilder(model, sampler, shape, library).program()
}

class StepBuilder {
  readonly #b = new Builder()
  readonly #model: Model
  readonly #sampler: SamplerSpec
  readonly #library: Library
  readonly #shape: Shape
  readonly #batch: Dim
  readonly #time: Dim
  readonly #tokens: Value
  readonly #masked: Value

  constructor(model: Model, sampler: SamplerSpec, shape: Shape, library: Library) {
    this.#model = model
    this.#sampler = sampler
    this.#library = library
    this.#shape = shape
    this.#batch = batchDim(shape)
    this.#time = timeDim(shape)
    this.#tokens = this.#b.input('tokens', 'state', i32(this.#batch, this.#time))
    this.#masked = this.#b.binary('eq', this.#tokens, model.vocab)
  }

  program(): Program {
    if (this.#sampler.kind === 'confidence') this.#confidence()
    else this.#ancestral()
    return { name: this.#sampler.kind, graph: this.#b.finish() }
  }

  #confidence(): void {
    const b = this.#b
    const slot: Dim = { name: 'slot', size: this.#time.size, live: true }
    // Slot s of a sample is its s-th masked position: `before` counts the masks in front of a position.
    const ahead = b.binary('lt', b.rename(b.position(this.#time), 'time', "time'"), b.position(this.#time))
    const before = this.#count(b.binary('and', b.rename(this.#masked, 'time', "time'"), ahead), ["time'"])
    const here = b.binary('and', this.#masked, b.binary('eq', before, b.position(slot)))
    const where = b.broadcast(b.reduce('reduce_sum', b.select(here, b.position(this.#time), b.constant(0, 'i32')), ['time']), [
      this.#batch,
      slot,
    ])
    const filled = b.binary('lt', b.position(slot), this.#count(this.#masked, ['time']))

    const logit = this.#guided((all) => b.gather(all, 'time', where))
    const choice = this.#choose(logit, b.input('sample', 'data', i32(this.#batch)), where)
    const confidence = b.select(filled, this.#confidenceOf(logit, choice), b.constant(NEVER))
    const mine = b.select(this.#masked, before, b.constant(0, 'i32'))
    const reveal = b.binary('and', this.#masked, b.binary('lt', this.#rank(confidence, slot, mine), this.#countInput()))
    const next = b.select(reveal, b.gather(choice, 'slot', mine), this.#tokens)
    b.update('tokens', b.broadcast(next, [this.#batch, this.#time]))
  }

  #ancestral(): void {
    const b = this.#b
    const row = b.input('row', 'data', i32(rowDim(this.#shape)))
    const logit = this.#guided((all) => rowsOf(b, all, row))
    const sample = b.gather(b.input('sample', 'data', i32(this.#batch)), 'batch', b.binary('div', row, this.#time.size))
    const choice = this.#choose(logit, sample, b.binary('mod', row, this.#time.size))
    const token: Dim = { name: 'token', size: this.#shape.batch * this.#shape.time }
    // Rows are distinct, so the sum of choice + 1 over them is that of one row, or zero where nothing is revealed.
    const found = b.add('scatter', [b.binary('add', choice, 1), row], { dim: token, over: ['row'], unique: true })
    const placed = b.split(found, 'token', [this.#batch, this.#time])
    b.update('tokens', b.select(b.binary('gt', placed, 0), b.binary('sub', placed, 1), this.#tokens))
  }

  /** Picks rows out of the logits; under guidance the model sees each sample twice, with and without its prompt. */
  #guided(pick: (all: Value) => Value): Value {
    const b = this.#b
    if (this.#sampler.guidance === 0) return pick(logits(b, this.#model, this.#tokens))
    const prompt = b.binary('lt', b.position(this.#time), b.input('prompt', 'data', i32(this.#batch)))
    const hidden = b.binary('and', prompt, b.binary('eq', b.position(BRANCH), 1))
    const both = b.select(hidden, b.constant(this.#model.vocab, 'i32'), this.#tokens)
    const rows = pick(logits(b, this.#model, b.broadcast(both, [BRANCH, this.#batch, this.#time])))
    const at = (i: number): Value => b.gather(rows, BRANCH.name, b.constant(i, 'i32'))
    return guided(b, at(0), at(1), b.input('guidance', 'data', f32()))
  }

  /** Gumbel-max (smdm.md 1.11 in the log domain): argmax of logits - T ln(-ln u). */
  #choose(logit: Value, sample: Value, position: Value): Value {
    const b = this.#b
    if (this.#sampler.temperature === 0) return b.reduce('argmax', logit, ['vocab'])
    const vocab = b.position({ name: 'vocab', size: this.#model.vocab })
    const keys = [b.input('seed', 'data', i32()), b.constant(GUMBEL, 'i32'), b.input('step', 'data', i32()), sample, position, vocab]
    const u = b.add('uniform', keys, undefined)
    const gumbel = b.unary('neg', b.unary('log', b.unary('neg', b.unary('log', u))))
    const noisy = b.binary('add', logit, b.binary('mul', b.input('temperature', 'data', f32()), gumbel))
    return b.reduce('argmax', noisy, ['vocab'])
  }

  /** How sure the model is of a position: of its choice, or by the user's order, from the probabilities without noise. */
  #confidenceOf(logit: Value, choice: Value): Value {
    const p = this.#library.apply(this.#b, 'softmax', [logit], { d: 'vocab' })
    const { order } = this.#sampler
    if (order === undefined) return this.#b.gather(p, 'vocab', choice)
    const given = applyChecked(this.#b, order, [p])
    return this.#b.select(this.#b.binary('gt', given, LAST), given, this.#b.constant(LAST))
  }

  /** How many slots come before `mine`, the slot of a position: more confident, or equally so and earlier. */
  #rank(confidence: Value, slot: Dim, mine: Value): Value {
    const b = this.#b
    const { pooled } = this.#sampler
    const place = (at: Value): Value => (pooled ? b.binary('add', b.binary('mul', b.position(this.#batch), slot.size), at) : at)
    const names = pooled ? ['batch', 'slot'] : ['slot']
    const prime = (x: Value): Value => names.reduce((y, d) => b.rename(y, d, `${d}'`), x)
    const [theirs, own] = [prime(confidence), b.gather(confidence, 'slot', mine)]
    const surer = b.binary('gt', theirs, own)
    const tied = b.binary('and', b.binary('eq', theirs, own), b.binary('lt', prime(place(b.position(slot))), place(mine)))
    return this.#count(
      b.binary('or', surer, tied),
      names.map((d) => `${d}'`),
    )
  }

  #countInput(): Value {
    return this.#b.input('count', 'data', this.#sampler.pooled ? i32() : i32(this.#batch))
  }

  #count(test: Value, over: readonly string[]): Value {
    return this.#b.reduce('reduce_sum', this.#b.cast(test, 'i32'), over)
  }
}
