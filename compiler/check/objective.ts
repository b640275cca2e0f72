// What training makes small, and how: objective and optimizer as the runtime's numbers.
import { textOf } from '../../grammar/source.ts'
import { code, field, inPage, number, place, word, type Build } from './build.ts'
import { sound } from './complete.ts'
import { stepsIn, type Step } from './convert.ts'
import type { MaskedObjective, OptimizerSpec, TrainStage } from './pipeline.ts'
import { checkWeight, curveOf } from './schedule.ts'
import { fieldsOfRecord } from './record.ts'
import type { Rec } from './value.ts'

export function buildObjective(b: Build, objective: Rec): TrainStage['objective'] | undefined {
  if (!sound(objective)) return undefined
  return objective.maker === 'next_token' ? { kind: 'next_token' } : buildMasked(b, objective)
}

/** Masked diffusion with its schedule checked. */
export function buildMasked(b: Build, objective: Rec): MaskedObjective | undefined {
  const schedule = code(b.s, objective, 'schedule')?.code
  const weight = code(b.s, objective, 'weight')?.code
  if (schedule?.kind !== 'op' || weight?.kind === 'block') return undefined
  const floor = number(b.s, objective, 'floor')
  const curve = curveOf(b.s, schedule)
  if (!curve || !checkWeight(b.s, weight, curve, floor, place(objective, weight ? 'weight' : 'schedule').at)) return undefined
  return {
    kind: 'masked',
    schedule,
    floor,
    weight,
    learn: word(b.s, objective, 'learn') as MaskedObjective['learn'],
    dropPrompt: number(b.s, objective, 'drop_prompt'),
    normalise: word(b.s, objective, 'normalise') as MaskedObjective['normalise'],
  }
}

export function buildOptimizer(b: Build, stage: Rec, optimizer: Rec, step: Step, steps: number): OptimizerSpec | undefined {
  const { s } = b
  const warmup = field(s, optimizer, 'warmup')
  const betas = field(s, optimizer, 'betas')
  if ((warmup?.kind !== 'quantity' && warmup?.kind !== 'extreme') || betas?.kind !== 'list') return undefined
  const [first, second] = betas.items
  const rise = stepsIn(warmup, step, steps)
  if (first?.kind !== 'quantity' || second?.kind !== 'quantity' || rise === undefined) return undefined
  if (rise > steps) warnLong(b, stage, optimizer, { warmup: rise, steps })
  return {
    kind: 'adamw',
    rate: number(s, optimizer, 'lr'),
    warmup: rise,
    decay: word(s, optimizer, 'decay') as OptimizerSpec['decay'],
    floor: number(s, optimizer, 'floor'),
    betas: [first.number, second.number],
    weightDecay: number(s, optimizer, 'weight_decay'),
    clip: number(s, optimizer, 'clip'),
    eps: number(s, optimizer, 'eps'),
  }
}

/** At the warm-up, where the page gives it; else at the first stage of that budget, saying where it comes from: a cure there reaches what amends it. */
function warnLong(b: Build, stage: Rec, optimizer: Rec, facts: { readonly warmup: number; readonly steps: number }): void {
  const from = optimizer.fields.get('warmup')?.at
  const at = from === undefined ? (stage.decl?.name.span ?? stage.span) : inPage(stage, from)
  const given = from === undefined ? fieldsOfRecord(optimizer)['warmup']?.default : at === from ? undefined : textOf(from)
  const budget = stage.fields.get('budget')?.at
  if (given !== undefined && budget && b.told.has(budget)) return
  if (given !== undefined && budget) b.told.add(budget)
  b.s.say.longWarmup(at, { ...facts, given, from })
}
