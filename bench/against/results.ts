// Rows → the page that is kept of a comparison: what was run, on what, when, and what came out.
import { cpus, release } from 'node:os'
import { source } from '../source.ts'
import { nameOf, type Facts } from './case.ts'
import { tableOf, type Row } from './summary.ts'

export interface Setting {
  /** As typed behind `npm run bench --`. */
  readonly command: string
  readonly date: Date
}

/** `2026-11-25-nvidia-h100-against-torch.md`. */
export function fileName(rows: readonly Row[], { date }: Setting): string {
  const [ours] = factsOf(rows)
  const device = (ours?.device ?? 'nothing').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '') // prettier-ignore
  const alone = rows.every(({ entries }) => entries.length === 1)
  return `${date.toISOString().slice(0, 10)}-${device}${alone ? '' : '-against-torch'}.md`
}

export function resultsPage(rows: readonly Row[], { command, date }: Setting): string {
  const programs = new Set(factsOf(rows).map((f) => `- ${f.program}, ${f.precision}: ${f.device}${f.driver ? `, ${f.driver}` : ''}`))
  return `# Training and sampling, ${date.toISOString().slice(0, 16).replace('T', ' ')} UTC

    npm run bench -- ${command}

smdmc ${source()}, Node ${process.versions.node}, Linux ${release()}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown processor'}.

${[...programs].join('\n')}

${tableOf(rows)}

Milliseconds are of a step, or of one round of a sampler, in the best round of measuring. Our speed over another program's is above 1 where
we are faster: by the best rounds, and in brackets the middle one of the ratios round by round. Floating-point operations are those that
our step executes.
${remarks(rows)}`
}

/** Failures, and what makes a number doubtful. */
export function remarks(rows: readonly Row[]): string {
  const software = factsOf(rows).find((facts) => facts.software === true)
  const lines = rows.flatMap((row) =>
    row.entries.flatMap(({ name, outcome }) => {
      if ('failed' in outcome) return [`- ${nameOf(row.case)}: ${name} failed: ${outcome.failed}`]
      return outcome.suspicious === undefined ? [] : [`- ${nameOf(row.case)}: ${name} is not to be believed: ${outcome.suspicious}`]
    }),
  )
  if (software !== undefined) lines.push(`- ${software.device} computes on the CPU: these are no figures of performance`)
  return lines.length === 0 ? '' : `\n${lines.join('\n')}\n`
}

function factsOf(rows: readonly Row[]): readonly Facts[] {
  return rows.flatMap(({ entries }) => entries.flatMap(({ outcome }) => ('failed' in outcome ? [] : [outcome.facts])))
}
