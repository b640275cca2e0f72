// A page with mistakes in its grammar → the mistakes of the declarations that have none. Each declaration is parsed by itself, so those
// without a mistake mean what they say; of the others not even the names are sure, and what only misses those says nothing.
import type { Declaration } from '../../grammar/ast.ts'
import type { Diagnostic } from '../../grammar/diagnostic.ts'
import { parse, type Parsed } from '../../grammar/parse.ts'
import type { World } from './session.ts'

/** What a declaration may be told only because another cannot be read. */
const ABSENT: readonly string[] = [
  ...['unknown-name', 'undefined-name', 'unquoted-text', 'unknown-dimension', 'unknown-kind'],
  ...['unknown-param', 'unset-param', 'no-such-case', 'case-needed'],
]

/** The same world, in which declarations that cannot be read do not stand on their pages. */
export function withoutDamage(world: World): World {
  return {
    ...world,
    parse: (source) => {
      const parsed = (world.parse ?? parse)(source)
      return { module: { ...parsed.module, items: undamaged(parsed) }, diagnostics: [] }
    },
  }
}

/** Whether a diagnostic in that world is true in this one. */
export function holdsBeside({ code, severity }: Diagnostic): boolean {
  return severity === 'error' && !ABSENT.includes(code)
}

/** The declarations without a mistake between where they begin and where the next one does. */
function undamaged({ module: { items }, diagnostics, starts = [] }: Parsed): readonly Declaration[] {
  const begins = [...starts, ...items.map(({ span }) => span.start)].sort((a, b) => a - b)
  const places = diagnostics.map(({ span }) => span.start).sort((a, b) => a - b)
  const damaged = new Set<number>()
  let i = 0
  for (const at of places) {
    while (begins[i + 1]! <= at) i++
    damaged.add(begins[i]!)
  }
  return items.filter(({ span }) => !damaged.has(span.start))
}
