// Warns of what a page declares and never says again: a param, a let or a noun that is no stage.
import type { Declaration, Module } from '../../grammar/ast.ts'
import { eachPart } from '../../grammar/walk.ts'
import { isKind, KINDS } from '../spec/kinds.ts'
import type { Session } from './session.ts'

export function warnUnused(s: Session, module: Module): void {
  const sayers = sayersIn(module)
  for (const item of module.items) {
    if (item.kind !== 'let' && item.kind !== 'param' && item.kind !== 'noun') continue
    // Cases of a family are there to be chosen; stages are there to run.
    if (item.kind === 'noun' && (item.case || isStage(s, item.noun.name))) continue
    const name = item.name.name
    const sayer = sayers.get(name)
    if (sayer !== undefined && sayer !== item) continue
    s.say.unused(item.name.span, { kind: item.kind === 'noun' ? item.noun.name : item.kind, name })
  }
}

function isStage(s: Session, kind: string): boolean {
  return s.kinds.has(kind) || (isKind(kind) && KINDS[kind].stage)
}

/** For each name that is said, as a name or as a dimension, the declaration that says it, or `several`. */
function sayersIn(module: Module): ReadonlyMap<string, Declaration | 'several'> {
  const sayers = new Map<string, Declaration | 'several'>()
  for (const item of module.items) {
    for (const name of namesIn(item)) sayers.set(name, sayers.has(name) ? 'several' : item)
  }
  return sayers
}

const namesOf = new WeakMap<object, ReadonlySet<string>>()

/** Names that a tree mentions, those of dimensions too. */
export function namesIn(tree: object): ReadonlySet<string> {
  const known = namesOf.get(tree)
  if (known !== undefined) return known
  const found = new Set<string>()
  collect(tree, undefined, found)
  namesOf.set(tree, found)
  return found
}

function collect(part: object, key: string | undefined, found: Set<string>): void {
  const { kind, name } = part as { readonly kind?: string; readonly name?: unknown }
  if ((kind === 'name' || key === 'dims') && typeof name === 'string') found.add(name)
  else eachPart(part, (inner, at) => collect(inner, at, found))
}
