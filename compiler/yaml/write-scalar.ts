// An expression → a YAML scalar: plain on one line where YAML reads it as written, else a block that keeps its lines.
import type { Expr, StringExpr } from '../../grammar/ast.ts'
import { flat, layout } from '../../grammar/format-expr.ts'
import type { Place } from './places.ts'
import { fitsTriple } from './text.ts'

/** A value behind its key: on the same line, or on lines of its own. `header`: what makes those a block scalar. */
export type Written = { readonly inline: string } | { readonly header?: string; readonly lines: readonly string[] }

/** Anything but a list, a record or an amendment. */
export function scalarOf(e: Expr, place: Place): Written {
  if (e.kind === 'string' && !e.triple) return { inline: quoted(e.value) }
  if (e.kind === 'string' && place.text === 'only' && fitsBlock(e)) return textBlock(e.value)
  const line = plain(e)
  const onlyText = place.text === 'only'
  if (line !== undefined) {
    const text = onlyText || /^\(*"/.test(line) ? `(${line})` : line
    if (isPlain(text, false)) return { inline: text }
  }
  const code = line ?? layout(e, { indent: 0, column: 0 })
  return codeBlock(onlyText ? `(${code})` : code)
}

/** An expression on one line, if it can stand on one. */
export function plain(e: Expr): string | undefined {
  return flat(e)
}

/** A text in double quotes: the escapes of JSON are YAML's too. */
export function quoted(text: string): string {
  return JSON.stringify(text)
}

/** Code as it stands. */
export function codeBlock(code: string): Written {
  return { header: '|', lines: code.split('\n') }
}

/** Whether YAML takes this text, unquoted, for itself. */
export function isPlain(text: string, flow: boolean): boolean {
  if (!/^([A-Za-z0-9(]|-[^\s])/.test(text) || /[\t\r\n]|: | #|[:\s]$/.test(text)) return false
  return !flow || !/[[\]{},]/.test(text)
}

/** Whether a block scalar gives the text of triple quotes again, and is not taken for an expression. */
function fitsBlock({ value }: StringExpr): boolean {
  return value.trim() !== '' && fitsTriple(value) && !/^\s*\(/.test(value) && !/^\uFEFF/.test(value)
}

/** The indicator says how many line ends the text has at its end, and its indentation where its own first blanks would hide it. */
function textBlock(text: string): Written {
  const ends = /\n*$/.exec(text)![0].length
  const indent = /^[\s]/.test(text) ? '2' : ''
  const lines = (ends === 0 ? text : text.slice(0, -1)).split('\n')
  return { header: `|${indent}${ends === 0 ? '-' : ends === 1 ? '' : '+'}`, lines }
}
