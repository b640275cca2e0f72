// The spelling of a string → its value. Between single quotes escapes count; between triple quotes the
// text stands as written, without the newline that may follow the opening quotes.
import type { StringExpr } from './ast.ts'
import type { Report } from './diagnostic.ts'
import { messages } from './messages.ts'
import type { Span } from './source.ts'

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '"': '"', '\\': '\\' }

/** `spelling` has its opening quotes; missing closing ones and unknown escapes are reported. */
export function string(spelling: string, span: Span, report: Report): StringExpr {
  const triple = spelling.startsWith('"""')
  const quotes = triple ? '"""' : '"'
  if (!closed(spelling, quotes)) {
    const at = { ...span, start: span.end }
    report.using(messages).openString(span, { triple, fixes: [{ title: `close with \`${quotes}\``, span: at, text: quotes }] })
    return { kind: 'string', span, value: unescape(spelling.slice(quotes.length)), triple }
  }
  const inner = spelling.slice(quotes.length, -quotes.length)
  if (triple) return { kind: 'string', span, value: inner.replace(/\r+\n/g, '\n').replace(/^\n/, ''), triple }
  return { kind: 'string', span, value: unescape(inner, { ...span, start: span.start + 1 }, report), triple }
}

/** A string in our spelling that has this value. */
export function spell(value: string): string {
  const inner = value.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t').replaceAll('\r', '\\r')
  return `"${inner}"`
}

function closed(spelling: string, quotes: string): boolean {
  if (quotes === '"""') return spelling.length >= 6 && spelling.endsWith(quotes)
  return /^"(?:[^"\\]|\\.)*"$/.test(spelling)
}

function unescape(inner: string, span?: Span, report?: Report): string {
  return inner.replace(/\\(u\{[0-9a-fA-F]{1,6}\}|.|$)/g, (escape: string, what: string, offset: number) => {
    const code = what.length > 1 ? parseInt(what.slice(2, -1), 16) : undefined
    if (code !== undefined && code <= 0x10ffff) return String.fromCodePoint(code)
    const known = escapes[what]
    if (known !== undefined) return known
    if (span !== undefined) {
      const at = { ...span, start: span.start + offset, end: span.start + offset + escape.length }
      const fixes = [{ title: 'write a backslash', span: { ...at, end: at.start }, text: '\\' }]
      report?.using(messages).badEscape(at, { escape, fixes })
    }
    return escape
  })
}
