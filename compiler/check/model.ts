// A model as written → the model brought to sizes. Shapes, divisibility and names inside blocks are checked there.
import type { Model } from '../elaborate/model.ts'
import type { ModelSpec, Setting } from './pipeline.ts'
import type { Built, Session } from './session.ts'
import type { Rec } from './value.ts'

/**
 * Undefined where a mistake has been reported. Many trainings write down the same model, which is elaborated once; one with mistakes
 * wherever it stands, since they are said there.
 */
export function buildModel(s: Session, record: Rec, vocab: number): Model | undefined {
  const spec = specOf(record)
  if (!spec) return undefined
  const { settings } = spec
  const ofBlock = s.models.get(spec.block.decl) ?? []
  s.models.set(spec.block.decl, ofBlock)
  const twin = ofBlock.find((b) => b.vocab === vocab && (b.record === record || (b.model && sameSettings(b.settings, settings))))
  if (twin) return twin.model
  const model = s.elaboration.model(spec, { vocab, report: s.report, composites: s.composites })
  ofBlock.push({ settings, vocab, record, model })
  return model
}

function sameSettings(a: Built['settings'], b: Built['settings']): boolean {
  return a.size === b.size && [...a].every(([name, { value }]) => same(value, b.get(name)?.value))
}

function same(a: Setting['value'], b: Setting['value'] | undefined): boolean {
  return typeof a === 'object' && typeof b === 'object' ? a.decl === b.decl : a === b
}

function specOf(model: Rec): ModelSpec | undefined {
  if (!model.block) return undefined
  const settings = new Map<string, Setting>()
  for (const [name, held] of model.fields) {
    const { value } = held
    if (value.kind === 'quantity') settings.set(name, { value: value.number, span: held.field })
    else if (value.kind === 'truth') settings.set(name, { value: value.truth, span: held.field })
    else if (value.kind === 'code') settings.set(name, { value: value.code, span: held.field })
    else return undefined
  }
  return { block: model.block, settings, span: model.span }
}
