// A parsed page → its sites: each word that means something, with what it means and what its place takes. All answers of
// the server are read off the site under the cursor; what cannot be understood has no site, and nothing fails.
import type { Ident, NumberExpr, RecordExpr, StringExpr } from '../../grammar/ast.ts'
import type { Span } from '../../grammar/source.ts'
import type { Names } from '../../compiler/check/names.ts'
import type { CustomKind } from '../../compiler/check/pipeline.ts'
import type { Rec } from '../../compiler/check/value.ts'
import type { FieldSpec, FieldType } from '../../compiler/spec/kinds.ts'
import type { Named } from './named.ts'

/** What an expression may be at some place. */
export interface Place {
  readonly names: Names
  /** What the field takes; unknown in formulas. */
  readonly type?: FieldType
  /** Names that are known here and not in the whole file. */
  readonly locals: ReadonlyMap<string, Named>
  /** Dimensions that are known here, inside an op or block. */
  readonly dims?: ReadonlyMap<string, Named>
  /** The cases of the family that is called here: `6M`. */
  readonly cases?: readonly string[]
}

export type Site =
  /** A name, where it is declared or where it is mentioned. Without `named`: nobody knows it, or it is built in. */
  | { readonly is: 'name'; readonly span: Span; readonly name: string; readonly named?: Named; readonly place: Place }
  /** The name behind the dot of a used file. */
  | { readonly is: 'member'; readonly span: Span; readonly name: string; readonly named?: Named; readonly of: Names; readonly place: Place }
  /** A dimension: in a type, or in brackets. `span` leaves its primes out. */
  | { readonly is: 'dimension'; readonly span: Span; readonly name: string; readonly named: Named; readonly place: Place }
  /** The name of a field. `named`: the param of a block that it sets, or an axis that it declares. */
  | FieldSite
  /** The kind in front of a declaration. `custom`: those that plugins bring to this page. */
  | { readonly is: 'kind'; readonly span: Span; readonly name: string; readonly custom: ReadonlyMap<string, CustomKind> }
  | { readonly is: 'number'; readonly span: Span; readonly expr: NumberExpr; readonly place: Place }
  | { readonly is: 'text'; readonly span: Span; readonly expr: StringExpr; readonly type?: FieldType; readonly use: boolean }

export interface FieldSite {
  readonly is: 'field'
  readonly span: Span
  readonly name: string
  readonly named?: Named
  /** The record it adds to: what stands in front of the braces. */
  readonly rec: Rec
  /** The braces. */
  readonly record: RecordExpr
  readonly spec?: FieldSpec
  /** The declaration it stands in, and its path there: `optimizer.lr`. */
  readonly within: Ident
  readonly path: string
}

/** The site at an offset: the one of the fewest letters, if several are around it. */
export function siteAt(sites: readonly Site[], offset: number): Site | undefined {
  let best: Site | undefined
  for (const site of sites) {
    if (site.span.start > offset || offset > site.span.end) continue
    if (best === undefined || sizeOf(site) < sizeOf(best)) best = site
  }
  return best
}

/** What a site names, wherever names are followed. */
export function namedAt(site: Site | undefined): Named | undefined {
  return site && 'named' in site ? site.named : undefined
}

const sizeOf = ({ span }: Site): number => span.end - span.start
