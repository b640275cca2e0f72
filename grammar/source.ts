// A source text and places in it. Everything that speaks to the user points with a Span;
// lines and columns are computed only when a message is drawn.

/** One input text. `name` is what the user typed to reach it and is shown in messages. */
export interface SourceFile {
  readonly name: string
  readonly text: string
}

/** Half-open range of UTF-16 offsets [start, end) in a source. */
export interface Span {
  readonly source: SourceFile
  readonly start: number
  readonly end: number
}

/** One-based line and column, as editors count them. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** Where an offset stands, one-based. An offset past the end stands after the last character. */
export function positionAt(source: SourceFile, offset: number): Position {
  const begins = lineStarts(source)
  let [line, behind] = [0, begins.length]
  while (behind - line > 1) {
    const middle = (line + behind) >> 1
    if (begins[middle]! <= offset) line = middle
    else behind = middle
  }
  return { line: line + 1, column: offset - begins[line]! + 1 }
}

const starts = new WeakMap<SourceFile, readonly number[]>()

/** Offsets at which the lines of a source begin. A page with thousands of mistakes asks for each. */
function lineStarts(source: SourceFile): readonly number[] {
  const known = starts.get(source)
  if (known !== undefined) return known
  const found = [0]
  for (let at = source.text.indexOf('\n'); at >= 0; at = source.text.indexOf('\n', at + 1)) found.push(at + 1)
  starts.set(source, found)
  return found
}

/** The smallest span that covers both. Both must be in one source. */
export function cover(a: Span, b: Span): Span {
  return { source: a.source, start: Math.min(a.start, b.start), end: Math.max(a.end, b.end) }
}

/** The text under a span. */
export function textOf(span: Span): string {
  return span.source.text.slice(span.start, span.end)
}
