// Reading a concrete tree that recovery may have left incomplete: every accessor answers "absent" where a
// rule was given up or a token was only imagined.
import type { CstNode, IToken } from 'chevrotain'
import type { SourceFile, Span } from './source.ts'

const isNode = (child: CstNode | IToken): child is CstNode => 'children' in child

export function nodes(parent: CstNode, name: string): readonly CstNode[] {
  return (parent.children[name] ?? []).filter(isNode)
}

export function node(parent: CstNode, name: string): CstNode | undefined {
  return nodes(parent, name)[0]
}

/** The only child of a node that stands for one of several constructs. */
export function onlyNode(parent: CstNode): CstNode | undefined {
  return Object.values(parent.children).flat().find(isNode)
}

export function tokens(parent: CstNode, name: string): readonly IToken[] {
  return (parent.children[name] ?? []).filter((child): child is IToken => !isNode(child) && child.isInsertedInRecovery !== true)
}

export function token(parent: CstNode, name: string): IToken | undefined {
  return tokens(parent, name)[0]
}

/** Offset of the first character, or undefined where nothing was read. */
export function startOf(child: CstNode | IToken): number | undefined {
  const start = isNode(child) ? child.location?.startOffset : child.startOffset
  return start === undefined || Number.isNaN(start) ? undefined : start
}

/** Children of several names in the order of the text. Those without a place in the text are left out. */
export function inOrder(parent: CstNode, ...names: readonly string[]): readonly (CstNode | IToken)[] {
  return names
    .flatMap((name) => [...nodes(parent, name), ...tokens(parent, name)])
    .filter((child) => startOf(child) !== undefined)
    .sort((a, b) => startOf(a)! - startOf(b)!)
}

export function spanOf(source: SourceFile, child: CstNode | IToken): Span {
  const { startOffset = NaN, endOffset = NaN } = (isNode(child) ? child.location : child) ?? {}
  if (Number.isNaN(startOffset) || Number.isNaN(endOffset)) return { source, start: 0, end: 0 }
  return { source, start: startOffset, end: endOffset + 1 }
}
