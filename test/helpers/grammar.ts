// What the tests of the grammar share: fixtures by name, trees without places, all comments of a text.
import { readdirSync, readFileSync } from 'node:fs'
import { parse } from '../../grammar/parse.ts'
import type { SourceFile } from '../../grammar/source.ts'

const folder = new URL('../fixtures/language/', import.meta.url)

export function fixture(name: string): SourceFile {
  return { name, text: readFileSync(new URL(name, folder), 'utf8') }
}

/** The worked examples and the library of the language's description. */
export const programs: readonly SourceFile[] = ['examples', 'std'].flatMap((part) =>
  readdirSync(new URL(`${part}/`, folder)).map((file) => fixture(`${part}/${file}`)),
)

export function source(text: string): SourceFile {
  return { name: 'test.smdm', text }
}

/** The codes of what parsing a text reports, in order. */
export function codes(text: string): readonly string[] {
  return parse(source(text)).diagnostics.map(({ code }) => code)
}

/** A tree as plain data without what layout alone decides. */
export function bare(tree: unknown): unknown {
  const layout = new Set(['span', 'source', 'broken', 'trivia', 'tail', 'doc'])
  return JSON.parse(JSON.stringify(tree, (key, value: unknown) => (layout.has(key) ? undefined : value)))
}

/** Every comment of a tree, sorted. */
export function commentsOf(tree: unknown): readonly string[] {
  const found: string[] = []
  JSON.stringify(tree, (key, value: unknown) => {
    if (key === 'span' || key === 'source') return undefined
    if (key === 'before' || key === 'tail') found.push(...(value as string[]).filter((line) => line !== ''))
    if (key === 'after') found.push(value as string)
    return value
  })
  return found.sort()
}
