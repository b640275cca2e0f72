// A model as written → the model brought to sizes. Shapes, divisibility and names inside blocks are checked there.
import type { Model } from '../elaborate/model.ts'
import type { ModelSpec, Setting } from './pipeline.ts'
import type { Session } from './session.ts'
import type { Rec } from './value.ts'

/**
 * Undefined where a mistake has been reported. Many trainings write down the same model, which is elaborated once; one with mistakes
 * wherever it stands, since they are said there.
 */
export function buildModel(s: Session, record: Rec, vocab: number): Model | undefined {
  const spec = specOf(record)
  if (!spec) return undefined
  const { settings } = spec
  const written = `${spec.block.decl.name.name} ${vocab} ${writtenOut(settings)}`
  const alike = s.models.get(written) ?? []
  s.models.set(written, alike)
  const twin = alike.find((b) => b.record === record || (b.model && sameCode(b.spec, spec)))
  if (twin) return twin.model
  const model = s.elaboration.model(spec, { vocab, report: s.report, composites: s.composites })
  alike.push({ spec, record, model })
  return model
}

/** Settings in the order given, code by its name alone. */
function writtenOut(settings: ModelSpec['settings']): string {
  let text = ''
  for (const [name, { value }] of settings) text += `${name}=${typeof value === 'object' ? value.decl.name.name : value} `
  return text
}

/** Whether code of one name is the same code in two models that are written alike. */
function sameCode(a: ModelSpec, b: ModelSpec): boolean {
  if (a.block.decl !== b.block.decl) return false
  for (const [name, { value }] of a.settings) {
    const other = b.settings.get(name)?.value
    if (typeof value === 'object' && typeof other === 'object' && value.decl !== other.decl) return false
  }
  return true
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
