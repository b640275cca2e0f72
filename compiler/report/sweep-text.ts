// A sweep's cost → the lines of its plan: all of it first, then a row for each stage.
import type { StageCost, SweepRow } from './cost.ts'
import type { Line } from './lines.ts'
import { grouped, rounded, scientific } from './numbers.ts'

export function sweepLines(cost: StageCost): readonly Line[] {
  if (cost.kind !== 'sweep') return []
  const { rows, trainings, tokens, flops } = cost
  const other = rows.length - rows.filter((row) => row.train).length
  const total: readonly Line[] = [
    ['in all', `${grouped(trainings)} trainings${other > 0 ? ` and ${grouped(other)} other stages` : ''}, ${rounded(tokens)} tokens`],
    ['flops', `${scientific(flops.paper)} as the paper counts (6 N D), ${scientific(flops.executed)} executed`],
  ]
  return [...total, ...tableOf(rows).map((text): Line => ['', text])]
}

function tableOf(rows: readonly SweepRow[]): readonly string[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.values)))]
  const head = ['key', ...names, 'parameters', 'steps', 'tokens', '6 N D', 'executed']
  const cells = rows.map(({ key, values, train }) => [
    key.slice(0, 12),
    ...names.map((name) => values[name] ?? ''),
    ...(train
      ? [
          rounded(train.parameters.nonEmbedding),
          grouped(train.steps),
          rounded(train.tokens),
          scientific(train.flops.paper),
          scientific(train.flops.executed),
        ]
      : ['', '', '', '', '']),
  ])
  const widths = head.map((_, i) => Math.max(...[head, ...cells].map((row) => row[i]!.length)))
  return [head, ...cells].map((row) => row.map((cell, i) => cell.padEnd(widths[i]!)).join('  ').trimEnd()) // prettier-ignore
}
