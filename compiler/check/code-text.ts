// Code as it enters a key: the text of an op or block and of all code it mentions, without comments and blanks.
import { textOf } from '../../grammar/source.ts'
import type { Code } from './pipeline.ts'

/** An op or block and all code that it mentions, each once, in the order met. */
export function reachable(code: Code): readonly Code[] {
  const found = new Map<unknown, Code>()
  const visit = (item: Code): void => {
    if (found.has(item.decl)) return
    found.set(item.decl, item)
    for (const path of mentions(item.decl)) {
      const other = item.scope.code(path)
      if (other) visit(other)
    }
  }
  visit(code)
  return [...found.values()]
}

/** The texts, and the values of `let`s and `param`s of the file that they mention. */
export function codeForm(code: Code): readonly string[] {
  return reachable(code).flatMap(({ decl, scope }) => {
    const paths = mentions(decl).filter((path) => scope.code(path) === undefined)
    const numbers = paths.flatMap((path) => {
      const value = scope.number(path)
      return value === undefined ? [] : [`${path.join('.')}=${value}`]
    })
    return [compact(textOf(decl.span)), ...new Set(numbers)]
  })
}

/** Source text without comments, and with blanks only where two words would meet. */
export function compact(text: string): string {
  let out = ''
  for (const [piece] of text.matchAll(/"""[\s\S]*?"""|"(?:\\.|[^"\\])*"|#[^\n]*|\s+|[^\s"#]+/g)) {
    if (/^(#|\s)/.test(piece)) {
      if (!/\s$/.test(out)) out += ' '
    } else out += piece
  }
  return out
    .split(/("""[\s\S]*?"""|"(?:\\.|[^"\\])*")/)
    .map((part) => (part.startsWith('"') ? part : part.replace(/(?<![\w']) | (?![\w'])/g, '')))
    .join('')
    .trim()
}

/** Paths of names in a declaration, in order: `['silu']`, `['paper', 'cosine']`. Defaults of params stand in the normal form by value. */
function mentions(node: unknown): string[][] {
  if (Array.isArray(node)) return node.flatMap(mentions)
  if (typeof node !== 'object' || node === null) return []
  const { kind, name, target } = node as { kind?: string; name?: unknown; target?: unknown }
  if (kind === 'param') return []
  if (kind === 'name') return [[name as string]]
  if (kind === 'member') {
    const base = mentions(target)
    return base.length === 1 ? [[...base[0]!, (name as { name: string }).name]] : base
  }
  return Object.entries(node).flatMap(([key, child]) => (key === 'span' || key === 'trivia' ? [] : mentions(child)))
}
