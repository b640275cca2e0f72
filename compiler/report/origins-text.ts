// What `smdmc explain FILE STAGE[.field]` prints: every value of a stage, and the line it came from.
import { positionAt } from '../../grammar/source.ts'
import type { Stage } from '../check/pipeline.ts'

/** One line a value; `path` narrows to a field and what is inside it. Undefined if the stage has no such field. */
export function originsText(stage: Stage, path?: string): string | undefined {
  const rows = flatten(stage.normal, '').filter(([name]) => path === undefined || name === path || name.startsWith(`${path}.`))
  if (rows.length === 0) return undefined
  const names = Math.max(...rows.map(([name]) => name.length))
  const values = Math.min(32, Math.max(...rows.map(([, value]) => value.length)))
  return rows.map(([name, value]) => `${name.padEnd(names)}  ${value.padEnd(values)}  ${originOf(stage, name)}`.trimEnd()).join('\n')
}

/** The nearest field around a path that was written somewhere; the rest are defaults. */
function originOf(stage: Stage, path: string): string {
  const span = stage.origins.get(path)
  if (!span) return 'default'
  return span.source.name.startsWith('--set') ? span.source.name : `${span.source.name}:${positionAt(span.source, span.start).line}`
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
