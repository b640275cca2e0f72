// A stage whose kind a plugin brings → CustomStage: its values as the plugin sees them, its model and data as handles. What the
// schema cannot say the plugin's own check says.
import { asStage, type Parts } from './base.ts'
import { field, place, type Build } from './build.ts'
import { complete, sound } from './complete.ts'
import { buildData } from './data.ts'
import { normalForm } from './normal.ts'
import type { CustomStage, DataSpec, TrainStage } from './pipeline.ts'
import type { FieldValue, Values } from '../spec/plugin.ts'
import { trainedOf } from './sample.ts'
import type { Rec, Value } from './value.ts'

/** Undefined where a mistake has been reported. */
export function buildCustom(b: Build, stage: Rec): CustomStage | undefined {
  const { custom } = stage
  if (!custom || !complete(b, stage) || !sound(stage)) return undefined
  const trained = Object.hasOwn(custom.kind.fields, 'from') && field(b.s, stage, 'from') ? trainedOf(b, stage) : undefined
  const data = new Map<string, DataSpec>()
  const values: Record<string, FieldValue | undefined> = {}
  for (const name of Object.keys(custom.kind.fields)) {
    const value = field(b.s, stage, name)
    if (!value) continue
    const given = name === 'from' ? trained && modelOf(trained) : handed(b, name, value, data)
    if (given === undefined) return undefined
    values[name] = given
  }
  if (!checkValues(b, stage, values)) return undefined
  const { seed } = values
  const parts: Parts = { normal: (look) => normalForm(look, stage, {}), needs: trained ? [trained] : [] }
  return asStage<CustomStage>(b, stage, parts, {
    kind: 'custom',
    custom,
    values,
    trained,
    data,
    seed: typeof seed === 'number' ? seed : 0,
  })
}

function modelOf(trained: TrainStage): FieldValue {
  const { name, context, model } = trained
  return { kind: 'model', name, context, vocab: model.vocab, mask: model.vocab }
}

/** A value as the plugin sees it. Undefined where it cannot be had. */
function handed(b: Build, name: string, value: Value, data: Map<string, DataSpec>): FieldValue | undefined {
  switch (value.kind) {
    case 'quantity':
      return value.number
    case 'text':
      return value.text
    case 'truth':
      return value.truth
    case 'word':
      return value.word
    case 'list': {
      const items = value.items.map((item) => handed(b, name, item, data))
      return items.some((item) => item === undefined) ? undefined : (items as FieldValue[])
    }
    case 'record': {
      const spec = value.of === 'data' ? buildData(b, value, 'all') : undefined
      if (!spec) return undefined
      data.set(name, spec)
      return { kind: 'data', field: name, tokens: spec.tokens }
    }
    case 'poison':
    case 'extreme':
    case 'code':
    case 'axes':
    case 'family':
    case 'library':
      return undefined
  }
}

/** What the plugin has against these values, each at its field. */
function checkValues(b: Build, stage: Rec, values: Values): boolean {
  const problems = stage.custom?.kind.check?.(values) ?? []
  for (const { field: name, message, notes = [] } of problems) b.s.say.pluginProblem(place(stage, name).at, { message, notes })
  return problems.length === 0
}
