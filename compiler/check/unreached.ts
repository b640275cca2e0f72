// Ops and blocks of a page that no stage comes to: nothing brings them to sizes, so their names alone are checked.
import type { BlockDecl, Declaration, Module, OpDecl } from '../../grammar/ast.ts'
import { checkNames } from '../elaborate/by-name.ts'
import type { Names } from './names.ts'
import { codeOf } from './scope.ts'
import type { Session } from './session.ts'
import { namesIn } from './unused.ts'

export function checkUnreached(s: Session, root: Names): void {
  const reached = reachedIn(root.module)
  for (const item of root.module.items) {
    if (!isCode(item) || reached.has(item)) continue
    const binding = root.own.get(item.name.name)
    if (binding?.kind === 'op' || binding?.kind === 'block') checkNames(codeOf(s, binding), s.report)
  }
}

/** What nouns, lets and params mention, and what that mentions in turn. */
function reachedIn(module: Module): ReadonlySet<Declaration> {
  const byName = new Map(module.items.filter(isCode).map((item) => [item.name.name, item]))
  const reached = new Set<Declaration>()
  const open: Declaration[] = module.items.filter((item) => !isCode(item) && item.kind !== 'use')
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    for (const name of namesIn(item)) {
      const code = byName.get(name)
      if (!code || reached.has(code)) continue
      reached.add(code)
      open.push(code)
    }
  }
  return reached
}

function isCode(item: Declaration): item is OpDecl | BlockDecl {
  return item.kind === 'op' || item.kind === 'block'
}
