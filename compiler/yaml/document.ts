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
    if (parser.stack.length > 2 * deepestNesting)
      return { tokens: [], deep: parser.stack.filter((token) => 'items' in token)[deepestNesting]?.offset ?? parser.offset }
  }
  return { tokens: [...tokens, ...parser.end()] }
}

/** All comments of a tree of tokens, wherever the parser hung them, and where it nests too deep. */
function survey(tokens: readonly unknown[]): { readonly comments: readonly Comment[]; readonly deep?: number } {
  const comments: Comment[] = []
  const open: { readonly token: unknown; readonly depth: number }[] = tokens.map((token) => ({ token, depth: 0 }))
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token } = next
    if (typeof token !== 'object' || token === null) continue
    const { type, offset, source } = token as { readonly type?: unknown; readonly offset?: number; readonly source?: string }
    if (type === 'comment') comments.push({ start: offset ?? 0, image: (source ?? '').replaceAll('\r', ' ') })
    const depth = next.depth + ('items' in token ? 1 : 0)
    if (depth > deepestNesting) return { comments, deep: offset ?? 0 }
    for (const child of Object.values(token)) if (typeof child === 'object') open.push({ token: child, depth })
  }
  return { comments: comments.sort((a, b) => a.start - b.start) }
}
