// YAML text → its nodes, its comments and what is wrong with its syntax. Plain scalars stay text: what `1e-3` or
// `yes` means is decided by our own grammar, never by YAML.
import { deepestNesting } from '../../grammar/brackets.ts'
import { Composer, isCollection, Lexer, Parser, type CST, type ParsedNode, type YAMLParseError } from 'yaml'

/** A comment where it stands, with its `#`. On our pages a lone CR would end it. */
export interface Comment {
  readonly start: number
  readonly image: string
}

export interface YamlText {
  /** Absent if there is nothing but comments. */
  readonly root?: ParsedNode
  /** In the order of the text. */
  readonly comments: readonly Comment[]
  readonly errors: readonly YAMLParseError[]
  /** Where collections nest deeper than is read. */
  readonly deep?: number
  /** Where a second document begins. */
  readonly second?: number
}

/** Reads one document. Of one that nests deeper than our own grammar allows nothing is read: see `deep`. */
export function documentOf(text: string): YamlText {
  const { tokens, deep: unread } = tokensOf(text)
  const { comments, deep = unread } = survey(tokens)
  // Parser and composer recurse; nothing good happens at the end of the stack.
  if (deep !== undefined) return { comments: [], errors: [], deep }
  const options = { schema: 'failsafe', uniqueKeys: false, prettyErrors: false, logLevel: 'silent' } as const
  const [first, second] = [...new Composer(options).compose(tokens, true, text.length)]
  const root = first?.contents ?? undefined
  const empty = root === undefined || (root.range[0] === root.range[1] && !isCollection(root))
  return { ...(!empty && { root }), comments, errors: first?.errors ?? [], ...(second && { second: second.range[0] }) }
}

/** The trees of tokens. What is open far beyond the limit is not read on: no collection lies deeper than what is open. */
function tokensOf(text: string): { readonly tokens: readonly CST.Token[]; readonly deep?: number } {
  const parser = new Parser()
  const tokens: CST.Token[] = []
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token)
    if (parser.stack.length > 4 * deepestNesting)
      return { tokens: [], deep: parser.stack.filter((token) => 'items' in token)[deepestNesting]?.offset ?? parser.offset }
  }
  return { tokens: [...tokens, ...parser.end()] }
}

/**
 * All comments of a tree of tokens, wherever the parser hung them, and where it nests too deep. `depth` counts as on a page of
 * ours, where the page itself is no bracket and what stands behind `is` none of its own; `links` counts what is behind an `is`.
 */
function survey(tokens: readonly unknown[]): { readonly comments: readonly Comment[]; readonly deep?: number } {
  const comments: Comment[] = []
  const open: { readonly token: unknown; readonly depth: number; readonly links: number }[] = tokens.map((token) => ({ token, depth: -1, links: 0 })) // prettier-ignore
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, links } = next
    if (typeof token !== 'object' || token === null) continue
    const { type, offset, source, key } = token as Token
    if (type === 'comment') comments.push({ start: offset ?? 0, image: (source ?? '').replaceAll('\r', ' ') })
    const depth = next.depth + ('items' in token ? 1 : 0)
    if (depth > deepestNesting || links > deepestNesting) return { comments, deep: offset ?? 0 }
    const linked = key?.source === 'is' ? 1 : 0
    for (const [name, child] of Object.entries(token)) {
      if (typeof child !== 'object') continue
      const link = name === 'value' ? linked : 0
      open.push({ token: child, depth: depth - link, links: links + link })
    }
  }
  return { comments: comments.sort((a, b) => a.start - b.start) }
}

/** What is looked at of a token, or of an item of one. */
interface Token {
  readonly type?: unknown
  readonly offset?: number
  readonly source?: string
  readonly key?: { readonly source?: string } | null
}
