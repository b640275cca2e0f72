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
  const built = spec && elaborated(s, spec, vocab)
  s.models.set(model, { vocab, model: built })
  return built
}

/** Many trainings write down the same model. One with mistakes is elaborated wherever it stands, since they are said there. */
function elaborated(s: Session, spec: ModelSpec, vocab: number): Model | undefined {
  const alike = s.alike.get(spec.block.decl) ?? []
  s.alike.set(spec.block.decl, alike)
  const twin = alike.find((other) => other.vocab === vocab && sameSettings(other.settings, spec.settings))
  if (twin) return twin.model
  const model = s.elaboration.model(spec, { vocab, report: s.report, composites: s.composites })
  if (model) alike.push({ settings: spec.settings, vocab, model })
  return model
}

type Settings = ModelSpec['settings']

function sameSettings(a: Settings, b: Settings): boolean {
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
