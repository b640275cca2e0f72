// What an expression of a noun means. A value knows where it was written, which is where `explain` sends its
// reader. Poison stands for what has been complained of already: whatever touches it stays silent.
import type { Noun } from '../../grammar/ast.ts'
import type { Span } from '../../grammar/source.ts'
import type { KindName, PartName } from '../spec/kinds.ts'
import { CALLED, type Dimension } from '../spec/units.ts'
import type { BlockCode, Code, CustomKind } from './pipeline.ts'
import type { Names } from './names.ts'

export type Value = Poison | Quantity | Extreme | Text | Truth | Word | List | CodeValue | Rec | Axes | Family | Library

export interface Poison {
  readonly kind: 'poison'
  readonly span: Span
}

/** A number in the canonical unit of its dimension. */
export interface Quantity {
  readonly kind: 'quantity'
  readonly number: number
  readonly dimension: Dimension
  readonly span: Span
}

/** `max(1%, 100 steps)`: measures of training length that only the stage can compare. */
export interface Extreme {
  readonly kind: 'extreme'
  readonly of: 'max' | 'min'
  readonly items: readonly (Quantity | Extreme)[]
  readonly span: Span
}

export interface Text {
  readonly kind: 'text'
  readonly text: string
  readonly span: Span
}

export interface Truth {
  readonly kind: 'truth'
  readonly truth: boolean
  readonly span: Span
}

export interface Word {
  readonly kind: 'word'
  readonly word: string
  readonly span: Span
}

export interface List {
  readonly kind: 'list'
  readonly items: readonly Value[]
  readonly span: Span
}

export interface CodeValue {
  readonly kind: 'code'
  readonly code: Code
  readonly span: Span
}

/** The field of a record, as given. */
export interface Held {
  readonly value: Value
  /** The whole field, `name: value`. */
  readonly field: Span
  /** The expression, where the field was given. */
  readonly at: Span
  /** What a sweep runs, for a row of its axes; `value` is that of the first. */
  readonly each?: (row: Row) => Value
}

/** Names of a sweep's axes with the values of one stage. */
export type Row = ReadonlyMap<string, Value>

/** A record of a kind: what was set so far, without defaults. */
export interface Rec {
  readonly kind: 'record'
  readonly of: KindName | PartName
  readonly maker?: string
  /** The block of a model. */
  readonly block?: BlockCode
  /** The kind of a stage that a plugin brings. */
  readonly custom?: CustomKind
  readonly fields: ReadonlyMap<string, Held>
  readonly span: Span
  /** Where its maker was named; amendments keep it. */
  readonly made?: Span
  /** The declaration whose value this is. */
  readonly decl?: Noun
  /** `d.train` and `d.validation` of data. */
  readonly part?: 'train' | 'validation'
  /** The case of a family that it began with. */
  readonly origin?: { readonly family: Family; readonly chosen: Rec }
}

/** What a sweep runs over: one map of names to values for each stage. */
export interface Axes {
  readonly kind: 'axes'
  readonly names: readonly string[]
  readonly rows: readonly Row[]
  readonly span: Span
}

/** `preset` of `model preset(6M) = …` before a case is chosen. */
export interface Family {
  readonly kind: 'family'
  readonly name: string
  readonly cases: readonly Noun[]
  readonly home: Names
  readonly span: Span
}

/** The alias of a used file. */
export interface Library {
  readonly kind: 'library'
  readonly names: Names
  readonly span: Span
}

export function poison(span: Span): Poison {
  return { kind: 'poison', span }
}

/** What a page calls the kind of a record. */
export function wordOf(record: Rec): string {
  return record.custom?.word ?? record.of
}

/** `an optimizer`, `a train`, `data`. */
export function article(noun: string): string {
  return noun === 'data' ? noun : `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`
}

/** What a value is, for a sentence: `a text`, `a model`. */
export function described(value: Value): string {
  switch (value.kind) {
    case 'poison':
      return 'nothing'
    case 'quantity':
      return value.dimension === 'none' ? 'a number' : `a number of ${CALLED[value.dimension]}`
    case 'extreme':
      return `a ${value.of} of lengths`
    case 'text':
      return 'a text'
    case 'truth':
      return 'true or false'
    case 'word':
      return `the word \`${value.word}\``
    case 'list':
    case 'axes':
      return 'a list'
    case 'code':
      return article(value.code.kind)
    case 'record':
      return article(wordOf(value))
    case 'family':
      return `a family of ${value.cases[0]!.noun.name}s`
    case 'library':
      return 'a used file'
  }
}
