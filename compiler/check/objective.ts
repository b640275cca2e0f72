// What training makes small, and how: objective and optimizer as the runtime's numbers.
import { code, field, inPage, number, place, word, type Build } from './build.ts'
import { sound } from './complete.ts'
import { stepsIn, type Step } from './convert.ts'
import type { MaskedObjective, OptimizerSpec, TrainStage } from './pipeline.ts'
import { checkSchedule } from './schedule.ts'
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
  if (!checkSchedule(b.s, schedule)) return undefined
  return {
    kind: 'masked',
    schedule,
    floor: number(b.s, objective, 'floor'),
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
  if (rise > steps) s.say.longWarmup(inPage(stage, place(optimizer, 'warmup').at), { warmup: rise, steps })
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
