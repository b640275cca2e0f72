// Amendment, the one means of reuse, and the values of declared nouns. A record holds only fields that its kind has;
// afterwards nothing unknown is left to find.
import type { Field, Noun, RecordExpr } from '../../grammar/ast.ts'
import type { Span } from '../../grammar/source.ts'
import { nearest } from '../../grammar/suggest.ts'
import { FOREIGN_FIELDS, type Meaning } from '../spec/foreign-fields.ts'
import { FOREIGN_KINDS } from '../spec/foreign.ts'
import { KIND_NAMES, KINDS, isKind, type FieldSpec, type KindName, type PartName } from '../spec/kinds.ts'
import { defaultOf, typed } from './fields.ts'
import { firstName, unknownFirst } from './guess.ts'
import type { CustomKind } from './pipeline.ts'
import { fieldsOfRecord, fresh } from './record.ts'
import type { Env } from './session.ts'
import { warnUnchanged } from './unchanged.ts'
import { poison, wordOf, type Held, type Rec, type Row, type Value } from './value.ts'

/** `base { … }`: what the record gives replaces or amends, the rest stays. */
export function amend(base: Rec, record: RecordExpr, env: Env, span: Span): Rec {
  const { s } = env
  const specs = fieldsOfRecord(base)
  const fields = new Map(base.fields)
  const seen = new Map<string, Span>()
  for (const field of inOrder(base.of, record.fields)) {
    const name = field.name.name
    const before = seen.get(name)
    if (before) {
      s.say.repeatedField(field.name.span, { name, before })
      continue
    }
    seen.set(name, field.name.span)
    const spec = Object.hasOwn(specs, name) ? specs[name]! : undefined
    if (!spec) {
      const meant = unknownField(env, base, field, specs)
      // What was meant is not missing, too.
      if (meant !== undefined && !fields.has(meant)) fields.set(meant, { value: poison(field.span), field: field.span, at: field.span })
      continue
    }
    if (base.of === 'model' && name === 'vocab') {
      s.say.vocabIsGiven(field.span, undefined)
      continue
    }
    const place = { field: field.span, at: field.value?.span ?? field.amend!.span }
    if (spec.type.is === 'run') {
      const over = fields.get('over')?.value
      const each = (row: Row | undefined): Value => runOf(base, spec, field, { ...env, locals: row })
      fields.set(name, { value: each(over?.kind === 'axes' ? over.rows[0] : undefined), each, ...place })
      continue
    }
    if (field.value && valueBelow(field, specs, env)) {
      s.say.valueNeeded(field.name.span, { name, type: spec.type, next: firstName(field.value)! })
      fields.set(name, { value: poison(field.span), ...place })
      continue
    }
    const value = field.value ? typed(spec.type, field.value, env, name) : amendField(base, spec, field, env)
    warnUnchanged(env, field, base.fields.get(name), value)
    fields.set(name, { value, ...place })
  }
  return { ...base, fields, decl: undefined, span }
}

/** Whether the value of a field was forgotten, and the next field on a line below was read as one: `budget:` and `optimizer { … }`. */
function valueBelow(field: Field, specs: Readonly<Record<string, FieldSpec>>, env: Env): boolean {
  const { source, end } = field.name.span
  const name = unknownFirst(field.value!, env)
  return name !== undefined && Object.hasOwn(specs, name) && source.text.slice(end, field.value!.span.start).includes('\n')
}

/** The names of a sweep's axes must be there before the stage that mentions them. */
function inOrder(kind: KindName | PartName, fields: readonly Field[]): readonly Field[] {
  return kind === 'sweep' ? [...fields].sort((a, b) => Number(b.name.name === 'over') - Number(a.name.name === 'over')) : fields
}

/** What a sweep runs in one row: the field as given, or an amendment of what the base runs there. */
function runOf(base: Rec, spec: FieldSpec, field: Field, env: Env): Value {
  if (field.value) return typed(spec.type, field.value, env, field.name.name)
  const before = base.fields.get(field.name.name)
  if (!before?.each || !env.locals) return amendField(base, spec, field, env)
  const value = before.each(env.locals)
  return value.kind === 'record' ? amend(value, field.amend!, env, field.span) : value
}

/** `key { … }`: changes what is there, or the kind's default. */
function amendField(base: Rec, spec: FieldSpec, field: Field, env: Env): Value {
  const { s } = env
  const name = field.name.name
  if (spec.type.is === 'axes') return typed(spec.type, field.amend!, env, name)
  if (spec.type.is !== 'record') {
    s.say.notAmendable(field.name.span, { field: name, type: spec.type })
    return poison(field.span)
  }
  const current = base.fields.get(name)?.value ?? defaultOf(s, spec)
  if (current?.kind === 'record') return amend(current, field.amend!, env, field.span)
  if (current) return current.kind === 'poison' ? current : poison(field.span)
  const maker = KINDS[spec.type.kind].default
  if (maker !== undefined) return amend(fresh(spec.type.kind, maker, field.span), field.amend!, env, field.span)
  s.say.nothingToAmend(field.name.span, { field: name, kind: spec.type.kind })
  return poison(field.span)
}

/** The value of `kind name = …` or `kind name { … }`. */
export function nounValue(noun: Noun, env: Env): Value {
  const { s } = env
  const kind = noun.noun.name
  const custom = s.kinds.get(kind)
  if (custom) return customValue(noun, custom, env)
  if (!isKind(kind)) {
    const kinds = [...KIND_NAMES, ...s.kinds.keys()]
    s.say.unknownKind(noun.noun.span, {
      kind,
      near: nearest(kind, kinds),
      here: Object.hasOwn(FOREIGN_KINDS, kind) ? FOREIGN_KINDS[kind] : undefined,
      kinds,
      span: noun.noun.span,
    })
    return poison(noun.span)
  }
  if (noun.value.kind === 'record') {
    const maker = KINDS[kind].default
    if (!KINDS[kind].stage && maker === undefined) {
      s.say.baseNeeded(noun.name.span, { kind, name: noun.name.name, makers: Object.keys(KINDS[kind].makers) })
      return poison(noun.span)
    }
    return { ...amend(fresh(kind, maker, noun.span), noun.value, env, noun.span), decl: noun }
  }
  if (noun.value.kind === 'list') {
    // What is in it would be another mistake only because of the list.
    s.say.wrongBase(noun.value.span, { kind, name: noun.name.name, value: { kind: 'list', items: [], span: noun.value.span } })
    return poison(noun.span)
  }
  const value = KINDS[kind].stage ? s.evaluate(noun.value, env, kind) : typed({ is: 'record', kind }, noun.value, env, noun.name.name)
  if (value.kind === 'poison') return value
  if (value.kind !== 'record' || value.of !== kind) {
    s.say.wrongBase(noun.value.span, { kind, name: noun.name.name, value })
    return poison(noun.span)
  }
  return { ...value, decl: noun, span: noun.span }
}

/** A stage whose kind a plugin brings: fresh, or an amendment of another of its kind. */
function customValue(noun: Noun, custom: CustomKind, env: Env): Value {
  if (noun.value.kind === 'record') {
    const record: Rec = { ...fresh('custom', undefined, noun.span), custom }
    return { ...amend(record, noun.value, env, noun.span), decl: noun }
  }
  const value = env.s.evaluate(noun.value, env)
  if (value.kind === 'poison') return value
  if (value.kind === 'record' && value.custom?.word === custom.word) return { ...value, decl: noun, span: noun.span }
  env.s.say.wrongBase(noun.value.span, { kind: custom.word, name: noun.name.name, value })
  return poison(noun.span)
}

/** A field nobody knows: another framework's word, a misspelling, or a field of something inside. Gives the field that was meant. */
function unknownField(env: Env, base: Rec, field: Field, specs: Readonly<Record<string, FieldSpec>>): string | undefined {
  const name = field.name.name
  const known = Object.keys(specs)
  const meanings: readonly Meaning[] = FOREIGN_FIELDS.get(name) ?? []
  const here = meanings.find((m) => m.here !== undefined && known.includes(m.here))
  const inside = [name, ...meanings.flatMap((m) => m.here ?? [])].filter((word) => !known.includes(word))
  const near = nearest(name, known)
  env.s.say.unknownField(field.name.span, {
    kind: wordOf(base),
    name,
    here: here?.here,
    note: (here ?? meanings.find((m) => m.here === undefined))?.note ?? siblingWith(base, name),
    near: meanings.length === 0 ? near : undefined,
    within: here ? undefined : inside.map((word) => withinOf(base, specs, word)).find((within) => within !== undefined),
    fields: known,
    span: field.name.span,
  })
  return here?.here ?? near
}

/** Another maker of the kind has this field: `confidence` has an `order`, `ancestral` has none. */
function siblingWith({ of, maker }: Rec, name: string): string | undefined {
  const found = Object.entries(KINDS[of].makers).find(([other, { fields }]) => other !== maker && Object.hasOwn(fields, name))
  return maker === undefined || found === undefined ? undefined : `\`${found[0]}\` has one, and this is \`${maker}\``
}

/** The field whose record has the field looked for: `optimizer` for `lr`. */
function withinOf(
  base: Rec,
  specs: Readonly<Record<string, FieldSpec>>,
  name: string,
): { readonly field: string; readonly name: string } | undefined {
  for (const [field, { type }] of Object.entries(specs)) {
    if (type.is !== 'record') continue
    const held: Held | undefined = base.fields.get(field)
    const record = held?.value.kind === 'record' ? held.value : fresh(type.kind, KINDS[type.kind].default, base.span)
    if (Object.hasOwn(fieldsOfRecord(record), name)) return { field, name }
  }
  return undefined
}
