// The pages that an editor has open: for each page its check, its names and its sites, worked out when asked for and kept
// until something changes.
import { checkWith, openPage, type Checked } from '../../compiler/check/check.ts'
import type { Env } from '../../compiler/check/session.ts'
import { elaborateModel } from '../../compiler/elaborate/model.ts'
import { numericOp } from '../../compiler/elaborate/op.ts'
import { inFormOfPage } from '../../compiler/yaml/read.ts'
import type { SourceFile } from '../../grammar/source.ts'
import { namedBy } from './named.ts'
import { codeSites } from './sites-code.ts'
import { nounSites, valueSites } from './sites-noun.ts'
import type { Site } from './sites.ts'
import { shapesOf, type Met, type Shapes } from './shapes.ts'
import type { Sources } from './sources.ts'

/** What checking finds, and the models it meets. */
export interface Finding extends Checked {
  readonly models: readonly Met[]
}

export class Project {
  readonly sources: Sources
  readonly #checks = new Map<SourceFile, Finding>()
  readonly #shapes = new Map<SourceFile, Shapes>()
  readonly #sites = new Map<SourceFile, readonly Site[]>()

  constructor(sources: Sources) {
    this.sources = sources
  }

  /** Takes the text of a buffer; undefined when it is closed. What was known is forgotten: anything may use that file. */
  change(path: string, text: string | undefined): void {
    this.sources.set(path, text)
    this.forget()
  }

  forget(): void {
    this.sources.look()
    this.#checks.clear()
    this.#sites.clear()
    this.#shapes.clear()
  }

  /** What `smdmc check` finds. */
  check(source: SourceFile): Finding {
    return remembered(this.#checks, source, () => {
      const models: Met[] = []
      const model: typeof elaborateModel = (spec, given) => {
        const found = elaborateModel(spec, given)
        if (found) models.push({ spec, vocab: given.vocab, context: found.context })
        return found
      }
      const checked = checkWith(source, this.sources.world, { model, op: numericOp })
      return { ...checked, diagnostics: inFormOfPage(checked.diagnostics), models }
    })
  }

  /** Dimensions and sizes in the bodies that the models of a page use. */
  shapes(source: SourceFile): Shapes {
    return remembered(this.#shapes, source, () => shapesOf(this.check(source).models))
  }

  /** The sites of a page, however broken it is. */
  sites(source: SourceFile): readonly Site[] {
    return remembered(this.#sites, source, () => sitesOf(envOf(source, this.sources)))
  }
}

function remembered<K, V>(known: Map<K, V>, key: K, make: () => V): V {
  const before = known.get(key)
  if (before !== undefined) return before
  const value = make()
  known.set(key, value)
  return value
}

/** Where the expressions of a page stand. What is wrong with it is not heard here. */
export function envOf(source: SourceFile, { world }: Sources): Env {
  return openPage(source, world)
}

export function sitesOf(env: Env): readonly Site[] {
  const { names } = env
  const place = { names, locals: new Map() }
  const text = names.module.source
  return names.module.items.flatMap((item): readonly Site[] => {
    if (item.kind === 'use') {
      const ident = item.alias ?? ('name' in item.target ? item.target : undefined)
      const binding = ident && names.own.get(ident.name)
      const site: Site[] = ident ? [{ is: 'name', span: ident.span, name: ident.name, named: binding && namedBy(binding), place }] : []
      return 'value' in item.target ? [...site, { is: 'text', span: item.target.span, expr: item.target, use: true }] : site
    }
    const { name, span } = item.name
    const binding = names.own.get(name)
    const own: Site = { is: 'name', span: { ...span, source: text }, name, named: binding && namedBy(binding), place }
    switch (item.kind) {
      case 'let':
      case 'param':
        return item.value ? [own, ...valueSites(item.name, item.value, env)] : [own]
      case 'noun':
        return [own, ...nounSites(item, env)]
      case 'op':
      case 'block':
        return [own, ...codeSites(item, names)]
    }
  })
}
