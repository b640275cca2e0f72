// What `smdmc explain FILE STAGE[.field]` prints: every value of a stage, and the line it came from.
import type { Stage } from '../check/pipeline.ts'
import { originText, spanOf } from './origin.ts'

/** One line a value; `path` narrows to a field and what is inside it. Undefined if the stage has no such field. */
export function originsText(stage: Stage, path?: string): string | undefined {
  const rows = valuesOf(stage).filter(({ name }) => path === undefined || name === path || name.startsWith(`${path}.`))
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

/** Every value of a stage, and those that blocks inside its model take from around them. */
export function valuesOf(stage: Stage): readonly OriginRow[] {
  const rows = flatten(stage.normal, '').map(([name, value]): OriginRow => {
    const span = spanOf(stage, name)
    return { name, value, from: span ? originText(span) : name === 'model.vocab' ? 'the tokenizer' : 'default' }
  })
  return [...rows, ...inherited(stage, new Map(rows.map(({ name, value }) => [name, value])))]
}

/** `model.attention.heads`: a param that the block `attention` does not set, and finds in the model. */
function inherited(stage: Stage, values: ReadonlyMap<string, string>): readonly OriginRow[] {
  return [...stage.origins].flatMap(([name, span]): readonly OriginRow[] => {
    const [, param] = /^model\.\w+\.(\w+)$/.exec(name) ?? []
    const value = param === undefined ? undefined : values.get(`model.${param}`)
    return value === undefined ? [] : [{ name, value, from: `inherited, ${originText(span).replace('default, ', '')}` }]
  })
}

function flatten(value: unknown, path: string): (readonly [string, string])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[path, shown(value)]]
  return Object.entries(value).flatMap(([name, child]) => {
    if (path === '' && (name === 'numerics' || name === 'stage')) return []
    if (name === 'is') return [[path, shown(child)] as const]
    return flatten(child, path === '' ? name : `${path}.${name}`)
  })
}

/** Code is shown by its first words, a hash by its first digits. */
function shown(value: unknown): string {
  if (Array.isArray(value) && typeof value[0] === 'string') return `${value[0].split('{')[0]!.slice(0, 40)}…`
  return typeof value === 'string' ? value.replace(/[0-9a-f]{64}/, (hash) => `${hash.slice(0, 12)}…`) : JSON.stringify(value)
}
