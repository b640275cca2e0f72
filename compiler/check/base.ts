// What every built stage has, whatever its kind: its name and place, its normal form and key, where its values came from, what it
// needs, and what of it cannot run yet.
import type { Span } from '../../grammar/source.ts'
import { once } from '../once.ts'
import { lookupsOf, type Build } from './build.ts'
import { later } from './complete.ts'
import { keyOf, originsOf, type Lookups } from './normal.ts'
import type { Later, Stage } from './pipeline.ts'
import type { Rec } from './value.ts'

type Base = Pick<Stage, 'name' | 'span' | 'key' | 'normal' | 'origins' | 'needs' | 'later'>

/** What the builder of a kind knows of what every stage has. */
export interface Parts {
  readonly normal: (look: Lookups) => unknown
  readonly origins?: () => ReadonlyMap<string, Span>
  readonly needs: readonly Stage[]
  /** What cannot run yet and only the builder knows. */
  readonly later?: readonly Later[]
}

/** A stage, with what its kind has of its `own`. Its key is found when somebody asks: a check does not wait for the hash of a large file. */
export function asStage<S extends Stage>(b: Build, record: Rec, parts: Parts, own: Omit<S, keyof Base>): S {
  const normal = once(() => parts.normal(lookupsOf(b)))
  const key = once(() => keyOf(normal()))
  const base: Base = {
    name: record.decl ? (b.elsewhere.get(record.decl) ?? record.decl.name.name) : '',
    span: record.span,
    get key() {
      return key()
    },
    get normal() {
      return normal()
    },
    origins: once(parts.origins ?? (() => originsOf(record))),
    needs: parts.needs,
    later: later(b, record, parts.later),
  }
  return Object.assign(base, own) as unknown as S
}
