// A sweep → one ordinary stage a row: the axes' names stand for that row's values, and the stage has the key it would have if it
// were written by hand. A mistake that every row has is told once; of one that only some have, the first such row is named.
import type { Diagnostic } from '../../grammar/diagnostic.ts'
import { textOf, type Span } from '../../grammar/source.ts'
import { asStage, type Parts } from './base.ts'
import type { Build } from './build.ts'
import { complete, sound } from './complete.ts'
import { KINDS } from '../spec/kinds.ts'
import type { Stage, SweepStage } from './pipeline.ts'
import type { Rec, Row, Value } from './value.ts'

/** Undefined where a mistake has been reported. */
export function buildSweep(b: Build, record: Rec): SweepStage | undefined {
  if (!complete(b, record) || !sound(record)) return undefined
  const over = record.fields.get('over')?.value
  const run = record.fields.get('run')
  if (over?.kind !== 'axes' || !run?.each) return undefined
  const { each } = run
  const runs: SweepStage['runs'][number][] = []
  for (const row of over.rows) {
    const stage = told(b, row, () => {
      const value = each(row)
      return value.kind === 'record' ? b.stageOf(named(record, row, value)) : undefined
    })
    if (!stage) return undefined
    runs.push({ values: shown(row), stage })
  }
  if (!b.s.report.diagnostics.some((d) => d.severity === 'error' && inside(d.span, run.at))) warnEqual(b, record, runs)
  const parts: Parts = {
    normal: () => ({
      numerics: { sweep: KINDS.sweep.numerics },
      runs: runs.map(({ values, stage }) => ({ key: stage.key, values })),
      stage: 'sweep',
    }),
    origins: () => originsIn(over.rows, run.at),
    needs: runs.map(({ stage }) => stage),
  }
  return asStage<SweepStage>(b, record, parts, { kind: 'sweep', runs })
}

const inside = (span: Span, { source, start, end }: Span): boolean => span.source === source && start <= span.start && span.end <= end

/** Where the values of its normal form stand: those of a row in the axes, the rest where the stage is written. */
function originsIn(rows: readonly Row[], run: Span): ReadonlyMap<string, Span> {
  const values = rows.flatMap((row, i) => [...row].map(([name, { span }]) => [`runs[${i}].values.${name}`, span] as const))
  return new Map([['runs', run], ...values])
}

/** The stage of one row, with a name of its own: `grid-19M-6e18flops`. */
function named(sweep: Rec, row: Row, run: Rec): Rec {
  const { decl } = sweep
  if (!decl) return run
  const name = [decl.name.name, ...Object.values(shown(row)).map((text) => text.replace(/ /g, '').replace(/[^\w%+-]/g, '_'))].join('-')
  return { ...run, decl: { ...decl, name: { ...decl.name, name } } }
}

/** Values as the page writes them. */
function shown(row: Row): Readonly<Record<string, string>> {
  return Object.fromEntries([...row].map(([name, value]) => [name, textIn(value)]))
}

function textIn(value: Value): string {
  if (value.kind === 'text') return value.text
  return value.kind === 'code' ? value.code.decl.name.name : textOf(value.span)
}

/** Builds a row; what is said of it, and was not said before, names the row. */
function told(b: Build, row: Row, build: () => Stage | undefined): Stage | undefined {
  const { report } = b.s
  const before = report.diagnostics.length
  const stage = build()
  const note = `in the row ${[...Object.entries(shown(row))].map(([name, text]) => `\`${name}: ${text}\``).join(', ')}`
  const id = ({ code, span }: Diagnostic): string => `${code} ${span.source.name} ${span.start}`
  const known = new Set(report.diagnostics.slice(0, before).map(id))
  report.amend(before, (d) => (known.has(id(d)) ? undefined : { ...d, notes: [...d.notes, note] }))
  return stage
}

/** Rows that come to the same stage: an axis that nothing reads, most likely. */
function warnEqual(b: Build, record: Rec, runs: SweepStage['runs']): void {
  const seen = new Map<string, SweepStage['runs'][number]>()
  for (const run of runs) {
    const twin = seen.get(run.stage.key)
    if (twin) {
      const differing = Object.keys(run.values).filter((name) => run.values[name] !== twin.values[name])
      b.s.say.equalRows(record.fields.get('run')!.at, { first: twin.stage.name, second: run.stage.name, axes: differing })
      return
    }
    seen.set(run.stage.key, run)
  }
}
