// Where a value came from: its line, and the declaration around that line.
import type { Declaration, Noun, Use } from '../../grammar/ast.ts'
import { parse } from '../../grammar/parse.ts'
import { positionAt, type Span } from '../../grammar/source.ts'
import type { Stage } from '../check/pipeline.ts'

/** The nearest field around a path that was written somewhere; undefined where the value is a default of the language. */
export function spanOf(stage: Stage, path: string): Span | undefined {
  const origins = stage.origins()
  return origins.get(path) ?? origins.get(path.replace(/\[\d+\].*$/, ''))
}

/** `page.smdm:8`; `--set size`; `default` of the language; `default, std/transformer.smdm:33` of a block's param; and the sweep whose row it is. */
export function originText(span: Span): string {
  const { name } = span.source
  if (name.startsWith('--set') || name === 'default') return name
  const item = itemAt(span)
  const line = `${name}:${positionAt(span.source, span.start).line}`
  if (item?.kind === 'block') return `default, ${line}`
  return isRow(item, span) ? `${line}, a row of ${item.name.name}` : line
}

/** Whether a value stands in what a sweep runs over. */
function isRow(item: ReturnType<typeof itemAt>, span: Span): item is Noun {
  if (item?.kind !== 'noun' || item.noun.name !== 'sweep' || item.value.kind !== 'record') return false
  return item.value.fields.some(({ name, span: at }) => name.name === 'over' && at.start <= span.start && span.end <= at.end)
}

/** The param of a page whose value this is: `--set NAME` replaces it. */
export function paramAt(span: Span): string | undefined {
  const item = itemAt(span)
  return item?.kind === 'param' ? item.name.name : undefined
}

/** The declaration in which something stands: `smdm.pretrain` in a library; in a page its line. */
export function declarationAt(span: Span): string {
  const library = /^(\w+)\/\w+\.smdm$/.exec(span.source.name)?.[1]
  const item = library === undefined ? undefined : itemAt(span)
  return item ? `${library}.${item.name.name}` : originText(span)
}

function itemAt(span: Span): Exclude<Declaration, Use> | undefined {
  const item = parse(span.source).module.items.find((i) => i.span.start <= span.start && span.end <= i.span.end)
  return item?.kind === 'use' ? undefined : item
}
