// The fixes that diagnostics carry → quick fixes, at the lines where the diagnostics are shown.
import { CodeActionKind, type CodeAction, type Range } from 'vscode-languageserver/node'
import type { SourceFile } from '../../grammar/source.ts'
import { diagnosticsOf } from './diagnostics.ts'
import { rangeOf, uriOf } from './places.ts'
import type { Project } from './project.ts'

/** Fixes of what is wrong on the lines of `range`. */
export function fixesIn(project: Project, page: SourceFile, range: Range): readonly CodeAction[] {
  const checked = project.check(page)
  const shown = diagnosticsOf(page, checked)
  return checked.diagnostics.flatMap(({ fixes }, i) => {
    const diagnostic = shown[i]
    if (diagnostic === undefined || diagnostic.range.start.line > range.end.line || diagnostic.range.end.line < range.start.line) return []
    return fixes
      .filter((fix) => fix.span.source === page)
      .map((fix, at) => ({
        title: fix.title,
        kind: CodeActionKind.QuickFix,
        diagnostics: [diagnostic],
        isPreferred: at === 0,
        edit: { changes: { [uriOf(page.name)]: [{ range: rangeOf(fix.span), newText: fix.text }] } },
      }))
  })
}
