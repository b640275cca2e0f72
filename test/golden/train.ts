// Groups C and D_sft: the reference's training loop, fed with the micro-batches it saw. Compared are the loss of each
// micro-batch, the gradient norm and rate of each step, the gradients of the first step, and the weights after some steps.
import type { OptimizerSpec } from '../../compiler/check/pipeline.ts'
import { rateAt } from '../../compiler/build/rate.ts'
import { runProgram } from '../../runtime/program.ts'
import type { Case, Config, Stored } from './case.ts'
import { stored } from './case.ts'
import { tolerated } from './half.ts'
import { measured, relativeL2, type Outcome } from './outcome.ts'
import { loadTraining, type Bench, type Reference } from './reference.ts'

interface Globals {
  readonly learning_rate: number
  readonly min_lr: number
  readonly weight_decay: number
  readonly beta1: number
  readonly beta2: number
  readonly grad_clip: number
  readonly warmup_iters: number
  readonly lr_decay_iters: number
  readonly gradient_accumulation_steps: number
}
interface MicroBatch {
  readonly index: number
  readonly batch: number
  readonly seq: number
  readonly loss: number
  readonly denominator?: number
}
interface Step {
  readonly step: number
  readonly lr: number
  readonly grad_norm_before_clip: number
}

export async function train(c: Case, bench: Bench): Promise<readonly Outcome[]> {
  const globals = c.json['globals'] as Globals
  const optimizer = { ...(c.json['optimizer'] as { eps: number }), ...globals }
  const io = await stored(c, 'io.safetensors')
  const micros = c.json['micro_batches'] as readonly MicroBatch[]
  const steps = c.json['steps'] as readonly Step[]
  const snapshots = c.json['snapshots_after_steps'] as readonly number[]
  const tolerance = c.json['tolerance'] as Readonly<Record<string, number>>
  const accumulation = globals.gradient_accumulation_steps
  const spec: OptimizerSpec = {
    kind: 'adamw',
    rate: globals.learning_rate,
    warmup: 0,
    decay: 'cosine',
    floor: 0.1,
    betas: [globals.beta1, globals.beta2],
    weightDecay: globals.weight_decay,
    clip: globals.grad_clip,
    eps: optimizer.eps,
  }
  await using model = await loadTraining(c, bench, micros, spec)
  const before = await model.readWeights('weight')
  const worst = { loss: 0, norm: 0, rate: 0 }
  const outcomes: Outcome[] = []
  for (const step of steps) {
    for (const micro of micros.slice((step.step - 1) * accumulation, step.step * accumulation)) {
      const inputs = microInputs(io, micro, accumulation, c.json['config'] as Config)
      const { loss } = await model.executable.run(`accumulate_T${micro.seq}`, inputs, { row: inputs.row.length })
      worst.loss = Math.max(worst.loss, Math.abs((loss![0]! * accumulation) / micro.loss - 1))
    }
    if (step.step === 1) outcomes.push(...(await compareGradients(c, model, bench, tolerance['grad_step1_rel_l2_per_tensor']!)))
    const rate = rateAt(
      { peak: globals.learning_rate, end: globals.min_lr, warmup: globals.warmup_iters, total: globals.lr_decay_iters, decay: 'cosine' },
      step.step * accumulation - 1,
    )
    worst.rate = Math.max(worst.rate, Math.abs(rate / step.lr - 1) || 0)
    const norm = await applyStep(model, step.step, step.lr, spec.betas)
    worst.norm = Math.max(worst.norm, Math.abs(norm / step.grad_norm_before_clip - 1))
    if (snapshots.includes(step.step)) outcomes.push(...(await compareWeights(c, model, bench, before, step.step, tolerance)))
  }
  return [
    measured('losses, relative', worst.loss, tolerated(bench, 'loss', tolerance['loss_rel']!)),
    measured('gradient norms, relative', worst.norm, tolerated(bench, 'norm', tolerance['grad_norm_rel']!)),
    measured('rates, relative', worst.rate, 1e-12),
    ...outcomes,
  ]
}

/** Rows in the loss with their weight, over the denominator and the number of micro-batches as the reference divides. */
function microInputs(io: Stored, micro: MicroBatch, accumulation: number, config: Config) {
  const get = (name: string): ArrayLike<number> | undefined => io[`mb${micro.index}.${name}`]?.data
  const [ids, seen, p] = [get('ids')!, get('model_input')!, get('p_mask')]
  const lossMask = get('loss_mask')
  const targets = get('targets') ?? ids
  const inLoss = Array.from({ length: micro.batch * micro.seq }, (_, i) => i).filter((i) => lossMask === undefined || lossMask[i] !== 0)
  const rows = config.mask_id === undefined ? causalRows(io, micro, inLoss) : inLoss
  const denominator = (micro.denominator ?? rows.length) * accumulation
  return {
    tokens: Int32Array.from(seen),
    row: Int32Array.from(rows),
    target: Int32Array.from(rows, (i) => targets[i]!),
    weight: Float32Array.from(rows, (i) => 1 / (p === undefined ? 1 : p[Math.floor(i / micro.seq)]!) / denominator),
  }
}

/** The autoregressive fine-tuning script scores targets that are not padding (-1). */
function causalRows(io: Stored, micro: MicroBatch, rows: readonly number[]): readonly number[] {
  const targets = io[`mb${micro.index}.targets`]?.data
  return targets === undefined ? rows : rows.filter((i) => targets[i]! >= 0)
}

async function applyStep(model: Reference, step: number, rate: number, betas: readonly [number, number]): Promise<number> {
  const scalar = (x: number): Float32Array => Float32Array.of(x)
  const spec = model.plan.programs.find((p) => p.name === 'apply')!
  const { norm } = await runProgram(model.executable, spec, {
    rate: scalar(rate),
    step: scalar(step),
    correction1: scalar(1 - betas[0] ** step),
    correction2: scalar(1 - betas[1] ** step),
  })
  return norm![0]!
}

async function compareGradients(c: Case, model: Reference, bench: Bench, tolerance: number): Promise<readonly Outcome[]> {
  const expected = await stored(c, 'grads_step1.safetensors')
  const found = await model.readWeights('grad')
  const errors = Object.entries(expected).map(([name, t]) => {
    return relativeL2(
      Float64Array.from(found[name]?.data ?? [], (x) => x / model.scale),
      t.data,
    )
  })
  return [measured('gradients of step 1, worst tensor', Math.max(...errors), tolerated(bench, 'gradient', tolerance))]
}

async function compareWeights(
  c: Case,
  model: Reference,
  bench: Bench,
  before: Stored,
  step: number,
  tolerance: Readonly<Record<string, number>>,
): Promise<readonly Outcome[]> {
  const expected = await stored(c, `weights_step${step}.safetensors`)
  const after = await model.readWeights('weight')
  const updates = Object.entries(expected).map(([name, t]) => {
    const change = (data: ArrayLike<number>): Float64Array => Float64Array.from(t.data, (_, i) => data[i]! - before[name]!.data[i]!)
    return { found: change(after[name]!.data), expected: change(t.data) }
  })
  const all = (side: 'found' | 'expected'): number[] => updates.flatMap((u) => Array.from(u[side]))
  return [
    measured(
      `update after step ${step}`,
      relativeL2(all('found'), all('expected')),
      tolerated(bench, 'update', tolerance['update_rel_l2_all_tensors']!),
    ),
    measured(
      `update after step ${step}, worst tensor`,
      Math.max(...updates.map((u) => relativeL2(u.found, u.expected))),
      tolerated(bench, 'updateOfTensor', tolerance['update_rel_l2_per_tensor']!),
    ),
  ]
}
