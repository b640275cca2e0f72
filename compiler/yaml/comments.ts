// YAML comments → the comments around items of our tree, by the rules of grammar/trivia.ts. YAML adds two of its own:
// a comment behind `key:` or `-` ends the line of what it opens, and one after the last item of a collection belongs
// to that collection if it is indented further than the line that opened it.
import type { Trivia } from '../../grammar/ast.ts'
import { Comments } from '../../grammar/trivia.ts'
import type { Comment } from './document.ts'

const opener = /(^|\s)(-|[|>][-+\d]*)\s*$|:\s*([|>][-+\d]*\s*)?$/

export class YamlComments {
  readonly #text: string
  readonly #inner: Comments
  readonly #rest: readonly Comment[]
  /** Comments behind what opens an item, by the start of their line. */
  readonly #openers = new Map<number, Comment>()

  constructor(text: string, comments: readonly Comment[]) {
    this.#text = text
    const rest: Comment[] = []
    for (const comment of comments) {
      const line = lineStart(text, comment.start)
      if (opener.test(text.slice(line, comment.start)) && !this.#openers.has(line)) this.#openers.set(line, comment)
      else rest.push(comment)
    }
    this.#rest = rest
    const token = { tokenTypeIdx: 0, tokenType: { name: 'Comment' } }
    this.#inner = new Comments(
      text,
      rest.map(({ start, image }) => ({ ...token, startOffset: start, image })),
    )
  }

  /** Builds what stands in [start, end) and was opened on the line of `opened`. */
  around<T>(start: number, end: number, opened: number, build: (hoisted: string[]) => T): { readonly built: T; readonly trivia: Trivia } {
    const own = this.takeOpener(opened)
    const { built, trivia } = this.#inner.around(start, end, build)
    if (own === undefined) return { built, trivia }
    if (trivia.after === undefined) return { built, trivia: { ...trivia, after: own } }
    return { built, trivia: { ...trivia, before: [...trivia.before, own] } }
  }

  /** The comment behind what opens an item: a dash at this offset, or a key that ends there. */
  takeOpener(offset: number): string | undefined {
    const line = lineStart(this.#text, offset)
    const found = offset < 0 ? undefined : this.#openers.get(line)
    // In `- key:  # …` the comment is behind the key, not behind the dash.
    if (found === undefined || !/^-?\s*:?\s*([|>][-+\d]*)?\s*$/.test(this.#text.slice(offset, found.start))) return undefined
    this.#openers.delete(line)
    return found.image.trimEnd()
  }

  /** Comments above an offset that nobody has taken, without the blank lines between. */
  takeLines(offset: number): readonly string[] {
    return this.#inner.takeLines(offset).filter((line) => line !== '')
  }

  /** The end of a collection in brackets. */
  takeTail(end: number): readonly string[] {
    return this.#inner.takeTail(end)
  }

  /** The end of an indented collection whose last item ends at `end`, opened at column `column`. */
  takeIndented(end: number, column: number): readonly string[] {
    let until = end
    for (let i = this.#after(end); i < this.#rest.length; i++) {
      const { start, image } = this.#rest[i]!
      if (this.#text.slice(until, start).trim() !== '') break
      const line = lineStart(this.#text, start)
      if (this.#text.slice(line, start).trim() === '' && start - line <= column) break
      until = start + image.length
    }
    return this.#inner.takeTail(until)
  }

  /** The end of the page, with whatever stands where no item could take it. */
  takeAll(): readonly string[] {
    const tail = this.#inner.takeTail(this.#text.length)
    return [...Array.from(this.#openers.values(), ({ image }) => image.trimEnd()), ...tail]
  }

  /** The number of the first comment from an offset on. */
  #after(offset: number): number {
    let [low, high] = [0, this.#rest.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#rest[middle]!.start < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}

export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1
}
