// YAML text → its nodes, its comments and what is wrong with its syntax. Plain scalars stay text: what `1e-3` or
// `yes` means is decided by our own grammar, never by YAML.
import { Composer, isCollection, Parser, type ParsedNode, type YAMLParseError } from 'yaml'

/** A comment where it stands, with its `#`. */
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
  /** Where a second document begins. */
  readonly second?: number
}

/** Reads one document. Throws a RangeError where collections nest deeper than the stack. */
export function documentOf(text: string): YamlText {
  const tokens = [...new Parser().parse(text)]
  const options = { schema: 'failsafe', uniqueKeys: false, prettyErrors: false, logLevel: 'silent' } as const
  const [first, second] = [...new Composer(options).compose(tokens, true, text.length)]
  const root = first?.contents ?? undefined
  const empty = root === undefined || (root.range[0] === root.range[1] && !isCollection(root))
  return {
    ...(!empty && { root }),
    comments: commentsOf(tokens),
    errors: first?.errors ?? [],
    ...(second && { second: second.range[0] }),
  }
}

/** All comments of a tree of tokens, wherever the parser hung them. */
function commentsOf(tokens: readonly unknown[]): readonly Comment[] {
  const found: Comment[] = []
  const open: unknown[] = [...tokens]
  while (open.length > 0) {
    const token = open.pop()
    if (typeof token !== 'object' || token === null) continue
    if ('type' in token && token.type === 'comment') {
      const { offset, source } = token as unknown as { readonly offset: number; readonly source: string }
      found.push({ start: offset, image: source })
    } else for (const child of Object.values(token)) if (typeof child === 'object') open.push(child)
  }
  return found.sort((a, b) => a.start - b.start)
}
