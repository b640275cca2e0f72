// `use "./kind.ts"` → kinds of stages that this page may declare. A plugin's kinds are words like the language's own: they need no
// alias, and two plugins cannot bring the same one.
import type { Use } from '../../grammar/ast.ts'
import { Report } from '../../grammar/diagnostic.ts'
import { isKind } from '../spec/kinds.ts'
import type { Plugin } from '../spec/plugin.ts'
import { defaultOf } from './fields.ts'
import { schemaProblem } from './plugin-schema.ts'
import { speak, type FoundPlugin, type Session } from './session.ts'

/** A quoted name without the ending of a page is code: a file, or a package. */
export function isPlugin({ target }: Use): boolean {
  return 'value' in target && !/\.(smdm|ya?ml|json)$/.test(target.value)
}

/** Adds the kinds of a plugin; what is wrong with it is reported. */
export function addPlugin(s: Session, use: Use, path: string): void {
  const { span } = use.target
  const found: FoundPlugin | { readonly problem: string; readonly near?: string } = s.world.plugin?.(path, span.source.name) ?? {
    problem: 'plugins are not loaded here',
  }
  if ('problem' in found) {
    const library = Array.isArray(s.world.read(path, span.source.name))
    s.say.cannotUse(span, { path, problem: found.problem, near: found.near, span, library })
    return
  }
  if (use.alias) s.say.pluginAlias(use.alias.span, { path })
  const problem = schemaProblem(found.plugin) ?? defaultsProblem(s, found.plugin)
  if (problem !== undefined) {
    s.say.cannotUse(span, { path, problem, span })
    return
  }
  for (const [word, kind] of Object.entries(found.plugin.kinds)) {
    const before = s.kinds.get(word)
    if (isKind(word) || (before && before.sha256 !== found.sha256)) s.say.kindTaken(span, { path, word })
    else s.kinds.set(word, { word, kind, sha256: found.sha256 })
  }
}

/** A default that its own field would refuse. No page can cure it, so it is told of the plugin and not where it is missed. */
function defaultsProblem(s: Session, { kinds }: Plugin): string | undefined {
  for (const [word, { fields }] of Object.entries(kinds)) {
    for (const [name, spec] of Object.entries(fields)) {
      const report = new Report()
      const value = defaultOf({ ...s, report, say: speak(report) }, spec)
      if (spec.default === undefined || (value && value.kind !== 'poison' && !report.failed)) continue
      const why = report.diagnostics[0]?.message ?? 'it is no value'
      return `the field \`${name}\` of its kind \`${word}\` has the default \`${spec.default}\`, but ${why}`
    }
  }
  return undefined
}
