// What every built stage has, whatever its kind: its name and place, its normal form and key, where its values came from, what it
// needs, and what of it cannot run yet.
import type { Span } from '../../grammar/source.ts'
import type { Build } from './build.ts'
import { later } from './complete.ts'
import { keyOf, originsOf } from './normal.ts'
import type { Later, Stage } from './pipeline.ts'
import type { Rec } from './value.ts'

type Base = Pick<Stage, 'name' | 'span' | 'key' | 'normal' | 'origins' | 'needs' | 'later'>

/** `more`: what cannot run yet and only the builder knows. */
export function baseOf(b: Build, record: Rec, normal: unknown, needs: readonly Stage[], more: readonly Later[] = []): Base {
  let origins: ReadonlyMap<string, Span> | undefined
  return {
    name: record.decl?.name.name ?? '',
    span: record.span,
    key: keyOf(normal),
    normal,
    origins: () => (origins ??= originsOf(record)),
    needs,
    later: later(b, record, more),
  }
}
