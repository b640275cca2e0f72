// A model as written → the model brought to sizes. Shapes, divisibility and names inside blocks are checked there.
import type { Model } from '../elaborate/model.ts'
import type { ModelSpec, Setting } from './pipeline.ts'
import type { Session } from './session.ts'
import type { Rec } from './value.ts'

/** Undefined where a mistake has been reported. */
export function buildModel(s: Session, model: Rec, vocab: number): Model | undefined {
  const known = s.models.get(model)
  if (known?.vocab === vocab) return known.model
  const spec = specOf(model)
  const built = spec && s.elaboration.model(spec, { vocab, report: s.report, composites: s.composites })
  s.models.set(model, { vocab, model: built })
  return built
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
