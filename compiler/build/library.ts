// The standard library as programs use it: ops of the prelude by name, applied in a graph.
import { Report } from '../../grammar/diagnostic.ts'
import { bug } from '../bug.ts'
import type { OpCode, Scope } from '../check/pipeline.ts'
import { applyOp } from '../elaborate/op.ts'
import type { Builder, Value } from '../graph/builder.ts'

export class Library {
  readonly #prelude: Scope

  constructor(prelude: Scope) {
    this.#prelude = prelude
  }

  /** Applies an op of the prelude; `dims` names its dimension parameters, as in `softmax[time']`. */
  apply(b: Builder, name: string, args: readonly Value[], dims: Readonly<Record<string, string>> = {}): Value {
    const code = this.#prelude.code([name])
    if (code?.kind !== 'op') return bug(`the prelude has no op ${name}`)
    return applyChecked(b, code, args, dims)
  }
}

/** Applies an op that check has found right. */
export function applyChecked(b: Builder, code: OpCode, args: readonly Value[], dims: Readonly<Record<string, string>> = {}): Value {
  const report = new Report()
  const value = applyOp(b, code, args, report, dims)
  if (report.failed) return bug(`${code.decl.name.name}: ${report.diagnostics[0]?.message ?? ''}`)
  return value
}
