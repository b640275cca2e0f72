// Rows → the page that is kept of a comparison: what was run, on what, when, and what came out.
import { cpus, release } from 'node:os'
import { source } from '../source.ts'
import { nameOf, type Facts } from './case.ts'
import type { Row } from './summary.ts'
import { tableOf } from './table.ts'

export interface Setting {
  /** As typed behind `npm run bench --`. */
  readonly command: string
  readonly date: Date
  /** Programs that wanted a processor when it began, ours not among them: the mean of a minute. */
  readonly load: number
}

/** `2026-11-25-1431-nvidia-h100-against-torch.md`: a second run of a day does not replace the first. */
export function fileName(rows: readonly Row[], { date }: Setting): string {
  const [ours] = factsOf(rows)
  const device = (ours?.device ?? 'nothing').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '') // prettier-ignore
  const alone = rows.every(({ entries }) => entries.length === 1)
  const [day, time] = [date.toISOString().slice(0, 10), date.toISOString().slice(11, 16).replace(':', '')]
  return `${day}-${time}-${device}${alone ? '' : '-against-torch'}.md`
}

export function resultsPage(rows: readonly Row[], { command, date, load }: Setting): string {
  const programs = new Set(factsOf(rows).map((f) => `- ${f.program}, ${f.precision}: ${f.device}${f.driver ? `, ${f.driver}` : ''}`))
  return `# Training and sampling, ${date.toISOString().slice(0, 16).replace('T', ' ')} UTC
${warning(rows)}
    npm run bench -- ${command}

smdmc ${source()}, Node ${process.versions.node}, Linux ${release()}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown processor'}.${busy(load)}

${[...programs].join('\n')}

${tableOf(rows)}

Milliseconds are of a step, or of one round of a sampler: in the middle round of measuring, and in brackets in the best one. Our speed over
another program's is above 1 where we are faster: the middle one of the ratios round by round, in brackets that of the best rounds.
Floating-point operations are those that our step executes. How predictions come about: docs/benchmarks.md.
${remarks(rows)}`
}

/** Threads that wait for one another, as PyTorch's do on the CPU, lose far more time to others than these take. */
function busy(load: number): string {
  return load < cpus().length / 4
    ? ''
    : `\n**Other programs were running (a load of ${load.toFixed(1)}): measure again on a quiet machine.**`
}

/** That times were left out, and why. */
export function warning(rows: readonly Row[]): string {
  const software = factsOf(rows).find(({ kind }) => kind === 'software')
  if (software === undefined) return ''
  return `\n**${software.device} computes on the CPU. This shows that smdmc works there; its times are no figures of performance and are left out.**\n`
}

/** Failures, and what does not count. */
export function remarks(rows: readonly Row[]): string {
  const lines = rows.flatMap((row) =>
    row.entries.flatMap(({ name, outcome }) => {
      if ('failed' in outcome) return [`- ${nameOf(row.case)}: ${name} failed: ${outcome.failed}`]
      return outcome.suspicious === undefined ? [] : [`- ${nameOf(row.case)}: ${name} does not count: ${outcome.suspicious}`]
    }),
  )
  return lines.length === 0 ? '' : `\n${lines.join('\n')}\n`
}

function factsOf(rows: readonly Row[]): readonly Facts[] {
  return rows.flatMap(({ entries }) => entries.flatMap(({ outcome }) => ('failed' in outcome ? [] : [outcome.facts])))
}
