// A page → its canonical layout, as one edit. A page with a syntax error is left alone.
import type { TextEdit } from 'vscode-languageserver/node'
import { isYaml } from '../../compiler/yaml/form.ts'
import { formatYaml } from '../../compiler/yaml/write.ts'
import { format } from '../../grammar/format.ts'
import type { SourceFile } from '../../grammar/source.ts'
import { rangeOf } from './places.ts'
import type { Sources } from './sources.ts'

export function formatting(sources: Sources, page: SourceFile): readonly TextEdit[] {
  const { module, diagnostics } = sources.parse(page)
  if (diagnostics.some((d) => d.severity === 'error')) return []
  if (page.name.endsWith('.json')) return []
  const newText = isYaml(page.name) ? formatYaml(module) : format(module)
  if (newText === page.text) return []
  return [{ range: rangeOf({ source: page, start: 0, end: page.text.length }), newText }]
}
