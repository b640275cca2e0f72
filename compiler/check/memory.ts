// An estimate of what training needs, before any device is asked: 16 bytes a parameter (weight, gradient and Adam's
// two moments in f32), and for one sequence what the backward pass keeps. The plan of a device knows better.
import type { Noun } from '../../grammar/ast.ts'
import type { Model } from '../elaborate/model.ts'
import { buildModel } from './model.ts'
import { caseText } from './record.ts'
import type { Session } from './session.ts'
import type { Rec } from './value.ts'

export interface Memory {
  /** Weights, gradients and moments, in bytes. */
  readonly state: number
  /** What one sequence keeps, in bytes. */
  readonly sequence: number
}

/** Kept for each token: six tensors of the stream and two of the perceptron a layer, and the logits. */
export function memoryOf(model: Model): Memory {
  const size = (name: string): number => {
    const value = model.params.get(name)
    return typeof value === 'number' ? value : 0
  }
  const floats = size('layers') * (6 * size('width') + 2 * size('hidden')) + model.vocab
  return { state: 16 * model.parameters, sequence: 4 * model.context * floats }
}

export function fits({ state, sequence }: Memory, memory: number): boolean {
  return state + sequence <= memory
}

/** The largest smaller case of the model's family that fits, with the same amendments; undefined where none does. */
export function largestThatFits(s: Session, model: Rec, vocab: number, memory: number): string | undefined {
  const { origin } = model
  if (!origin) return undefined
  const { cases, home } = origin.family
  const amended = [...model.fields].filter(([name, held]) => origin.chosen.fields.get(name) !== held)
  const size = (noun: Noun | undefined): number => {
    const key = noun?.case && s.evaluate(noun.case, { s, names: home })
    return key?.kind === 'quantity' ? key.number : 0
  }
  const smaller = cases.filter((noun) => size(noun) < size(origin.chosen.decl)).sort((a, b) => size(b) - size(a))
  const found = smaller.find((noun) => {
    const base = s.valueOf(noun, home)
    const other = base.kind === 'record' && buildModel(s, { ...base, fields: new Map([...base.fields, ...amended]) }, vocab)
    return other && fits(memoryOf(other), memory)
  })
  return found && caseText(found)
}
