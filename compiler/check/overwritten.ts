// Warns of stages that write their result to one file: what the later one writes is all that is left there.
import type { Noun } from '../../grammar/ast.ts'
import type { Stage } from './pipeline.ts'
import type { Session } from './session.ts'

/** `stages`: by the declaration that names each, in the order in which they run. */
export function warnOverwritten(s: Session, stages: ReadonlyMap<Noun, Stage | undefined>): void {
  const first = new Map<string, Stage>()
  const told = new Set<string>()
  for (const [{ name }, stage] of stages) {
    const path = stage && 'write' in stage && stage.write !== undefined ? plain(stage.write) : undefined
    if (stage === undefined || path === undefined) continue
    const other = first.get(path)
    if (other === undefined) first.set(path, stage)
    else if (other.key !== stage.key && !told.has(path)) {
      told.add(path)
      const own = stage.origins().get('write')
      const at = own && own !== other.origins().get('write') ? own : name.span
      s.say.overwritten(at, { path, first: other.name, second: stage.name })
    }
  }
}

/** A path without `.` and what leads back up. */
function plain(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '.' || (part === '' && parts.length > 0)) continue
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..' && parts.at(-1) !== '') parts.pop()
    else parts.push(part)
  }
  return parts.join('/')
}
