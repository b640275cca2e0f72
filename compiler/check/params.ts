// Params of a model's blocks that no record sets: those that stand on the default written in the block, and those that a block
// inside takes from the ones around it. Where they are written, by path: `hidden`, `attention.heads`.
import type { Span } from '../../grammar/source.ts'
import { reachable } from './code-text.ts'
import type { BlockCode, Code } from './pipeline.ts'
import type { Rec } from './value.ts'

export function unsetParams(model: Rec & { readonly block: BlockCode }): ReadonlyMap<string, Span> {
  const { block, fields } = model
  const origins = new Map<string, Span>()
  const inside: Code[] = [block, ...[...fields.values()].flatMap(({ value }) => (value.kind === 'code' ? [value.code] : []))]
  for (const { name, value } of paramsOf(block)) {
    if (!value || fields.has(name.name)) continue
    origins.set(name.name, value.span)
    const code = value.kind === 'name' ? block.scope.code([value.name]) : undefined
    if (code) inside.push(code)
  }
  for (const code of new Set(inside.flatMap(reachable))) {
    if (code.kind !== 'block' || code.decl === block.decl) continue
    for (const { name, value, span } of paramsOf(code)) if (!value) origins.set(`${code.decl.name.name}.${name.name}`, span)
  }
  return origins
}

function paramsOf({ decl }: BlockCode) {
  return decl.body.statements.flatMap((statement) => (statement.kind === 'param' ? [statement] : []))
}
