// What the builders of stages share: reading fields with their defaults, and the stages built so far.
import { bug } from '../bug.ts'
import { defaultOf } from './fields.ts'
import type { Lookups } from './normal.ts'
import type { Stage } from './pipeline.ts'
import { fieldsOfRecord } from './record.ts'
import type { Session } from './session.ts'
import type { Noun } from '../../grammar/ast.ts'
import type { Span } from '../../grammar/source.ts'
import type { CodeValue, Extreme, Held, Quantity, Rec, Value } from './value.ts'

export interface Build {
  readonly s: Session
  /** By declaration; undefined where a mistake has been reported. */
  readonly stages: Map<Noun, Stage | undefined>
  /** Dependencies first. */
  readonly done: Stage[]
  /** Fields and makers of which has been said that nothing runs them yet. */
  readonly told: Set<Span>
  /** Trainings that others in the root file start from: they may be incomplete. */
  readonly bases: ReadonlySet<Noun>
  /** What the root file calls the stages of other files: `lib.base`. */
  readonly elsewhere: ReadonlyMap<Noun, string>
  /** The stage of a declared record, built once. */
  readonly stageOf: (record: Rec) => Stage | undefined
}

/** A field as given, or its default; undefined where it has neither. */
export function field(s: Session, record: Rec, name: string): Value | undefined {
  const spec = fieldsOfRecord(record)[name] ?? bug(`a ${record.of} has no field ${name}`)
  return record.fields.get(name)?.value ?? defaultOf(s, spec)
}

/** The place of a field, or of its record where it stands on the default. */
export function place(record: Rec, name: string): { readonly field: Span; readonly at: Span } {
  const held: Held | undefined = record.fields.get(name)
  const whole = record.decl?.name.span ?? record.span
  return held ?? { field: whole, at: whole }
}

/** Where to point for a value that may come from a library's default: at the stage then, which is what the reader wrote. */
export function inPage(stage: Rec, at: Span): Span {
  const own = stage.decl?.name.span ?? stage.span
  return at.source === own.source ? at : own
}

export function length(s: Session, record: Rec, name: string): Quantity | Extreme | undefined {
  const value = field(s, record, name)
  return value?.kind === 'quantity' || value?.kind === 'extreme' ? value : undefined
}

export function quantity(s: Session, record: Rec, name: string): Quantity | undefined {
  const value = field(s, record, name)
  return value?.kind === 'quantity' ? value : undefined
}

export function number(s: Session, record: Rec, name: string): number {
  return quantity(s, record, name)?.number ?? bug(`${name} is not a number`)
}

export function text(s: Session, record: Rec, name: string): string | undefined {
  const value = field(s, record, name)
  return value?.kind === 'text' ? value.text : undefined
}

export function word(s: Session, record: Rec, name: string): string | undefined {
  const value = field(s, record, name)
  return value?.kind === 'word' ? value.word : undefined
}

export function truth(s: Session, record: Rec, name: string): boolean {
  const value = field(s, record, name)
  return value?.kind === 'truth' && value.truth
}

export function code(s: Session, record: Rec, name: string): CodeValue | undefined {
  const value = field(s, record, name)
  return value?.kind === 'code' ? value : undefined
}

export function record(s: Session, of: Rec, name: string): Rec | undefined {
  const value = field(s, of, name)
  return value?.kind === 'record' ? value : undefined
}

/** What normal forms look up: keys of the stages built so far, hashes of files. */
export function lookupsOf(b: Build): Lookups {
  return {
    s: b.s,
    keyOf: (stage) => (stage.decl && b.stages.get(stage.decl)?.key) ?? bug('a stage is mentioned before it is built'),
    hashOf: (path, at, query) => {
      const facts = b.s.world.files(path, at.source, query)
      return facts.found ? facts.sha256 : bug(`${path} has vanished`)
    },
  }
}
