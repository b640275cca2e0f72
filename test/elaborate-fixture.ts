// For tests of elaboration: scopes over texts and the library on disk, without the checker.
import { librarySources } from '../cli/library.ts'
import type { Declaration, Module } from '../grammar/ast.ts'
import { parse } from '../grammar/parse.ts'
import type { Span } from '../grammar/source.ts'
import type { BlockCode, Code, ModelSpec, OpCode, Scope, Setting } from '../compiler/elaborate/code.ts'

/** The parsed files of a folder of pipelines/. Throws where one does not parse. */
export function folder(name: string): readonly Module[] {
  return librarySources(name)!.map((file) => parsed(`pipelines/${file.name}`, file.text))
}

export function parsed(name: string, text: string): Module {
  const { module, diagnostics } = parse({ name, text })
  const [first] = diagnostics
  if (first !== undefined) throw new Error(`${name}: ${first.message}`)
  return module
}

/** Names of `modules`, the first among them the file itself. */
export function scopeOf(modules: readonly Module[]): Scope {
  const [module] = modules
  if (module === undefined) throw new Error('no module')
  const find = (name: string): Declaration | undefined =>
    modules.flatMap((m) => m.items).find((d) => d.kind !== 'use' && d.name.name === name)
  const scope: Scope = {
    module,
    code(path): Code | undefined {
      const decl = path.length === 1 ? find(path[0] ?? '') : undefined
      if (decl?.kind === 'op') return { kind: 'op', decl, scope }
      return decl?.kind === 'block' ? { kind: 'block', decl, scope } : undefined
    },
    number(path): number | undefined {
      const decl = path.length === 1 ? find(path[0] ?? '') : undefined
      const plain = decl?.kind === 'let' || decl?.kind === 'param' ? decl.value : undefined
      return plain?.kind === 'number' ? plain.value : undefined
    },
    names: () =>
      modules.flatMap((m) => m.items).flatMap((d) => (d.kind === 'op' || d.kind === 'block' || d.kind === 'let' ? [d.name.name] : [])),
  }
  return scope
}

let std: readonly Module[] | undefined

/** A file that sees the prelude. */
export function page(text: string, name = 'page.smdm'): Scope {
  std ??= folder('std')
  return scopeOf([parsed(name, text), ...std])
}

export function op(scope: Scope, name: string): OpCode {
  const code = scope.code([name])
  if (code?.kind !== 'op') throw new Error(`no op ${name}`)
  return code
}

export function block(scope: Scope, name: string): BlockCode {
  const code = scope.code([name])
  if (code?.kind !== 'block') throw new Error(`no block ${name}`)
  return code
}

/** `transformer` of the scope with these settings, each as if written at `span`. */
export function modelSpec(scope: Scope, settings: Readonly<Record<string, number | boolean | Code>>, span?: Span): ModelSpec {
  const at = span ?? { source: scope.module.source, start: 0, end: 0 }
  const entries = Object.entries(settings).map(([name, value]): [string, Setting] => [name, { value, span: at }])
  return { block: block(scope, 'transformer'), settings: new Map(entries), span: at }
}
