// Fresh records, and the fields that a record may have.
import type { BlockDecl, Noun } from '../../grammar/ast.ts'
import type { Span } from '../../grammar/source.ts'
import { fieldsOf, type FieldSpec, type KindName, type PartName } from '../spec/kinds.ts'
import { paramType } from './param-type.ts'
import type { BlockCode } from './pipeline.ts'
import type { Rec } from './value.ts'

export function fresh(kind: KindName | PartName, maker: string | undefined, span: Span): Rec {
  return { kind: 'record', of: kind, maker, fields: new Map(), span, made: span }
}

/** A block as a model, with nothing set. */
export function modelOf(block: BlockCode, span: Span): Rec {
  return { kind: 'record', of: 'model', block, fields: new Map(), span, made: span }
}

/** The fields that a record may have: those of its kind and maker; for a model the params of its block; or a plugin's. */
export function fieldsOfRecord(record: Rec): Readonly<Record<string, FieldSpec>> {
  if (record.custom) return record.custom.kind.fields
  return record.block ? paramsOf(record.block) : fieldsOf(record.of, record.maker)
}

const fieldsOfBlocks = new WeakMap<BlockDecl, Readonly<Record<string, FieldSpec>>>()

function paramsOf(block: BlockCode): Readonly<Record<string, FieldSpec>> {
  const known = fieldsOfBlocks.get(block.decl)
  if (known !== undefined) return known
  const fields: Record<string, FieldSpec> = {}
  for (const statement of block.decl.body.statements) {
    if (statement.kind !== 'param') continue
    const doc = statement.doc ?? `A param of the block \`${block.decl.name.name}\`.`
    fields[statement.name.name] = { type: paramType(block, statement), doc }
  }
  fieldsOfBlocks.set(block.decl, fields)
  return fields
}

/** The key of a family's case as written: `170M`. */
export function caseText(noun: Noun): string {
  return noun.case?.kind === 'number' ? noun.case.text : JSON.stringify(noun.case?.value ?? '')
}
