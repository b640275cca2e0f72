// A page → its canonical layout, as one edit. A page with a syntax error is left alone.
import type { TextEdit } from 'vscode-languageserver/node'
import { format } from '../../grammar/format.ts'
import type { SourceFile } from '../../grammar/source.ts'
import { rangeOf } from './places.ts'
import type { Sources } from './sources.ts'

export function formatting(sources: Sources, page: SourceFile): readonly TextEdit[] {
  const { module, diagnostics } = sources.parse(page)
  if (diagnostics.some((d) => d.severity === 'error')) return []
  const newText = format(module)
  if (newText === page.text) return []
  return [{ range: rangeOf({ source: page, start: 0, end: page.text.length }), newText }]
}
