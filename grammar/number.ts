// The spelling of a number → its value, suffix and unit. Unknown suffixes and units are reported here,
// with the spelling that was probably meant, and kept in the tree.
import type { NumberExpr } from './ast.ts'
import type { Fix, Report } from './diagnostic.ts'
import { messages } from './messages.ts'
import type { Span } from './source.ts'
import { each, nearest } from './suggest.ts'
import { suffixes, times, unitOf, units } from './words.ts'

const shape = /^(\d(?:_?\d)*(?:\.\d(?:_?\d)*)?(?:[eE][+-]?\d+)?)(%|[A-Za-z_]\w*)?(?: (.+))?$/

/** Suffixes that other tools know, with what is meant here. */
const foreign = new Map(Object.entries({ m: 'M', K: 'k', G: 'GiB', b: 'B', t: 'T', g: 'GiB', sec: 's', hr: 'h', mins: 'min' }))

/** Words for units elsewhere, with the suffix or the unit that they are here. */
const elsewhere = new Map(
  Object.entries({
    ...each(['percent', 'pct'], '%'),
    ...each(['hour', 'hours', 'hrs'], 'h'),
    ...each(['minute', 'minutes', 'mins'], 'min'),
    ...each(['second', 'seconds', 'secs'], 's'),
    ...each(['day', 'days'], 'd'),
    ...each(['iteration', 'iterations', 'iters', 'updates', 'batches'], ' steps'),
    ...each(['sample', 'samples', 'example', 'examples', 'rows', 'documents', 'texts'], ' sequences'),
    ...each(['passes', 'rounds'], ' epochs'),
    ...each(['bytes', 'characters', 'chars'], ' tokens'),
  }),
)

/** `span` covers the whole spelling, unit included. */
export function number(text: string, span: Span, report: Report): NumberExpr {
  const [, digits = text, suffix, unit] = shape.exec(text) ?? []
  const value = Number(digits.replaceAll('_', ''))
  if (!Number.isFinite(value)) report.using(messages).numberTooLarge(span, { spelling: text })
  if (suffix !== undefined && !suffixes.includes(suffix)) {
    const end = span.start + digits.length + suffix.length
    const place = { ...span, end }
    const near = respelled(digits, suffix)
    report.using(messages).unknownSuffix(place, { spelling: digits + suffix, digits, suffix, near, fixes: replace(place, near) })
  }
  if (unit !== undefined && unitOf(unit) === undefined) {
    const place = { ...span, start: span.end - unit.length }
    const meant = nearest(unit, units)
    const stem = text.slice(0, -unit.length)
    const here = suffixes.includes(unit) ? unit : elsewhere.get(unit)
    const joined = here === undefined || suffix !== undefined ? undefined : digits + here
    const near = joined ?? (meant === undefined ? undefined : stem + meant)
    const time = here !== undefined && times.includes(here)
    report.using(messages).unknownUnit(place, { spelling: text, unit, near, units, time, fixes: replace(span, near) })
  }
  return { kind: 'number', span, value, suffix, unit, text }
}

/** `2000steps` is `2000 steps`; `6m` is `6M`. */
function respelled(digits: string, suffix: string): string | undefined {
  if (unitOf(suffix) !== undefined) return `${digits} ${suffix}`
  const meant = foreign.get(suffix) ?? nearest(suffix, suffixes)
  return meant === undefined ? undefined : digits + meant
}

function replace(span: Span, text: string | undefined): readonly Fix[] {
  return text === undefined ? [] : [{ title: `write \`${text}\``, span, text }]
}
