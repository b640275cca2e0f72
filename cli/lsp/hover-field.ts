// A field → its meaning, what it takes, its default, its value, and what it replaces: the value that the record in front of
// its braces has, with the line that gave it.
import { textOf } from '../../grammar/source.ts'
import { article, wordOf } from '../../compiler/check/value.ts'
import type { Pipeline } from '../../compiler/check/pipeline.ts'
import { place, takes } from '../../compiler/check/wording.ts'
import { originsText } from '../../compiler/report/origins-text.ts'
import type { FieldSpec } from '../../compiler/spec/kinds.ts'
import type { FieldSite } from './sites.ts'

export function fieldText(site: FieldSite, pipeline: Pipeline | undefined): readonly string[] | undefined {
  const { spec, name, rec } = site
  if (!spec) return undefined
  const facts = [
    `takes ${takes(spec.type)}${bounds(spec)}`,
    ...(spec.default === undefined ? [] : [`default \`${spec.default}\``]),
    ...(spec.required ? ['must be given'] : []),
    ...(spec.free ? ['does not change results'] : []),
  ]
  const before = rec.fields.get(name)
  const replaced =
    before && before.field.start !== site.span.start ? [`here instead of \`${shown(textOf(before.at))}\`, ${place(before.field)}`] : []
  const stage = pipeline?.stages.find((s) => s.name === site.within.name)
  const values = stage && originsText(stage, site.path)
  return [
    `**${name}** of ${article(wordOf(rec))}${site.named ? ` · \`${textOf(site.named.whole)}\`` : ''}`,
    spec.doc,
    facts.join(' · '),
    ...replaced,
    ...(values === undefined ? [] : ['```text\n' + values + '\n```']),
    ...(spec.later === true ? ['*Not available yet.*'] : []),
  ]
}

function bounds({ type }: FieldSpec): string {
  if (type.is !== 'quantity') return ''
  const show = (n: number): string => (type.units[0] === 'fraction' ? `${n * 100}%` : String(n))
  const { min, max } = type
  if (max !== undefined) return `, ${show(min ?? 0)} to ${show(max)}`
  return min === undefined ? '' : `, at least ${show(min)}`
}

const shown = (text: string): string => (text.includes('\n') ? `${text.slice(0, text.indexOf('\n'))} …` : text)
