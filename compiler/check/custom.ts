// A stage whose kind a plugin brings → CustomStage: its values as the plugin sees them, its model and data as handles. What the
// schema cannot say the plugin's own check says.
import { bug } from '../bug.ts'
import { asStage, type Parts } from './base.ts'
import { field, place, type Build } from './build.ts'
import { complete, sound } from './complete.ts'
import { buildData } from './data.ts'
import { normalForm } from './normal.ts'
import type { CustomStage, DataSpec, TrainStage } from './pipeline.ts'
import type { FieldValue, Problem, Values } from '../spec/plugin.ts'
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

/** A value as the plugin sees it; its schema has no field of any other type. Undefined where a mistake has been reported. */
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
      const spec = buildData(b, value, 'all')
      if (!spec) return undefined
      data.set(name, spec)
      return { kind: 'data', field: name, tokens: spec.tokens }
    }
    case 'poison':
      return undefined
    case 'extreme':
    case 'code':
    case 'axes':
    case 'family':
    case 'library':
      return bug(`a plugin has the field ${name} of a type that it cannot be given`)
  }
}

/** What the plugin has against these values, each at its field. */
function checkValues(b: Build, stage: Rec, values: Values): boolean {
  const problems = problemsOf(stage, values)
  for (const { field: name, message, notes = [] } of problems) b.s.say.pluginProblem(place(stage, name).at, { message, notes })
  return problems.length === 0
}

/** A check that fails, or that gives no list of problems, is a problem itself. */
function problemsOf({ custom }: Rec, values: Values): readonly Problem[] {
  const failed = (why: string): readonly Problem[] => [
    { field: '', message: `the \`check\` of \`${custom?.word}\` ${why}`, notes: ['the mistake is in the plugin, not in the page'] },
  ]
  try {
    const found: unknown = custom?.kind.check?.(values) ?? []
    return isProblems(found) ? found : failed('gives something else than a list of `{ field, message }`')
  } catch (error) {
    return failed(`failed: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function isProblems(value: unknown): value is readonly Problem[] {
  return Array.isArray(value) && value.every((problem: Partial<Problem> | undefined) => typeof problem?.message === 'string')
}
