// SourceFile → Module and diagnostics, in one pass that never throws: lex, match brackets, parse with
// recovery, build the tree. Diagnostics come in the order of the text; a tree without any is complete.
import type { CstNode, IToken } from 'chevrotain'
import { file } from './abstract.ts'
import { expr, type Scope } from './abstract-expr.ts'
import type { Expr, Module } from './ast.ts'
import { balance, deepest, deepestNesting, longestChain, tooDeep, type Unclosed } from './brackets.ts'
import { node, spanOf } from './cst.ts'
import { split } from './declarations.ts'
import { Report, type Diagnostic } from './diagnostic.ts'
import { lex } from './lex.ts'
import { messages } from './messages.ts'
import { Parser } from './parser.ts'
import { reportErrors, type Unread } from './recovery.ts'
import type { SourceFile, Span } from './source.ts'
import { Comments } from './trivia.ts'

// Its grammar is analysed once; each parse resets it by handing over new tokens.
const parser = new Parser()

/** Mistakes of a sort after which a file is given up: it is of another kind, or will be read again once the first are cured. */
const most = 2000

export interface Parsed {
  readonly module: Module
  readonly diagnostics: readonly Diagnostic[]
  /** Where declarations begin, those included that have no tree. */
  readonly starts?: readonly number[]
}

/** The tree of a file. After a syntax error it lacks the smallest broken parts and keeps what stands around them. */
export function parse(source: SourceFile): Parsed {
  const reading = read(source)
  const runs = split(reading.tokens)
  // One at a time: concrete trees are large, and each is left behind with its declaration.
  const trees = function* () {
    for (const tokens of runs) {
      const tree = reading.stumbles.diagnostics.length < most ? derive(reading, tokens, () => parser.declaration()) : undefined
      if (tree) yield tree
    }
  }
  const module = file(scopeOf(reading), trees())
  return { module, diagnostics: diagnosticsOf(reading), starts: runs.map(([first]) => first!.startOffset) }
}

export interface ParsedExpression {
  readonly expr?: Expr
  readonly diagnostics: readonly Diagnostic[]
}

/** The tree of a lone expression, such as the text after `--set name=`. */
export function parseExpression(source: SourceFile): ParsedExpression {
  const reading = read(source)
  const tree = reading.tooDeep ? undefined : derive(reading, reading.tokens, () => parser.lone())
  const value = expr(scopeOf(reading), tree && node(tree, 'expr'))
  return { ...(value && { expr: value }), diagnostics: diagnosticsOf(reading) }
}

/** A text ready for the parser. Of one that nests too deep no token is left. */
interface Reading {
  readonly source: SourceFile
  readonly report: Report
  /** What the parser stumbled over, which may only follow from something else. */
  readonly stumbles: Report
  /** Parts of the text that a stumble makes unreadable. */
  readonly unread: Unread[]
  readonly tokens: readonly IToken[]
  readonly comments: readonly IToken[]
  readonly unclosed: readonly Unclosed[]
  readonly tooDeep: boolean
}

function read(source: SourceFile): Reading {
  const [report, stumbles, unread] = [new Report(), new Report(), []]
  const say = report.using(messages)
  const { tokens, comments } = lex(source, report)
  const deep = tooDeep(tokens)
  if (deep !== undefined) {
    if (deep.chain) say.chainTooLong(spanOf(source, deep.token), { limit: longestChain })
    else say.nestingTooDeep(spanOf(source, deep.token), { limit: deepestNesting })
    return { source, report, stumbles, unread, tokens: [], comments, unclosed: [], tooDeep: true }
  }
  const balanced = balance(tokens, source.text)
  for (const token of balanced.stray.slice(0, most)) {
    const span = spanOf(source, token)
    say.strayBracket(span, { close: token.image, fixes: [{ title: 'leave it out', span, text: '' }] })
  }
  for (const { open, token, close } of balanced.wrong.slice(0, most)) {
    const span = spanOf(source, token)
    const fixes = [{ title: `write \`${close}\``, span, text: close }]
    say.wrongBracket(span, { open: open.image, found: token.image, close, fixes })
  }
  for (const found of balanced.unclosed.slice(0, most)) {
    const { open, close, until } = found
    const fix = { title: `close with \`${close}\``, span: { source, start: until, end: until }, text: close }
    say.unclosedBracket(spanOf(source, open), { open: open.image, close, fixes: [fix] })
  }
  return { source, report, stumbles, unread, comments, ...balanced, tooDeep: false }
}

/**
 * The concrete tree of one run of tokens. What the limits allow may yet be more than the thread's stack holds, above all the first time,
 * when nothing is compiled: then it is too deep, and has no tree.
 */
function derive({ source, report, stumbles, unread }: Reading, tokens: readonly IToken[], rule: () => CstNode): CstNode | undefined {
  parser.input = tokens as IToken[]
  try {
    const tree = rule()
    unread.push(...reportErrors(parser.errors, tokens, source, stumbles))
    return tree
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    const { token, depth } = deepest(tokens)
    report.using(messages).nestingTooDeep(spanOf(source, token), { limit: depth - 1 })
    return undefined
  }
}

function scopeOf({ source, report, comments }: Reading): Scope {
  return { source, report, comments: new Comments(source.text, comments) }
}

/** What was found, in the order of the text, without what only follows from something else: one stumble a line, none beside what cannot be read. */
function diagnosticsOf({ report, stumbles, unclosed, unread }: Reading): readonly Diagnostic[] {
  const unreadable = report.diagnostics.filter(({ code }) => code === 'unexpected-character')
  // A text that is never closed takes the brackets behind it along.
  const broken = report.diagnostics.flatMap(({ code, span }) => (code === 'open-string' ? [span.start] : []))
  const told = new Map(unreadable.map(({ span }) => [lineStart(span), span.start]))
  const genuine = stumbles.diagnostics
    .toSorted((a, b) => a.span.start - b.span.start)
    .filter(({ span }) => !told.has(lineStart(span)) && !spilled(span, unreadable) && told.set(lineStart(span), span.start))
  const hidden = unread.filter(({ cause }) => genuine.includes(cause))
  const fields = genuine.filter(({ code }) => code === 'stray-field')
  const repeated = new Set(fields.filter(({ span }, i) => i > 0 && noDeclarationBetween(fields[i - 1]!.span, span)))
  const follows = (d: Diagnostic): boolean => {
    const { code, span } = d
    return (
      repeated.has(d) ||
      (code === 'expected-comma' && (told.get(lineStart(span)) ?? span.start) < span.start) ||
      (code === 'unknown-suffix' && unreadable.some((d) => d.span.start === span.end)) ||
      (code === 'unclosed-bracket' && broken.some((at) => at > span.start)) ||
      (code !== 'unclosed-bracket' &&
        code !== 'open-string' &&
        unclosed.some(({ open, until }) => span.start > open.startOffset && span.start <= until)) ||
      hidden.some(({ start, end }) => start < span.start && span.start < end)
    )
  }
  const all = [...report.diagnostics, ...genuine].sort((a, b) => a.span.start - b.span.start)
  const own = all.filter((d) => !follows(d))
  // A text with mistakes never passes for one without.
  return own.length > 0 ? own : all.slice(0, 1)
}

/** Whether only blanks stand between a place and the line of something that cannot be read, which may have lost its end. */
function spilled({ source: { text }, start }: Span, unreadable: readonly Diagnostic[]): boolean {
  const before = text.slice(0, start).trimEnd().length
  return unreadable.some(({ span }) => span.end <= before && !text.slice(span.end, before).includes('\n'))
}

/** Fields without braces around them are one mistake, down to the next word that begins a line. */
function noDeclarationBetween({ source: { text }, end }: Span, { start }: Span): boolean {
  return !/\n[A-Za-z](?!\w*\s*:)/.test(text.slice(end, start))
}

function lineStart({ source: { text }, start }: Span): number {
  return text.lastIndexOf('\n', start - 1) + 1
}
