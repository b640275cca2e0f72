// Declarations → names of their file, and the view of those names that bodies of ops and blocks have (Scope).
import type { Use } from '../../grammar/ast.ts'
import type { Span } from '../../grammar/source.ts'
import { declared, lookup, visible, type Binding, type Names } from './names.ts'
import type { Code, Path, Scope } from '../elaborate/code.ts'
import { isPlugin } from './plugin.ts'
import type { Session } from './session.ts'

/** Fills `own` with what a module declares. `used` gives the names behind each `use`. */
export function bindAll(s: Session, names: Names, own: Map<string, Binding>, used: ReadonlyMap<Use, Names>): void {
  const bind = (name: string, span: Span, binding: Binding): void => {
    const before = own.get(name)
    if (before) s.say.twice(span, { name, before: declared(before) })
    else own.set(name, binding)
  }
  for (const decl of names.module.items) {
    if (decl.kind === 'use') {
      if (isPlugin(decl)) continue
      const library = used.get(decl)
      const name = decl.alias?.name ?? ('name' in decl.target ? decl.target.name : undefined)
      if (!library) continue
      if (name === undefined) {
        const { span } = decl.target
        s.say.aliasNeeded(span, { path: 'value' in decl.target ? decl.target.value : '', span })
      } else bind(name, (decl.alias ?? decl.target).span, { kind: 'use', decl, names: library })
    } else if (decl.kind === 'noun' && decl.case) {
      const family = own.get(decl.name.name)
      if (family?.kind === 'family') own.set(decl.name.name, { ...family, cases: [...family.cases, decl] })
      else bind(decl.name.name, decl.name.span, { kind: 'family', cases: [decl], home: names })
    } else {
      bind(decl.name.name, decl.name.span, { kind: decl.kind, decl, home: names } as Binding)
    }
  }
}

/** What bodies of ops and blocks of this file see. */
export function codeScope(s: Session, names: Names): Scope {
  const known = s.scopes.get(names.module)
  if (known) return known
  const find = (path: Path): Binding | undefined => {
    let at: Names | undefined = names
    for (const part of path.slice(0, -1)) {
      const binding: Binding | undefined = at && lookup(at, part)
      at = binding?.kind === 'use' ? binding.names : undefined
    }
    const last = path.at(-1)!
    return path.length === 1 ? lookup(names, last) : at?.own.get(last)
  }
  const scope: Scope = {
    module: names.module,
    mentions: new Map(),
    reached: new Map(),
    code: (path) => {
      const binding = find(path)
      return binding?.kind === 'op' || binding?.kind === 'block' ? codeOf(s, binding) : undefined
    },
    number: (path) => {
      const binding = find(path)
      if (binding?.kind !== 'let' && binding?.kind !== 'param') return undefined
      const value = s.valueOf(binding.decl, binding.home)
      if (value.kind === 'truth') return value.truth
      return value.kind === 'quantity' ? value.number : undefined
    },
    names: () => visible(names),
  }
  s.scopes.set(names.module, scope)
  return scope
}

/** An op or block with the scope of the file that declares it. */
export function codeOf(s: Session, binding: Binding & { kind: 'op' | 'block' }): Code {
  const scope = codeScope(s, binding.home)
  return binding.kind === 'op' ? { kind: 'op', decl: binding.decl, scope } : { kind: 'block', decl: binding.decl, scope }
}
