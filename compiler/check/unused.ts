// Warns of what a page declares and never says again: a param, a let or a noun that is no stage.
import type { Module } from '../../grammar/ast.ts'
import { isKind, KINDS } from '../spec/kinds.ts'
import type { Session } from './session.ts'

export function warnUnused(s: Session, module: Module): void {
  for (const item of module.items) {
    if (item.kind !== 'let' && item.kind !== 'param' && item.kind !== 'noun') continue
    // Cases of a family are there to be chosen; stages are there to run.
    if (item.kind === 'noun' && (item.case || (isKind(item.noun.name) && KINDS[item.noun.name].stage))) continue
    const name = item.name.name
    if (module.items.some((other) => other !== item && says(other, name))) continue
    s.say.unused(item.name.span, { kind: item.kind === 'noun' ? item.noun.name : item.kind, name })
  }
}

/** Whether the name occurs anywhere inside, as a name or as a dimension. */
function says(node: unknown, name: string): boolean {
  if (Array.isArray(node)) return node.some((item) => says(item, name))
  if (typeof node !== 'object' || node === null) return false
  const { kind, name: own } = node as { kind?: string; name?: unknown }
  if (kind === 'name' && own === name) return true
  return Object.entries(node).some(([key, child]) => {
    if (key === 'span' || key === 'trivia') return false
    if (key === 'dims' && Array.isArray(child)) return child.some((dim: { name: string }) => dim.name === name)
    return says(child, name)
  })
}
