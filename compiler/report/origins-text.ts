// What `smdmc explain FILE STAGE[.field]` prints: every value of a stage, and the line it came from.
import type { Stage } from '../check/pipeline.ts'
import { flatten } from './diff.ts'
import { originText, spanOf } from './origin.ts'
import { shown } from './shown.ts'

/** One line a value; `path` narrows to a field and what is inside it. Undefined if the stage has no such field. */
export function originsText(stage: Stage, path?: string): string | undefined {
  const rows = valuesOf(stage, path)
  if (rows.length === 0) return undefined
  const names = Math.max(...rows.map(({ name }) => name.length))
  const values = Math.min(32, Math.max(...rows.map(({ value }) => value.length)))
  return rows.map(({ name, value, from }) => `${name.padEnd(names)}  ${value.padEnd(values)}  ${from}`.trimEnd()).join('\n')
}

export interface OriginRow {
  /** `optimizer.lr`. */
  readonly name: string
  readonly value: string
  readonly from: string
}

/** Every value of a stage, and those that blocks inside its model take from around them; under `path`, where one is given. */
export function valuesOf(stage: Stage, path = ''): readonly OriginRow[] {
  const rows = [...flatten(stage.normal)].flatMap(([name, value]): readonly OriginRow[] => {
    if (name === 'stage' || name.startsWith('numerics')) return []
    const span = spanOf(stage, name)
    return [{ name, value: shown(value), from: span ? originText(span) : name === 'model.vocab' ? 'the tokenizer' : 'default' }]
  })
  const all = [...rows, ...inherited(stage, new Map(rows.map(({ name, value }) => [name, value])))]
  return all.filter(({ name }) => path === '' || name === path || name.startsWith(`${path}.`))
}

/** `model.attention.heads`: a param that the block `attention` does not set, and finds in the model. */
function inherited(stage: Stage, values: ReadonlyMap<string, string>): readonly OriginRow[] {
  return [...stage.origins()].flatMap(([name, span]): readonly OriginRow[] => {
    const [, param] = /^model\.\w+\.(\w+)$/.exec(name) ?? []
    const value = param === undefined ? undefined : values.get(`model.${param}`)
    return value === undefined ? [] : [{ name, value, from: `inherited, ${originText(span).replace('default, ', '')}` }]
  })
}
