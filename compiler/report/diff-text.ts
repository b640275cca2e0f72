// Differences → lines of three columns: a path, what became of its value, and where the new value stands.
import type { Stage } from '../check/pipeline.ts'
import type { Difference } from './diff.ts'
import { originText, paramAt, spanOf } from './origin.ts'
import { isCode, isHash, isKey, shown } from './shown.ts'

/** Lines without a newline at the end, indented by two. `where`: the third column. */
export function diffText(found: readonly Difference[], where: (path: string) => string): string {
  const rows = found.map((d) => [d.path === '' ? 'what it is' : d.path, changeText(d), where(d.path)] as const)
  const [paths, changes] = [0, 1].map((i) => Math.min(48, Math.max(0, ...rows.map((row) => row[i]!.length))))
  return rows.map(([path, change, at]) => `  ${path.padEnd(paths!)}  ${change.padEnd(changes!)}  ${at}`.trimEnd()).join('\n')
}

/** `2-smdm-170m.smdm:8, or --set budget`; where a value is a default, that. */
export function whereText(stage: Stage, path: string): string {
  if (path.startsWith('numerics')) return ''
  const span = spanOf(stage, path)
  if (!span) return 'default'
  const param = span.source.name === stage.span.source.name ? paramAt(span) : undefined
  return param === undefined ? originText(span) : `${originText(span)}, or --set ${param}`
}

function changeText({ path, before, after }: Difference): string {
  if (path.startsWith('numerics')) return 'this version computes it otherwise'
  if (isHash(before) && isHash(after)) return 'content changed'
  if (isKey(before) && isKey(after)) return `another stage: ${before.slice(0, 12)} → ${after.slice(0, 12)}`
  if (isCode(before) && isCode(after)) return codeChange(before, after)
  return `${shown(before)} → ${shown(after)}`
}

/** Names of what differs between two lists of declarations. */
function codeChange(before: readonly string[], after: readonly string[]): string {
  const name = (text: string): string => /^(?:op|block) \w+/.exec(text)?.[0] ?? text.slice(0, 24)
  const differing = [...before.filter((text) => !after.includes(text)), ...after.filter((text) => !before.includes(text))]
  const names = [...new Set(differing.map(name))]
  const gone = (n: string): boolean => !after.some((text) => name(text) === n)
  if (name(before[0] ?? '') !== name(after[0] ?? '')) return `${name(before[0] ?? '')} → ${name(after[0] ?? '')}`
  return `code changed: ${names.map((n) => (gone(n) ? `${n} is gone` : n)).join(', ')}`
}
