// Parsed modules → checked pipeline. The last stage that speaks to the user: what leaves here can be built.
//   library   the root, what it uses, the prelude: modules and names
//   values    declarations → values, amended, with units; closed world throughout
//   stages    values → stages in order, each with its normal form and key
import type { Module } from '../../grammar/ast.ts'
import { Report, type Diagnostic } from '../../grammar/diagnostic.ts'
import type { SourceFile } from '../../grammar/source.ts'
import { nearest } from '../../grammar/suggest.ts'
import { elaborateModel } from '../elaborate/model.ts'
import { numericOp } from '../elaborate/op.ts'
import { holdsBeside, withoutDamage } from './damage.ts'
import { Loader, loadPrelude } from './library.ts'
import type { Pipeline, Scope } from './pipeline.ts'
import type { Names } from './names.ts'
import { checkNatives } from './native.ts'
import { codeScope } from './scope.ts'
import { speak, type Elaboration, type Session, type World } from './session.ts'
import { buildStages } from './stages.ts'
import { amend } from './amend.ts'
import { evaluate, valueOf } from './values.ts'
import { checkUnreached } from './unreached.ts'
import { warnUnused } from './unused.ts'

export type { FoundPlugin, World } from './session.ts'

export interface Checked {
  /** Present if there are no errors. */
  readonly pipeline?: Pipeline
  readonly diagnostics: readonly Diagnostic[]
  /** Where the ops of the prelude are found, for the programs that are built from them. */
  readonly prelude: Scope
  /** The root first, then the prelude and what is used. */
  readonly modules: readonly Module[]
}

/** Mistakes that leave the tree and its names whole: checking goes on behind them. */
const WHOLE = ['unknown-suffix', 'unknown-unit', 'twice']

/** Checks a page. Pure: all it learns of the world comes through `world`. */
export function check(root: SourceFile, world: World): Checked {
  return checkWith(root, world, { model: elaborateModel, op: numericOp })
}

/** The same with elaboration given. */
export function checkWith(root: SourceFile, world: World, elaboration: Elaboration): Checked {
  const checked = checkWhole(root, world, elaboration)
  if (!checked.blocked) return checked
  const beside = checkWhole(root, withoutDamage(world), elaboration).diagnostics.filter(holdsBeside)
  return { ...checked, diagnostics: inOrder(once([...checked.diagnostics, ...beside])) }
}

/** Checks a page whose files all have their names. One that lacks some is `blocked`: of it only that is told. */
function checkWhole(root: SourceFile, world: World, elaboration: Elaboration): Checked & { readonly blocked?: boolean } {
  const { s, names, modules, scope } = openPage(root, world, elaboration)
  const { report } = s
  const all = [names.module, ...modules.filter((m) => m !== names.module)]
  if (report.diagnostics.some((d) => d.severity === 'error' && !WHOLE.includes(d.code)))
    return { diagnostics: report.diagnostics, prelude: scope, modules: all, blocked: true }
  checkSet(s, names.module)
  const stages = buildStages(s, names)
  checkUnreached(s, names)
  for (const module of all) checkNatives(s, module)
  if (!report.failed) warnUnused(s, names.module)
  return { pipeline: report.failed ? undefined : { stages }, diagnostics: once(report.diagnostics), prelude: scope, modules: all }
}

/** File by file as they were spoken of, each in the order of its text. */
function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const files = [...new Set(diagnostics.map(({ span }) => span.source.name))]
  const rank = ({ span }: Diagnostic): number => files.indexOf(span.source.name)
  return diagnostics.toSorted((a, b) => rank(a) - rank(b) || a.span.start - b.span.start)
}

/** A page read and its names bound, with the session in which its values are found. */
export interface OpenPage {
  readonly s: Session
  readonly names: Names
  /** All that was parsed, in the order read. */
  readonly modules: readonly Module[]
  /** Where the prelude's ops are found. */
  readonly scope: Scope
}

/** The way into a check, also for editors, which ask about single places of a page. */
export function openPage(root: SourceFile, world: World, elaboration: Elaboration = { model: elaborateModel, op: numericOp }): OpenPage {
  const report = new Report()
  const modules: Module[] = []
  const prelude = loadPrelude(world, report, modules, root)
  const s: Session = {
    world,
    report,
    say: speak(report),
    elaboration,
    prelude: prelude.names,
    values: new Map(),
    open: [],
    nesting: { depth: 0, told: false },
    defaults: new Map(),
    scopes: new Map(),
    models: new Map(),
    composites: new Map(),
    codeForms: new Map(),
    schedules: new Map(),
    weights: new Map(),
    kinds: new Map(),
    evaluate,
    valueOf: (decl, home) => valueOf(s, decl, home),
    amend,
  }
  prelude.bind(s)
  const scope = codeScope(s, prelude.names)
  return { s, names: new Loader(s, modules).root(root), modules, scope }
}

/** One mistake, one message: two models of one block, or two calls on one line, would say the same twice. */
function once(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const seen = new Set<string>()
  return diagnostics.filter(({ code, message, span }) => {
    const line = span.source.text.lastIndexOf('\n', span.start - 1)
    const id = [code, message, span.source.name, line].join('\n')
    return !seen.has(id) && seen.add(id)
  })
}

/** `--set` reaches declared params of the root file and nothing else. */
function checkSet(s: Session, module: Module): void {
  const params = module.items.flatMap((item) => (item.kind === 'param' ? [item.name.name] : []))
  for (const [name, text] of Object.entries(s.world.set)) {
    if (params.includes(name)) continue
    const source = { name: '--set', text: `${name}=${text}` }
    s.say.unknownParam({ source, start: 0, end: name.length }, { name, near: nearest(name, params), params, file: module.source.name })
  }
}
