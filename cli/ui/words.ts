// A run event → text for people: the same words on a screen and in a log.
import type { RunEvent } from '../../runtime/events.ts'
import { bytes, duration, printable, si } from './numbers.ts'

type Step = Extract<RunEvent, { kind: 'step' }>

export function describe(event: RunEvent): string {
  switch (event.kind) {
    case 'run': {
      const stages = event.stages.map((s) => `  ${s.what} ${s.stage} [${s.key.slice(0, 12)}] ${s.state}`)
      return [`on ${event.device}`, ...stages].join('\n')
    }
    case 'stage':
      return `${event.stage}: ${event.state}${event.total === 0 ? '' : `, ${event.total} ${event.unit}`}, in ${event.folder}`
    case 'note':
      return `${event.stage}: ${event.text}`
    case 'step':
      return `${event.stage} ${event.step}/${event.total}  ${measures(event).join('  ')}`
    case 'validation':
      return (
        `${event.stage} ${event.step}: held-out bound ${event.bound.toFixed(4)}${plusMinus(event.error)} nats per token` +
        ` (unigram entropy ${event.unigram.toFixed(4)})`
      )
    case 'checkpoint':
      return `${event.stage} ${event.step}: saved`
    case 'unmask':
      return `${event.stage}, sample ${event.sample + 1}: step ${event.step} of ${event.total}`
    case 'sampled':
      return `— ${event.stage}, sample ${event.sample + 1} (${event.forwards} forwards)\n${printable(event.text)}`
    case 'progress':
      return `${event.stage} ${event.done}/${event.total}`
    case 'metric':
      return [
        `${event.stage}: ${event.name} ${event.value.toFixed(4)}${plusMinus(event.error)} ${event.unit}`.trimEnd(),
        ...event.notes,
      ].join('\n  ')
    case 'table':
      return [`${event.stage}:`, ...aligned([event.head, ...event.rows])].join('\n  ')
    case 'done':
      return `${event.stage}: done in ${duration(event.seconds)}, in ${event.folder}`
    case 'stopped': {
      const where = event.total === 0 ? 'before it began' : `at ${event.step} of ${event.total}`
      return `${event.stage}: stopped ${where}; run the same command again to go on`
    }
    case 'failed':
      return [`${event.stage}: ${event.message} [${event.code}]`, ...event.advice].join('\n  = ')
    default:
      return event satisfies never
  }
}

/** What a step has to tell, most important first. */
export function measures({ loss, norm, rate, tokensPerSecond, flopsPerSecond, memory }: Step): readonly string[] {
  return [
    `loss ${loss.toFixed(4)}`,
    `${si(tokensPerSecond)}tok/s`,
    `${si(flopsPerSecond)}FLOP/s`,
    bytes(memory),
    Number.isFinite(norm) ? `norm ${norm.toFixed(2)}` : 'overflow',
    `lr ${rate.toExponential(2)}`,
  ]
}

/** Cells in columns, two blanks between. */
function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)))
  return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ').trimEnd()) // prettier-ignore
}

/** JSON has no NaN: an error that is not known is left out. */
function plusMinus(error: number): string {
  return Number.isFinite(error) ? ` ± ${error.toFixed(4)}` : ''
}
