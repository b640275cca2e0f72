// Reading a concrete tree that recovery may have left incomplete: every accessor answers "absent" where a
// rule was given up or a token was only imagined.
import type { CstNode, IToken } from 'chevrotain'
import type { SourceFile, Span } from './source.ts'

const isNode = (child: CstNode | IToken): child is CstNode => 'children' in child

export function nodes(parent: CstNode, name: string): readonly CstNode[] {
  return (parent.children[name] ?? []).filter(isNode)
}

export function node(parent: CstNode, name: string): CstNode | undefined {
  return parent.children[name]?.find(isNode)
}

/** The only child of a node that stands for one of several constructs. */
export function onlyNode(parent: CstNode): CstNode | undefined {
  for (const name in parent.children) {
    const found = parent.children[name]!.find(isNode)
    if (found !== undefined) return found
  }
  return undefined
}

export function tokens(parent: CstNode, name: string): readonly IToken[] {
  return (parent.children[name] ?? []).filter((child): child is IToken => !isNode(child) && child.isInsertedInRecovery !== true)
}

export function token(parent: CstNode, name: string): IToken | undefined {
  return parent.children[name] === undefined ? undefined : tokens(parent, name)[0]
}

/** Offset of the first character, or undefined where nothing was read. */
export function startOf(child: CstNode | IToken): number | undefined {
  const start = isNode(child) ? child.location?.startOffset : child.startOffset
  return start === undefined || Number.isNaN(start) ? undefined : start
}

/** Children of several names in the order of the text. Those without a place in the text are left out. */
export function inOrder(parent: CstNode, ...names: readonly string[]): readonly (CstNode | IToken)[] {
  const found: (CstNode | IToken)[] = []
  for (const name of names) {
    for (const child of parent.children[name] ?? []) {
      if ((isNode(child) || child.isInsertedInRecovery !== true) && startOf(child) !== undefined) found.push(child)
    }
  }
  return found.length < 2 ? found : found.sort((a, b) => startOf(a)! - startOf(b)!)
}

export function spanOf(source: SourceFile, child: CstNode | IToken): Span {
  const { startOffset = NaN, endOffset = NaN } = (isNode(child) ? child.location : child) ?? {}
  if (Number.isNaN(startOffset) || Number.isNaN(endOffset)) return { source, start: 0, end: 0 }
  return { source, start: startOffset, end: endOffset + 1 }
}
