// What smdmc says to its user about a program, as a value. A site reports facts through a typed
// catalogue; the English stands in one messages.ts per folder, the drawing in frame.ts.
import type { Span } from './source.ts'

export type Severity = 'error' | 'warning'

/** An edit that cures the diagnostic: replace the text under `span` by `text`. Editors offer it as a quick fix. */
export interface Fix {
  readonly title: string
  readonly span: Span
  readonly text: string
}

/** One finding. `notes` come after the excerpt: why it matters, then what to write instead. */
export interface Diagnostic {
  readonly code: string
  readonly severity: Severity
  readonly message: string
  readonly span: Span
  readonly notes: readonly string[]
  readonly fixes: readonly Fix[]
}

/** The English of one code, filled in from facts. */
export interface Wording {
  readonly severity?: Severity
  readonly message: string
  readonly notes?: readonly (string | undefined)[]
  readonly fixes?: readonly Fix[]
}

export type Catalogue = Readonly<Record<string, (facts: never) => Wording>>

type Reporters<C extends Catalogue> = {
  readonly [K in keyof C]: (span: Span, facts: Parameters<C[K]>[0]) => void
}

/** Collects diagnostics in the order found. */
export class Report {
  readonly #found: Diagnostic[] = []

  get diagnostics(): readonly Diagnostic[] {
    return this.#found
  }

  get failed(): boolean {
    return this.#found.some((d) => d.severity === 'error')
  }

  add(diagnostic: Diagnostic): void {
    this.#found.push(diagnostic)
  }

  /** Changes what was found since there were `from` diagnostics; `undefined` takes one back. */
  amend(from: number, change: (diagnostic: Diagnostic) => Diagnostic | undefined): void {
    const since = this.#found.splice(from)
    this.#found.push(...since.map(change).filter((d) => d !== undefined))
  }

  /** Report functions for a catalogue: `using(messages).unknownField(span, facts)`. Codes are the keys in kebab-case. */
  using<C extends Catalogue>(catalogue: C): Reporters<C> {
    return Object.create(reportersOf(catalogue), { report: { value: this } }) as Reporters<C>
  }
}

interface Bound {
  readonly report: Report
}

const known = new WeakMap<Catalogue, object>()

/** The functions of a catalogue, made once for all reports: every op that is brought to numbers has a report of its own. */
function reportersOf(catalogue: Catalogue): object {
  const made = known.get(catalogue)
  if (made !== undefined) return made
  const reporters: Record<string, (this: Bound, span: Span, facts: never) => void> = {}
  for (const [key, word] of Object.entries(catalogue)) {
    const code = codeOf(key)
    reporters[key] = function (span, facts) {
      const { severity = 'error', message, notes = [], fixes = [] } = word(facts)
      this.report.add({ code, severity, message, span, notes: notes.filter((n) => n !== undefined), fixes })
    }
  }
  known.set(catalogue, reporters)
  return reporters
}

/** `unknownField` → `unknown-field`. */
export function codeOf(key: string): string {
  return key.replace(/[A-Z]/g, (c) => '-' + c.toLowerCase())
}
