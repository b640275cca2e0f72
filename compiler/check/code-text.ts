// Code as it enters a key: the text of an op or block and of all code it mentions, without comments and blanks.
import { textOf } from '../../grammar/source.ts'
import type { Code } from './pipeline.ts'
import type { Session } from './session.ts'

/** An op or block and all code that it mentions, each once, in the order met. */
export function reachable(code: Code): readonly Code[] {
  return [...withPaths(code).keys()]
}

/** The same with the paths of names in each. */
function withPaths(code: Code): ReadonlyMap<Code, readonly Path[]> {
  const found = new Map<Code, readonly Path[]>()
  const seen = new Set<unknown>()
  // A chain of ops may be longer than the stack.
  const open = [code]
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    if (seen.has(item.decl)) continue
    seen.add(item.decl)
    const paths = pathsIn(item)
    found.set(item, paths)
    const { scope } = item
    open.push(...paths.flatMap((path) => scope.code(path) ?? []).reverse())
  }
  return found
}

/** The texts, and the values of `let`s and `param`s of the file that they mention. */
export function codeForm(s: Session, code: Code): readonly string[] {
  return [...withPaths(code)].flatMap(([item, paths]) => {
    const known = s.codeForms.get(item.decl) ?? formOf(item, paths)
    s.codeForms.set(item.decl, known)
    return known
  })
}

function formOf({ decl, scope }: Code, paths: readonly Path[]): readonly string[] {
  const numbers = paths.flatMap((path) => {
    const value = scope.code(path) === undefined ? scope.number(path) : undefined
    return value === undefined ? [] : [`${path.join('.')}=${value}`]
  })
  return [compact(textOf(decl.span)), ...new Set(numbers)]
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

/** `['silu']`, `['paper', 'cosine']`. */
type Path = readonly string[]

function pathsIn({ decl, scope }: Code): readonly Path[] {
  const known = scope.mentions?.get(decl)
  if (known) return known
  const paths: Path[] = []
  mentions(decl, paths)
  scope.mentions?.set(decl, paths)
  return paths
}

/** Appends the paths of names in a declaration, in order. Defaults of params stand in the normal form by value. */
function mentions(tree: unknown, found: Path[]): void {
  if (typeof tree !== 'object' || tree === null) return
  const { kind, name, target } = tree as { kind?: string; name?: unknown; target?: unknown }
  if (kind === 'param') return
  if (kind === 'name') {
    found.push([name as string])
    return
  }
  if (kind === 'member') {
    const base: Path[] = []
    mentions(target, base)
    found.push(...(base.length === 1 ? [[...base[0]!, (name as { name: string }).name]] : base))
    return
  }
  for (const [key, child] of Object.entries(tree)) if (key !== 'span' && key !== 'trivia') mentions(child, found)
}
