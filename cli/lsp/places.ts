// Places in sources ⇄ places as the protocol has them: file URIs, lines and UTF-16 columns from zero.
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Location, Position, Range } from 'vscode-languageserver/node'
import { positionAt, type SourceFile, type Span } from '../../grammar/source.ts'
import { home } from '../home.ts'
import { isLibrary } from './sources.ts'

const pipelines = join(home, 'pipelines')

/** The name of the source that an editor calls `uri`. A buffer that is no file keeps its URI as name. */
export function nameOf(uri: string): string {
  if (!uri.startsWith('file:')) return uri
  const path = fileURLToPath(uri)
  const within = path.startsWith(pipelines) ? path.slice(pipelines.length + 1).replaceAll('\\', '/') : path
  return isLibrary(within) ? within : path
}

export function uriOf(name: string): string {
  if (isLibrary(name)) return pathToFileURL(join(pipelines, name)).href
  return /^\w\w+:/.test(name) ? name : pathToFileURL(name).href
}

export function rangeOf({ source, start, end }: Span): Range {
  return { start: toPosition(source, start), end: toPosition(source, end) }
}

export function locationOf(span: Span): Location {
  return { uri: uriOf(span.source.name), range: rangeOf(span) }
}

/** The offset of a position; a line or column past the end stands at the end. */
export function offsetAt({ text }: SourceFile, { line, character }: Position): number {
  let start = 0
  for (let i = 0; i < line; i++) {
    const next = text.indexOf('\n', start)
    if (next < 0) return text.length
    start = next + 1
  }
  const newline = text.indexOf('\n', start)
  return Math.min(start + character, newline < 0 ? text.length : newline)
}

function toPosition(source: SourceFile, offset: number): Position {
  const { line, column } = positionAt(source, offset)
  return { line: line - 1, character: column - 1 }
}
