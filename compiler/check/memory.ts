// An estimate of what training needs, before any device is asked: weights, gradients and Adam's two moments in f32, and for one
// sequence what the backward pass keeps and the logits with their gradient. The plan of a device knows better.
import type { Noun } from '../../grammar/ast.ts'
import type { Model } from '../elaborate/model.ts'
import { wideTensor } from '../facts.ts'
import { place, type Build } from './build.ts'
import { keptBy, type Tensor } from './kept.ts'
import { buildModel } from './model.ts'
import { caseText } from './record.ts'
import type { Session } from './session.ts'
import type { Rec } from './value.ts'

/** Bytes, by cause. */
export interface Memory {
  readonly weights: number
  readonly gradients: number
  /** AdamW's moments. */
  readonly optimizer: number
  /** All three. */
  readonly state: number
  /** Activations of one sequence, with as many of its logits as are made at a time. */
  readonly sequence: number
  /** The largest tensor of a run of one sequence; a weight goes by its name. */
  readonly largest: Tensor & { readonly name?: string }
  /** A product that spreads to more than the largest weight: probably a `*` whose factors share no dimension. */
  readonly outer?: Tensor
}

export function memoryOf(model: Model): Memory {
  const { tensors, outer } = keptBy(model)
  const weights = model.weights.map((w): Memory['largest'] => ({
    name: w.name,
    op: 'weight',
    dims: w.dims,
    bytes: 4 * w.dims.reduce((n, d) => n * d.size, 1),
  }))
  const head: Tensor = {
    op: 'logits',
    dims: [
      { name: 'time', size: model.context },
      { name: 'vocab', size: model.vocab },
    ],
    bytes: 4 * model.context * model.vocab,
  }
  const bytes = 4 * model.parameters
  const [weight] = weights.toSorted((a, b) => b.bytes - a.bytes)
  return {
    weights: bytes,
    gradients: bytes,
    optimizer: 2 * bytes,
    state: 4 * bytes,
    sequence: tensors.reduce((sum, t) => sum + t.bytes, 2 * Math.min(head.bytes, wideTensor)),
    largest: [head, ...tensors, ...weights].reduce((best, t) => (t.bytes > best.bytes ? t : best)),
    outer: outer && outer.bytes > (weight?.bytes ?? 0) ? outer : undefined,
  }
}

/** Reports a training that does not fit the memory it is given. */
export function checkMemory(b: Build, stage: Rec, modelRec: Rec, model: Model): void {
  const { memory } = b.s.world
  if (memory === undefined) return
  const needed = memoryOf(model)
  if (fits(needed, memory)) return
  const smaller = first(smallerCases(b.s, modelRec, model.vocab), (c) => fits(memoryOf(c.model), memory))
  b.s.say.tooLarge(place(stage, 'model').field, {
    name: stage.decl?.name.name ?? 'this',
    ...needed,
    memory,
    parameters: model.parameters,
    context: model.context,
    largest: smaller?.name,
    shorter: shorterContext(model.context, (context) => fits({ ...needed, sequence: (needed.sequence * context) / model.context }, memory)),
  })
}

/** The longest half, quarter, eighth of a context that fits: what a sequence keeps is in proportion to it. */
export function shorterContext(context: number, fits: (context: number) => boolean): number | undefined {
  for (let shorter = context / 2; shorter >= 16 && Number.isInteger(shorter); shorter /= 2) if (fits(shorter)) return shorter
  return undefined
}

function fits({ state, sequence }: Memory, memory: number): boolean {
  return state + sequence <= memory
}

function first<T>(items: Iterable<T>, wanted: (item: T) => boolean): T | undefined {
  for (const item of items) if (wanted(item)) return item
  return undefined
}

/** A smaller case of the model's family, with the page's amendments. */
export interface Smaller {
  /** As written: `472M`. */
  readonly name: string
  readonly model: Model
}

/** Those cases, largest first, each elaborated when it is asked for. */
export function* smallerCases(s: Session, model: Rec, vocab: number): Generator<Smaller> {
  const { origin } = model
  if (!origin) return
  const { cases, home } = origin.family
  const amended = [...model.fields].filter(([name, held]) => origin.chosen.fields.get(name) !== held)
  const size = (noun: Noun | undefined): number => {
    const key = noun?.case && s.evaluate(noun.case, { s, names: home })
    return key?.kind === 'quantity' ? key.number : 0
  }
  const smaller = cases.filter((noun) => size(noun) < size(origin.chosen.decl)).sort((a, b) => size(b) - size(a))
  for (const noun of smaller) {
    const base = s.valueOf(noun, home)
    const other = base.kind === 'record' && buildModel(s, { ...base, fields: new Map([...base.fields, ...amended]) }, vocab)
    if (other) yield { name: caseText(noun), model: other }
  }
}
