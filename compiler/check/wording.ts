// Pieces of sentences that the catalogues share.
import type { Fix } from '../../grammar/diagnostic.ts'
import { positionAt, type Span } from '../../grammar/source.ts'
import { listOf } from '../../grammar/suggest.ts'
import { KINDS, type FieldType, type KindName, type PartName } from '../spec/kinds.ts'
import { CALLED, type Dimension } from '../spec/units.ts'
import { article } from './value.ts'

export type Kind = KindName | PartName

export const code = (text: string): string => `\`${text}\``
export const codes = (words: readonly string[], joint?: string): string => listOf(words.map(code), joint)
export const units = (of: readonly Dimension[]): string => listOf(of.map((u) => CALLED[u]), 'or') // prettier-ignore
/** In the largest unit that leaves a number of at least one. */
export const gib = (bytes: number): string => {
  const power = bytes >= 2 ** 30 ? 3 : bytes >= 2 ** 20 ? 2 : 1
  return `${(bytes / 1024 ** power).toFixed(1)} ${['KiB', 'MiB', 'GiB'][power - 1]}`
}
export const place = (span: Span): string => {
  const { line } = positionAt(span.source, span.start)
  return `${span.source.name}:${line}`
}
export const replace = (span: Span, text: string): readonly Fix[] => [{ title: `Write ${code(text)}`, span, text }]
export const meant = (near: string | undefined): string | undefined => (near === undefined ? undefined : `did you mean ${code(near)}?`)
export const meantFix = (span: Span, near: string | undefined): readonly Fix[] => (near === undefined ? [] : replace(span, near))
export const has = (kind: string): string => (kind === 'data' ? 'data has' : `${article(kind)} has`)
export const short = (n: number): string => String(Number(n.toPrecision(3)))
export const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ' ')

const stageWord = (kind: Kind): string => (kind === 'custom' ? "a plugin's stage" : article(kind))

/** What a field takes, for a sentence. */
export function takes(type: FieldType): string {
  switch (type.is) {
    case 'quantity':
      return type.units[0] === 'none' ? 'a number' : units(type.units)
    case 'text':
      return 'a text'
    case 'truth':
      return '`true` or `false`'
    case 'word':
      return codes(type.words, 'or')
    case 'op':
    case 'code':
      return type.is === 'op' ? 'an op' : 'an op or a block'
    case 'record': {
      const makers = Object.entries(KINDS[type.kind].makers).map(([name, { argument }]) =>
        code(argument === undefined ? name : `${name}("…")`),
      )
      const own = type.kind === 'checkpoint' ? '' : article(type.kind)
      return [own, makers.length === 0 || makers.length > 4 ? '' : listOf(makers, 'or')].filter((t) => t !== '').join(', such as ')
    }
    case 'stage':
      return `the name of ${listOf(type.kinds.map(stageWord), 'or')}`
    case 'list':
      return type.one ? `${takes(type.of)}, or a list of them` : 'a list: `[…, …]`'
    case 'either':
      return type.of.map(takes).join(', or ')
    case 'axes':
      return 'names with lists: `{ size: [6M, 19M] }`'
    case 'run':
      return 'a stage'
  }
}

export function exampleOf(kind: Kind): string {
  const [first] = Object.entries(KINDS[kind].makers)
  if (!first) return kind === 'model' ? 'smdm.preset(6M)' : '…'
  return first[1].argument === undefined ? first[0] : `${first[0]}("…")`
}
