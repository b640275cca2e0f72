// What checking finds → the editor's diagnostics of one page. What is wrong in a file that the page uses is shown in the page
// too: at the line that a note names, or at the `use` that brings the file, or at the top; with a link to the place itself.
import { dirname, sep } from 'node:path'
import { DiagnosticSeverity, DiagnosticTag, type Diagnostic } from 'vscode-languageserver/node'
import type { Module } from '../../grammar/ast.ts'
import type { Diagnostic as Finding } from '../../grammar/diagnostic.ts'
import { textOf, type SourceFile, type Span } from '../../grammar/source.ts'
import type { Checked } from '../../compiler/check/check.ts'
import { locationOf, rangeOf } from './places.ts'

export function diagnosticsOf(page: SourceFile, { diagnostics, modules }: Pick<Checked, 'diagnostics' | 'modules'>): readonly Diagnostic[] {
  return diagnostics.map((found) => {
    const { code, span, message, notes } = worded(found)
    const elsewhere = span.source !== page
    const at = elsewhere ? placeIn(page, modules[0], found) : span
    return {
      range: rangeOf(at),
      severity: severityOf(found),
      code,
      source: 'smdmc',
      message: [message, ...notes].map((line) => withoutFolder(page, line)).join('\n'),
      ...(elsewhere && { relatedInformation: [{ location: locationOf(span), message: 'it is found here' }] }),
      ...(code === 'unused' && { tags: [DiagnosticTag.Unnecessary] }),
    }
  })
}

/** Names of files as the page would write them. */
export function withoutFolder(page: SourceFile, text: string): string {
  return text.replaceAll(dirname(page.name) + sep, '')
}

/** A package is fetched by the command line, never by an editor. */
function isFetchedLater({ code, span }: Finding): boolean {
  return code === 'missing-file' && textOf(span).includes('npm:')
}

function worded(found: Finding): Pick<Finding, 'code' | 'span' | 'message' | 'notes'> {
  if (!isFetchedLater(found)) return found
  return { ...found, message: 'this package is not here yet', notes: ['`smdmc check` or `smdmc run` fetches it'] }
}

function severityOf(found: Finding): DiagnosticSeverity {
  // A param without a value is given one on the command line.
  if (found.code === 'unset-param' || isFetchedLater(found)) return DiagnosticSeverity.Information
  return found.severity === 'error' ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning
}

function placeIn(page: SourceFile, module: Module | undefined, { span, notes }: Finding): Span {
  const line = notes.map((note) => lineNamed(page, note)).find((l) => l !== undefined)
  if (line !== undefined) return line
  const use = module?.items.find((item) => item.kind === 'use' && leadsTo(span.source, textOf(item.target.span)))
  if (use?.kind === 'use') return use.target.span
  return { source: page, start: 0, end: Math.max(0, page.text.indexOf('\n')) }
}

/** `set in page.smdm:5` → line 5, from its first letter to its last. */
function lineNamed(page: SourceFile, note: string): Span | undefined {
  const at = note.indexOf(`${page.name}:`)
  const line = at < 0 ? undefined : /^\d+/.exec(note.slice(at + page.name.length + 1))?.[0]
  if (line === undefined) return undefined
  const lines = page.text.split('\n')
  const before = lines.slice(0, Number(line) - 1).reduce((n, l) => n + l.length + 1, 0)
  const text = lines[Number(line) - 1] ?? ''
  return { source: page, start: before + (text.length - text.trimStart().length), end: before + text.trimEnd().length }
}

function leadsTo(source: SourceFile, target: string): boolean {
  return target.startsWith('"') ? source.name.endsWith(sep + target.slice(1, -1)) : source.name.startsWith(`${target}/`)
}
