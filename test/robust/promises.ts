// What the front end promises for every text: it answers, in time, each finding has its place, its code and a rendering, and
// what reads without errors survives the formatter and the way through YAML.
import { isDeepStrictEqual } from 'node:util'
import { messages as saidOfYaml } from '../../compiler/yaml/messages.ts'
import { isYaml } from '../../compiler/yaml/form.ts'
import { parsePage, readYaml } from '../../compiler/yaml/read.ts'
import { formatYaml, writeYaml } from '../../compiler/yaml/write.ts'
import type { Module } from '../../grammar/ast.ts'
import { codeOf, type Diagnostic } from '../../grammar/diagnostic.ts'
import { format } from '../../grammar/format.ts'
import { render } from '../../grammar/frame.ts'
import { parse, parseExpression } from '../../grammar/parse.ts'
import { positionAt, type SourceFile } from '../../grammar/source.ts'
import { check } from '../../compiler/check/check.ts'
import { world } from '../helpers/check.ts'
import { codes } from '../helpers/errors.ts'
import { bare, commentsOf } from '../helpers/grammar.ts'
import { busyTime } from './clock.ts'

const known = new Set([...codes, ...Object.keys(saidOfYaml).map(codeOf)])
const { parse: remembered } = world()

/** A promise that an input breaks. `at` names the promise, and is what a shorter input must break too. */
export interface Broken {
  readonly at: string
  readonly how: string
}

export interface Outcome {
  readonly broken?: Broken
  readonly clean: boolean
  readonly checked: boolean
  /** On a processor, for everything together. */
  readonly milliseconds: number
}

class Promised extends Error {}

function promise(holds: boolean, what: string): void {
  if (!holds) throw new Promised(what)
}

/** Puts one text through everything. `limit`: milliseconds it may take. */
export function outcomeOf(input: SourceFile, limit = 2000): Outcome {
  let at = 'parse'
  let [clean, checked] = [false, false]
  const step = <T>(name: string, run: () => T): T => {
    at = name
    return run()
  }
  const began = busyTime()
  const done = (broken?: Broken): Outcome => ({ broken, clean, checked, milliseconds: busyTime() - began })
  try {
    const parsed = step('parse', () => parsePage(input))
    const { module, diagnostics } = parsed
    step('diagnostics of parse', () => sound(diagnostics, input.text))
    step('parse an expression', () => sound(parseExpression(input).diagnostics, input.text))
    clean = diagnostics.length === 0
    if (clean && isYaml(input.name)) step('keep YAML', () => keepsYaml(module))
    else if (clean) {
      step('keep format', () => keepsFormat(module))
      step('keep tree in YAML', () => keepsTree(module))
    }
    const found = step('check', () => check(input, { ...world(), parse: (source) => (source === input ? parsed : remembered!(source)) }))
    checked = found.pipeline !== undefined
    step('diagnostics of check', () => sound(found.diagnostics, input.text))
    promise(checked !== found.diagnostics.some((d) => d.severity === 'error'), 'there is a pipeline, or an error')
  } catch (error) {
    const how = error instanceof Promised ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)
    return done({ at, how: how.slice(0, 1500) })
  }
  const outcome = done()
  const slow = outcome.milliseconds > limit
  return slow ? { ...outcome, broken: { at: 'time', how: `${outcome.milliseconds.toFixed(0)} ms, last: ${at}` } } : outcome
}

/** At most some of the findings are drawn: each costs a walk over the page. */
const drawn = 40

/** `page`: a word of it may stand in a message of the library, which asks for what the page promises. */
function sound(diagnostics: readonly Diagnostic[], page: string): void {
  for (const d of diagnostics.slice(0, drawn)) {
    const { start, end, source } = d.span
    promise(0 <= start && start <= end && end <= source.text.length, `${d.code}: the span ${start}–${end} is inside its file`)
    promise(known.has(d.code), `${d.code} is a known code`)
    promise(d.message !== '' && !/^\s|\s$/.test(d.message), `${d.code}: there is a message`)
    promise(!/\bundefined\b|\[object|=> /.test(d.message) || /undefined|\[object|=> /.test(page), `${d.code}: ${d.message}`)
    const { line, column } = positionAt(source, start)
    promise(line >= 1 && column >= 1, `${d.code}: ${line}:${column} is a place`)
    promise(render(d, { color: true }).length > 0, `${d.code} renders`)
    for (const fix of d.fixes) {
      const right = 0 <= fix.span.start && fix.span.start <= fix.span.end && fix.span.end <= fix.span.source.text.length
      promise(right, `${d.code}: the fix ${fix.title} is inside its file`)
    }
  }
}

const rank: Readonly<Record<string, number>> = { use: 0, param: 1 }

/** The tree with its declarations in the formatter's order. */
export function arranged(module: Module): unknown {
  return bare(module.items.toSorted((a, b) => (rank[a.kind] ?? 2) - (rank[b.kind] ?? 2)))
}

export function keepsFormat(module: Module): void {
  const text = format(module)
  const again = parse({ name: 'page.smdm', text })
  promise(again.diagnostics.length === 0, `the formatted page parses, but ${again.diagnostics[0]?.message}:\n${text}`)
  promise(isDeepStrictEqual(arranged(again.module), arranged(module)), `the formatted page keeps its tree:\n${text}`)
  promise(isDeepStrictEqual(commentsOf(again.module), commentsOf(module)), `the formatted page keeps its comments:\n${text}`)
  promise(format(again.module) === text, `format is a fixed point:\n${text}`)
}

export function keepsTree(module: Module): void {
  const text = writeYaml(module)
  const back = readYaml({ name: 'page.yaml', text })
  promise(back.diagnostics.length === 0, `the YAML reads, but ${back.diagnostics[0]?.message}:\n${text}`)
  promise(isDeepStrictEqual(bare(back.module), bare(module)), `YAML keeps the tree:\n${text}`)
  promise(isDeepStrictEqual(commentsOf(back.module), commentsOf(module)), `YAML keeps comments:\n${text}`)
  promise(writeYaml(back.module) === text, `what YAML gives is written as the same YAML:\n${text}`)
}

export function keepsYaml(module: Module): void {
  const text = formatYaml(module)
  const again = readYaml({ name: 'page.yaml', text })
  promise(again.diagnostics.length === 0, `the formatted YAML reads, but ${again.diagnostics[0]?.message}:\n${text}`)
  promise(formatYaml(again.module) === text, `formatting YAML is a fixed point:\n${text}`)
  const page = format(module)
  const back = parse({ name: 'page.smdm', text: page })
  promise(back.diagnostics.length === 0, `the page of the YAML parses, but ${back.diagnostics[0]?.message}:\n${page}`)
  promise(isDeepStrictEqual(arranged(back.module), arranged(module)), `the page of the YAML keeps its tree:\n${page}`)
}
