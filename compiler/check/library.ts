// From the root's text to all modules it stands on: the prelude, the libraries and files it uses, each read once.
// Afterwards every file has its Names. A file that uses itself, however far round, is reported.
import type { Module, Use } from '../../grammar/ast.ts'
import type { Diagnostic, Report } from '../../grammar/diagnostic.ts'
import { parse } from '../../grammar/parse.ts'
import type { SourceFile } from '../../grammar/source.ts'
import type { Binding, Names } from './names.ts'
import { addPlugin, isPlugin } from './plugin.ts'
import { bindAll } from './scope.ts'
import type { Session, World } from './session.ts'

/** Files that share their names: one file, or all of a library. */
interface Unit {
  readonly files: readonly Names[]
}

/** Reads a source and everything it uses. `modules` gets each parsed module, in the order read. */
export class Loader {
  readonly #s: Session
  readonly #modules: Module[]
  readonly #units = new Map<string, Unit>()
  readonly #open: string[] = []

  constructor(s: Session, modules: Module[]) {
    this.#s = s
    this.#modules = modules
  }

  /** The names of the root file. */
  root(source: SourceFile): Names {
    return this.#unit([source], true).files[0]!
  }

  #unit(sources: readonly SourceFile[], root: boolean): Unit {
    const id = sources[0]!.name
    const known = this.#units.get(id)
    if (known) return known
    this.#open.push(id)
    const own = new Map<string, Binding>()
    const modules = sources.map((source) => parseInto(this.#s.world, this.#s.report, this.#modules, source))
    const files = modules.map((module): Names => ({ module, root, own, outer: this.#s.prelude.own }))
    for (const names of files) bindAll(this.#s, names, own, this.#uses(names.module))
    this.#open.pop()
    const unit = { files }
    this.#units.set(id, unit)
    return unit
  }

  #uses(module: Module): ReadonlyMap<Use, Names> {
    const found = new Map<Use, Names>()
    for (const decl of module.items) {
      if (decl.kind !== 'use') continue
      const path = 'name' in decl.target ? decl.target.name : decl.target.value
      if (isPlugin(decl)) {
        addPlugin(this.#s, decl, path)
        continue
      }
      const read = this.#s.world.read(path, module.source.name)
      if ('problem' in read) {
        this.#s.say.cannotUse(decl.target.span, { path, problem: read.problem, near: read.near, span: decl.target.span })
        continue
      }
      const sources = 'text' in read ? [read] : read
      const id = sources[0]!.name
      const open = this.#open.indexOf(id)
      if (open >= 0) this.#s.say.useCycle(decl.target.span, { chain: [...this.#open.slice(open), id] })
      else found.set(decl, this.#unit(sources, false).files[0]!)
    }
    return found
  }
}

/** The prelude's names; its files see each other and nothing else. */
export function loadPrelude(
  world: World,
  report: Report,
  modules: Module[],
  root: SourceFile,
): { names: Names; bind: (s: Session) => void } {
  const own = new Map<string, Binding>()
  const parsed = world.prelude.map((source) => parseInto(world, report, modules, source))
  const files = parsed.map((module): Names => ({ module, root: false, own }))
  const span = { source: root, start: 0, end: 0 }
  const none: Module = { kind: 'module', span, source: root, items: [], tail: [] }
  return {
    names: files[0] ?? { module: none, root: false, own },
    bind: (s) => files.forEach((names) => bindAll(s, names, own, new Map())),
  }
}

function parseInto(world: World, report: Report, modules: Module[], source: SourceFile): Module {
  const { module, diagnostics } = (world.parse ?? parse)(source)
  diagnostics.forEach((d: Diagnostic) => report.add(d))
  modules.push(module)
  return module
}
