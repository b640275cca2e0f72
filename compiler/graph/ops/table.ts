// All ops by name. Completion, manual, tests, interpreter and both targets read an op's whole biography from here.
import type { OpName } from '../graph.ts'
import { attention } from './attention.ts'
import { compare } from './compare.ts'
import { composite } from './call.ts'
import { contract } from './contract.ts'
import { elementwise } from './elementwise.ts'
import { indexing } from './indexing.ts'
import { leaves } from './leaves.ts'
import { movement } from './movement.ts'
import type { Op } from './op.ts'
import { random } from './random.ts'
import { reduce } from './reduce.ts'

export const table: { readonly [K in OpName]: Op<K> } = {
  ...leaves,
  ...elementwise,
  ...compare,
  ...random,
  ...reduce,
  ...contract,
  ...movement,
  ...indexing,
  ...attention,
  ...composite,
}

/** The record of an op; for an op known only at run time, one that takes the attributes of any. */
export function opOf<K extends OpName>(op: K): Op<K> {
  return table[op]
}
