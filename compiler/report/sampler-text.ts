// What a sampler costs → lines of a plan.
import type { Line } from './lines.ts'
import { grouped, percent } from './numbers.ts'
import type { SamplerCost } from './sample-cost.ts'

export function samplerLines({ masks, rounds, busy, exact, passes, forwards, rows }: SamplerCost): readonly Line[] {
  const about = exact ? '' : 'about '
  const idle = rounds - busy
  const skipped = idle > 0 ? `, ${about}${grouped(idle)} of them idle and skipped` : ''
  return [
    [
      'forwards',
      `${about}${grouped(forwards)} for each: ${grouped(rounds)} rounds for ${grouped(masks)} masks${skipped}` +
        (passes > 1 ? ', twice each for guidance' : ''),
    ],
    ['logits', `${about}${grouped(rows.computed)} of ${grouped(rows.of)} rows for each (${percent(rows.computed / Math.max(1, rows.of))})`],
  ]
}
