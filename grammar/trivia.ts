// Comments → the items they belong to. Items open and close in the order of the text: a comment goes to
// the item below it, or to the item whose line it ends, and one in the middle of an item moves above it.
// Every comment is handed out exactly once.
import type { IToken } from 'chevrotain'
import type { Trivia } from './ast.ts'

export class Comments {
  readonly #text: string
  readonly #comments: readonly IToken[]
  #next = 0
  /** The comments above the item being built, and those from its middle. */
  #hoisted: string[] = []

  constructor(text: string, comments: readonly IToken[]) {
    this.#text = text
    this.#comments = comments
  }

  /** Builds what stands in [start, end), with the comments around it. `hoisted` takes those from its middle, as `hoist` does. */
  around<T>(start: number, end: number, build: (hoisted: string[]) => T): { readonly built: T; readonly trivia: Trivia } {
    const gap = this.#blankAbove(Math.min(start, this.#comments[this.#next]?.startOffset ?? start))
    const before = this.takeLines(start)
    if (before.length > 0 && this.#blankAbove(start)) before.push('')
    const outside = this.#hoisted
    this.#hoisted = before
    const built = build(before)
    this.hoist(end)
    this.#hoisted = outside
    return { built, trivia: { before, after: this.#takeAfter(end), gap } }
  }

  /** Moves the comments above an offset that nobody has taken above the item being built. */
  hoist(offset: number): void {
    if (!this.#anyAbove(offset)) return
    for (const line of this.takeLines(offset)) if (line !== '') this.#hoisted.push(line)
  }

  /** Whether there are comments above an offset that nobody has taken. */
  #anyAbove(offset: number): boolean {
    return this.#next < this.#comments.length && this.#comments[this.#next]!.startOffset < offset
  }

  /** The comments above an offset that nobody has taken, with an empty string for each blank line between. */
  takeLines(offset: number): string[] {
    const lines: string[] = []
    for (; this.#anyAbove(offset); this.#next++) {
      const comment = this.#comments[this.#next]!
      if (lines.length > 0 && this.#blankAbove(comment.startOffset)) lines.push('')
      lines.push(comment.image.trimEnd())
    }
    return lines
  }

  /** Like takeLines, for the end of a record, a body or a file: a blank line above the first counts too. */
  takeTail(offset: number): string[] {
    const first = this.#comments[this.#next]
    const gap = first !== undefined && this.#blankAbove(first.startOffset)
    const lines = this.takeLines(offset)
    return gap && lines.length > 0 ? ['', ...lines] : lines
  }

  #takeAfter(end: number): string | undefined {
    const comment = this.#comments[this.#next]
    if (comment === undefined || !/^[ \t]*,?[ \t]*$/.test(this.#text.slice(end, comment.startOffset))) return undefined
    this.#next++
    return comment.image.trimEnd()
  }

  #blankAbove(offset: number): boolean {
    let newlines = 0
    for (let i = offset - 1; i >= 0; i--) {
      const c = this.#text[i]!
      if (c === '\n') newlines++
      else if (c !== ' ' && c !== '\t' && c !== '\r' && c !== '\uFEFF') return newlines > 1
    }
    return false
  }
}

/** The `##` lines that stand directly above an item, without their marks. */
export function docOf(before: readonly string[]): string | undefined {
  if (before.length === 0) return undefined
  const above = before.slice(before.lastIndexOf('') + 1).filter((line) => line.startsWith('##'))
  return above.length === 0 ? undefined : above.map((line) => line.replace(/^##+ ?/, '')).join('\n')
}
