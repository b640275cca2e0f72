// Groups A and B: ids → logits, bidirectional and causal.
import type { Case } from './case.ts'
import { stored } from './case.ts'
import { tolerated } from './half.ts'
import { measured, maxAbs, type Outcome } from './outcome.ts'
import { loadReference, type Bench } from './reference.ts'

export async function forward(c: Case, bench: Bench): Promise<readonly Outcome[]> {
  const io = await stored(c, 'io.safetensors')
  const tolerance = c.json['tolerance'] as Readonly<Record<string, number>>
  const outcomes: Outcome[] = []
  for (const length of c.json['lengths'] as readonly number[]) {
    const [ids, expected] = [io[`ids_T${length}`], io[`logits_T${length}`]]
    if (ids === undefined || expected === undefined) continue
    await using model = await loadReference(c, bench, { batch: ids.shape[0]!, time: length }, ['logits'])
    const { logits } = await model.executable.run('logits', { tokens: Int32Array.from(ids.data) })
    outcomes.push(measured(`logits T${length}`, maxAbs(logits!, expected.data), tolerated(bench, 'logits', tolerance[`T${length}`]!)))
  }
  return outcomes
}
