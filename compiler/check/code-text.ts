// Code as it enters a key: the text of an op or block and of all code it mentions, without comments and blanks.
import { textOf } from '../../grammar/source.ts'
import { eachPart } from '../../grammar/walk.ts'
import type { Code, Path, Reached } from '../elaborate/code.ts'
import type { Session } from './session.ts'

/** An op or block and all code that it mentions, each once, in the order met. */
export function reachable(code: Code): readonly Code[] {
  return [...withPaths(code).keys()]
}

/** The same with the paths of names in each. */
function withPaths(code: Code): Reached {
  const known = code.scope.reached?.get(code.decl)
  if (known) return known
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
  code.scope.reached?.set(code.decl, found)
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
  let last = ''
  let apart = false
  for (const [piece] of text.matchAll(/"""[\s\S]*?"""|"(?:\\.|[^"\\])*"|#[^\n]*|\s+|[^\s"#]+/g)) {
    const first = piece[0]!
    if (first === '#' || /\s/.test(first)) apart = true
    else {
      out += apart && inWord.test(last) && inWord.test(first) ? ` ${piece}` : piece
      last = piece.at(-1)!
      apart = false
    }
  }
  return out
}

const inWord = /[\w']/

function pathsIn({ decl, scope }: Code): readonly Path[] {
  const known = scope.mentions?.get(decl)
  if (known) return known
  const paths: Path[] = []
  mentions(decl, paths)
  scope.mentions?.set(decl, paths)
  return paths
}

/** Appends the paths of names in a declaration, in order. Defaults of params stand in the normal form by value. */
function mentions(tree: object, found: Path[]): void {
  const { kind, name, target } = tree as { kind?: string; name?: unknown; target?: object }
  if (kind === 'param') return
  if (kind === 'name') {
    found.push([name as string])
    return
  }
  if (kind === 'member') {
    const base: Path[] = []
    mentions(target!, base)
    found.push(...(base.length === 1 ? [[...base[0]!, (name as { name: string }).name]] : base))
    return
  }
  eachPart(tree, (part) => mentions(part, found))
}
