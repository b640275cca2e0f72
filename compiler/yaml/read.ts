// YAML or JSON text → the Module that the same page in `.smdm` gives, with spans in the text that was read. Never
// throws; every later stage works on either form without knowing which it was.
import { isMap, isScalar, visit, type ParsedNode } from 'yaml'
import { deepestNesting } from '../../grammar/brackets.ts'
import type { Module } from '../../grammar/ast.ts'
import { Report, type Diagnostic } from '../../grammar/diagnostic.ts'
import { parse, type Parsed } from '../../grammar/parse.ts'
import { positionAt, type SourceFile } from '../../grammar/source.ts'
import { YamlComments } from './comments.ts'
import { declaration } from './declarations.ts'
import { contentOf } from './excerpt.ts'
import { isYaml } from './form.ts'
import { documentOf, type YamlText } from './document.ts'
import { messages as grammarMessages } from '../../grammar/messages.ts'
import { messages } from './messages.ts'
import { spanOf, type PairNode, type Reading } from './reading.ts'
import { inYaml } from './respell.ts'
import { reportHoles } from './shape.ts'

/** The tree of a page in either form; its name tells which. */
export function parsePage(source: SourceFile): Parsed {
  return isYaml(source.name) ? readYaml(source) : parse(source)
}

/** What checking finds, each in the words of the form that its page is written in. */
export function inFormOfPage(found: readonly Diagnostic[]): readonly Diagnostic[] {
  return found.map((d) => (isYaml(d.span.source.name) ? inYaml(d) : d))
}

/** The tree of a YAML page; of one whose name ends in `.json`, strings are expressions where no text can stand. */
export function readYaml(page: SourceFile): Parsed {
  const report = new Report()
  const say = report.using(messages)
  const document = open(page, report)
  const broken = report.failed
  const root = document.root
  // Behind an error of YAML's syntax what we find is guesswork, so it is not said.
  const inner = broken ? new Report() : report
  const r: Reading = {
    page,
    root,
    json: /\.json$/i.test(page.name),
    comments: new YamlComments(page.text, document.comments),
    report: inner,
    say: broken ? inner.using(messages) : say,
    names: namesOf(root),
    holes: [],
  }
  const module = moduleOf(r)
  reportHoles(r)
  return { module, diagnostics: report.diagnostics.map(inYaml).sort((a, b) => a.span.start - b.span.start) }
}

/** A text of another kind has thousands; these say enough. */
const mostErrors = 50

function open(page: SourceFile, report: Report): YamlText {
  const say = report.using(messages)
  const document = documentOf(page.text)
  const { errors, deep, second } = document
  const lines = new Set<number>()
  const brackets = new Set<number>()
  for (const { code, message, pos } of errors.slice(0, mostErrors)) {
    const close = /must .* end with a ([\]}])$/.exec(message)?.[1]
    const bracket = close === undefined ? undefined : bracketBefore(document.root, page.text, close, brackets)
    // What is in one that has its partner is only too far to the left.
    if (close !== undefined && bracket !== undefined && !isClosed(page.text.slice(bracket))) {
      brackets.add(bracket)
      lines.add(positionAt(page, bracket).line)
      const span = { source: page, start: bracket, end: bracket + 1 }
      report.using(grammarMessages).unclosedBracket(span, { open: page.text.charAt(bracket), close, fixes: [] })
      continue
    }
    const deeper = /_IMPLICIT_KEY$/.test(code) ? deeperLine(page.text, pos[0]) : undefined
    const opened = /closing.*quote/.test(message) ? quoteBefore(document.root, pos[0]) : deeper
    const start = opened ?? Math.min(pos[0], page.text.length)
    const end = opened === undefined ? Math.min(Math.max(pos[1], start), page.text.length) : opened + 1
    const { line } = positionAt(page, start)
    const yaml = deeper === undefined ? code : 'BAD_INDENT'
    // The parser stumbles over one mistake on several lines in a row.
    if (!lines.has(line) && !lines.has(line - 1)) say.yamlSyntax({ source: page, start, end }, { yaml, text: message })
    lines.add(line)
  }
  if (deep !== undefined) {
    const span = { source: page, start: deep, end: Math.min(deep + 1, page.text.length) }
    report.using(grammarMessages).nestingTooDeep(span, { limit: deepestNesting })
  }
  if (second !== undefined && errors.length === 0) say.secondDocument({ source: page, start: second, end: second }, undefined)
  return document
}

/** Where a field begins on the line below a value, too far to the right to be its neighbour: YAML reads on there. */
function deeperLine(text: string, value: number): number | undefined {
  const [whole, blanks] = /^[^\n]*\n([ ]*)[^\s:]+:(?:\s|$)/.exec(text.slice(value)) ?? []
  const ownColon = /:\s/.test(text.slice(value, text.indexOf('\n', value)))
  return whole === undefined || ownColon ? undefined : value + text.slice(value).indexOf('\n') + 1 + blanks!.length
}

/** Where the text that is open at an offset began. */
function quoteBefore(root: ParsedNode | undefined, offset: number): number | undefined {
  let found: number | undefined
  visit(root ?? null, {
    Scalar: (_, { type, range }) => {
      if (type?.startsWith('QUOTE') && range && range[0] < offset && range[1] >= offset) found = range[0]
    },
  })
  return found
}

/** The innermost bracket of YAML's own that lacks its partner and is not among those `told`. */
function bracketBefore(root: ParsedNode | undefined, text: string, close: string, told: ReadonlySet<number>): number | undefined {
  let found: number | undefined
  visit(root ?? null, {
    Collection: (_, { flow, range }) => {
      if (flow !== true || !range || told.has(range[0])) return
      const [start, end] = range
      if (text.charAt(start) === (close === ']' ? '[' : '{') && text.charAt(end - 1) !== close) found = start
    },
  })
  return found
}

/** Whether the bracket that a text begins with has its partner. */
function isClosed(text: string): boolean {
  const open: string[] = []
  for (const [image] of text.matchAll(/"(?:[^"\\]|\\.)*"|'[^']*'|\s#[^\n]*|[[\]{}]/g)) {
    if (image === '[' || image === '{') open.push(image)
    if (image !== ']' && image !== '}') continue
    if (open.pop() !== (image === ']' ? '[' : '{')) return false
    if (open.length === 0) return true
  }
  return false
}

function moduleOf(r: Reading): Module {
  const { page, root } = r
  const items = isMap(root) ? (root.items as readonly PairNode[]).flatMap((pair) => declaration(r, pair) ?? []) : []
  if (root !== undefined && !isMap(root)) r.holes.push({ path: [], key: '', span: spanOf(r, root) })
  return { kind: 'module', span: { source: page, start: 0, end: page.text.length }, source: page, items, tail: r.comments.takeAll() }
}

function namesOf(root: ParsedNode | undefined): ReadonlySet<string> {
  const keys = isMap(root) ? (root.items as readonly PairNode[]).map(({ key }) => (isScalar(key) ? contentOf(key) : '')) : []
  return new Set(keys.flatMap((key) => /^(?:let|param)\s+(\w+'*)/.exec(key)?.[1] ?? []))
}
