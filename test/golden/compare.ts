// Which comparison a case gets, by its group.
import type { Case, Config } from './case.ts'
import { forward } from './forward.ts'
import { likelihood } from './likelihood.ts'
import type { Outcome } from './outcome.ts'
import { unsupported, type Bench } from './reference.ts'
import { sampling } from './sampling.ts'
import { tables } from './tables.ts'
import { train } from './train.ts'

type Comparison = (c: Case, bench: Bench) => Promise<readonly Outcome[]>

const GROUPS: Readonly<Record<string, Comparison>> = {
  A_mdm_forward: forward,
  B_ar_forward: forward,
  C_pretrain: train,
  D_sft: train,
  E_sampling: sampling,
  F_likelihood: likelihood,
  G_tables: tables,
}

/** Compares one case; whatever cannot be compared yet says why. */
export async function compare(c: Case, bench: Bench): Promise<readonly Outcome[]> {
  const comparison = GROUPS[c.group]
  if (comparison === undefined) return [{ kind: 'unsupported', why: `group ${c.group}` }]
  const config = c.json['config'] as Config | undefined
  const why = config === undefined ? undefined : unsupported(config)
  return why === undefined ? comparison(c, bench) : [{ kind: 'unsupported', why }]
}
