// Diagnostics and failures to the terminal: excerpts for people, one JSON object a line with --json.
import type { Diagnostic } from '../grammar/diagnostic.ts'
import { render } from '../grammar/frame.ts'
import { positionAt } from '../grammar/source.ts'
import { Failure } from '../runtime/events.ts'

export interface Output {
  readonly json: boolean
  readonly color: boolean
}

/** Diagnostics go to standard error for people, to standard output as JSON. */
export function reportDiagnostics(diagnostics: readonly Diagnostic[], output: Output): void {
  if (output.json) for (const d of diagnostics) process.stdout.write(JSON.stringify(plain(d)) + '\n')
  else {
    for (const d of diagnostics.slice(0, mostShown)) process.stderr.write(render(d, { color: output.color }) + '\n\n')
    const rest = diagnostics.length - mostShown
    if (rest > 0) process.stderr.write(`and ${rest} more: is ${diagnostics[0]!.span.source.name} a page?\n\n`)
  }
}

/** People read no more than these at once; a file of another kind has thousands. */
const mostShown = 40

function plain({ code, severity, message, span, notes, fixes }: Diagnostic): object {
  const place = (s: Diagnostic['span']): object => ({
    file: s.source.name,
    start: positionAt(s.source, s.start),
    end: positionAt(s.source, s.end),
  })
  return {
    kind: 'diagnostic',
    code,
    severity,
    message,
    ...place(span),
    notes,
    fixes: fixes.map((f) => ({ title: f.title, text: f.text, ...place(f.span) })),
  }
}

export function reportFailure({ code, message, advice }: Failure, output: Output): void {
  if (output.json) process.stdout.write(JSON.stringify({ kind: 'failed', code, message, advice }) + '\n')
  else process.stderr.write([`error[${code}]: ${message}`, ...advice.map((a) => `  = ${a}`)].join('\n') + '\n')
}

/** Something to know, beside what was asked for. */
export function warn(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** What should never happen, with all that helps to find it. */
export function reportBug(error: unknown, output: Output): void {
  const [message, stack] = error instanceof Error ? [error.message, error.stack ?? ''] : [String(error), '']
  const advice = ['this is a bug in smdmc: please report it with the page and the text below', 'finished stages and checkpoints are kept']
  reportFailure(new Failure({ code: 'bug', message, advice }), output)
  process.stderr.write(`\n${stack}\n`)
}

/** Errors and warnings in words: `2 errors and 1 warning`. */
export function countOf(diagnostics: readonly Diagnostic[]): string {
  const count = (severity: Diagnostic['severity']): string => {
    const n = diagnostics.filter((d) => d.severity === severity).length
    return n === 0 ? '' : `${n} ${severity}${n === 1 ? '' : 's'}`
  }
  return [count('error'), count('warning')].filter((s) => s !== '').join(' and ')
}
