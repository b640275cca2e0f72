// A training's cost → the lines of its plan.
import type { Tensor } from '../check/kept.ts'
import type { TrainStage } from '../check/pipeline.ts'
import { showDims } from '../graph/dims.ts'
import type { Line } from './lines.ts'
import { bytes, grouped, percent, rounded, scientific } from './numbers.ts'
import { trainCost, type TrainCost } from './train-cost.ts'

export function trainLines(stage: TrainStage): readonly Line[] {
  const cost = trainCost(stage)
  const { parameters, context, batch, sequence, steps, tokens, flops, rows } = cost
  const weights = `${rounded(parameters.nonEmbedding)} parameters (${rounded(parameters.all)} with embeddings)`
  const { paper, executed } = flops.perToken
  return [
    ['model', `${weights} in ${parameters.tensors} tensors, context ${grouped(context)}`],
    ['one step', `${grouped(batch)} sequences × ${grouped(sequence)} tokens = ${grouped(batch * sequence)} tokens`],
    ['budget', `${grouped(steps)} steps = ${rounded(tokens)} tokens${epochsText(stage, cost)}`],
    ['flops', `${scientific(flops.paper)} as the paper counts (6 N D), ${scientific(flops.executed)} executed`],
    ['one token', `${rounded(paper)} flops as the paper counts, ${rounded(executed)} executed`],
    ['logits', `${grouped(rows.computed)} of ${grouped(rows.of)} rows a step (${percent(rows.computed / rows.of)}): ${rowsText(stage)}`],
    ['warm-up', `${grouped(cost.rate.warmup)} steps`],
    ['rate', rateText(cost.rate)],
    ...memoryLines(cost),
  ]
}

function epochsText({ data }: TrainStage, { epochs }: TrainCost): string {
  if (epochs === undefined) return ''
  const of = data.sequences !== undefined ? `${grouped(data.sequences)} examples` : `${rounded(data.tokens ?? 0)} tokens`
  return ` = ${epochs >= 100 ? grouped(epochs) : epochs.toPrecision(3)} epochs of ${of}`
}

function rowsText({ objective }: TrainStage): string {
  return objective.kind === 'next_token' ? 'every token is foretold' : 'where tokens are masked, E[p] of the schedule'
}

/** Whose learning rate it is, where one might take it for another. */
const KNOWN: Readonly<Record<string, string>> = {
  'smdm.pretrain': 'smdm.pretrain, the rate of the paper; its published scripts set 2e-4',
  'smdm.scripts': 'smdm.scripts, the rate of the published scripts; the paper says 4e-4',
}

function rateText({ highest, lowest, decay, from }: TrainCost['rate']): string {
  const curve = decay === 'constant' ? String(highest) : `${highest}, ${decay} to ${short(lowest)}`
  return `${curve}  (${from === undefined ? 'default' : (KNOWN[from] ?? from)})`
}

function memoryLines({ memory, context }: TrainCost): readonly Line[] {
  const { weights, gradients, optimizer, sequence, largest, outer } = memory
  const name = (t: Tensor & { readonly name?: string }): string => `${t.name ?? `\`${t.op}\``} ${showDims(t.dims)}, ${bytes(t.bytes)}`
  const warning: readonly Line[] =
    outer === undefined ? [] : [['careful', `${name(outer)}: more than the largest weight, from factors that share no dimension`]]
  return [
    ['memory', `weights ${bytes(weights)}, gradients ${bytes(gradients)}, optimizer ${bytes(optimizer)}`],
    ['', `and activations ${bytes(sequence)} a sequence of ${grouped(context)} tokens, before a device is asked`],
    ['largest', name(largest)],
    ...warning,
  ]
}

function short(n: number): string {
  return String(Number(n.toPrecision(3)))
}
