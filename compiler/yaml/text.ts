// YAML scalars that are texts → our strings. The text under a string's span is its spelling on a page of ours.
import type { StringExpr } from '../../grammar/ast.ts'
import { parseExpression } from '../../grammar/parse.ts'
import type { SourceFile } from '../../grammar/source.ts'
import { spell } from '../../grammar/string.ts'
import { contentOf, spelled, type Excerpt, type ScalarNode } from './excerpt.ts'

/** `"…"` or `'…'`. */
export function quotedText(page: SourceFile, node: ScalarNode): StringExpr {
  const [start, end] = node.range
  const text = contentOf(node)
  const written = page.text.slice(start, end)
  const same = written.startsWith('"') && (!/[\\\n]/.test(written) || means(written, text))
  const span = same || written.startsWith("'") ? { source: page, start, end } : spelled(page, start, spell(text), () => start)
  return { kind: 'string', span, value: text, triple: false }
}

/** A plain scalar is a text on one line, a block scalar one between triple quotes. */
export function blockText(page: SourceFile, node: ScalarNode, excerpt: Excerpt): StringExpr {
  const text = contentOf(node)
  const [start, end] = node.range
  if (node.type === 'PLAIN') return { kind: 'string', span: { source: page, start, end }, value: text, triple: false }
  const triple = fitsTriple(text)
  const opening = triple ? `"""${text.includes('\n') ? '\n' : ''}` : '"'
  const spelling = triple ? `${opening}${text}"""` : spell(text)
  const place = (at: number): number => excerpt.place(Math.max(at - opening.length, 0))
  return { kind: 'string', span: spelled(page, excerpt.place(0), spelling, place), value: text, triple }
}

/** Whether a text can stand between triple quotes. */
export function fitsTriple(text: string): boolean {
  return !text.includes('"""') && !text.endsWith('"') && !text.includes('\r')
}

/** Whether our own reading of a spelling agrees with YAML's. */
function means(written: string, text: string): boolean {
  const { expr, diagnostics } = parseExpression({ name: '', text: written })
  return diagnostics.length === 0 && expr?.kind === 'string' && expr.value === text
}
