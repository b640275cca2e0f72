// Reading a concrete tree that recovery may have left incomplete: every accessor answers "absent" where a
// rule was given up or a token was only imagined.
import type { CstNode, IToken } from 'chevrotain'
import type { SourceFile, Span } from './source.ts'

const isNode = (child: CstNode | IToken): child is CstNode => 'children' in child
const isRead = (child: CstNode | IToken): child is IToken => !isNode(child) && child.isInsertedInRecovery !== true

const none: readonly never[] = []

export function nodes(parent: CstNode, name: string): readonly CstNode[] {
  return parent.children[name]?.filter(isNode) ?? none
}

export function node(parent: CstNode, name: string): CstNode | undefined {
  return parent.children[name]?.find(isNode)
}

export function tokens(parent: CstNode, name: string): readonly IToken[] {
  return parent.children[name]?.filter(isRead) ?? none
}

export function token(parent: CstNode, name: string): IToken | undefined {
  return parent.children[name]?.find(isRead)
}

/** Offset of the first character, or undefined where nothing was read. */
export function startOf(child: CstNode | IToken): number | undefined {
  const start = isNode(child) ? child.location?.startOffset : child.startOffset
  return start === undefined || Number.isNaN(start) ? undefined : start
}

/** Nodes and tokens under one label, in the order of the text. Those without a place in the text are left out. */
export function parts(parent: CstNode, label: string): readonly (CstNode | IToken)[] {
  return parent.children[label]?.filter(isPlaced) ?? none
}

const isPlaced = (child: CstNode | IToken): boolean => (isNode(child) || isRead(child)) && startOf(child) !== undefined

export function spanOf(source: SourceFile, child: CstNode | IToken): Span {
  const { startOffset = NaN, endOffset = NaN } = (isNode(child) ? child.location : child) ?? {}
  if (Number.isNaN(startOffset) || Number.isNaN(endOffset)) return { source, start: 0, end: 0 }
  return { source, start: startOffset, end: endOffset + 1 }
}
