// Reading a concrete tree that recovery may have left incomplete: every accessor answers "absent" where a
// rule was given up or a token was only imagined. A page has a node and a token for every word or two, nearly
// all of them sound: lists are only copied where something has to be left out.
import type { CstNode, IToken } from 'chevrotain'
import type { SourceFile, Span } from './source.ts'

const isNode = (child: CstNode | IToken): child is CstNode => 'children' in child
const isRead = (child: IToken): boolean => child.isInsertedInRecovery !== true

const none: readonly never[] = []

/** The nodes under the name of a rule. */
export function nodes(parent: CstNode, name: string): readonly CstNode[] {
  return (parent.children[name] as CstNode[] | undefined) ?? none
}

export function node(parent: CstNode, name: string): CstNode | undefined {
  return nodes(parent, name)[0]
}

/** The tokens under the name of a kind of token. */
export function tokens(parent: CstNode, name: string): readonly IToken[] {
  return those(parent.children[name] as IToken[] | undefined, isRead)
}

export function token(parent: CstNode, name: string): IToken | undefined {
  return (parent.children[name] as IToken[] | undefined)?.find(isRead)
}

/** Offset of the first character, or undefined where nothing was read. */
export function startOf(child: CstNode | IToken): number | undefined {
  const start = isNode(child) ? child.location?.startOffset : child.startOffset
  return start === undefined || Number.isNaN(start) ? undefined : start
}

/** Nodes and tokens under one label, in the order of the text. Those without a place in the text are left out. */
export function parts(parent: CstNode, label: string): readonly (CstNode | IToken)[] {
  return those(parent.children[label], isPlaced)
}

function those<T>(all: readonly T[] | undefined, fits: (one: T) => boolean): readonly T[] {
  if (all === undefined) return none
  return all.every(fits) ? all : all.filter(fits)
}

const isPlaced = (child: CstNode | IToken): boolean => startOf(child) !== undefined && (isNode(child) || isRead(child))

export function spanOf(source: SourceFile, child: CstNode | IToken): Span {
  const { startOffset = NaN, endOffset = NaN } = (isNode(child) ? child.location : child) ?? {}
  if (Number.isNaN(startOffset) || Number.isNaN(endOffset)) return { source, start: 0, end: 0 }
  return { source, start: startOffset, end: endOffset + 1 }
}
