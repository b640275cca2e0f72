// A checked stage → the job that the runtime carries out. This is the list of stages of compilation, and the only file that
// knows their order:
//   build        programs of the stage, as tensor graphs
//   forward      simplify, recognise attention (WebGPU), narrow to the rows that matter, open composites
//   differentiate, optimizer   inside build/train.ts, on what forward made
//   backward     open what differentiation used, simplify; in f16, operands of products become so (passes/half.ts)
//   last         on matrix units, gradients by queries become products of those by scores (passes/keep-scores.ts)
//   plan         fused WGSL kernels and buffers, or one ONNX model a program
import { bug } from './bug.ts'
import {
  evaluationPrograms,
  pluginPrograms,
  samplePrograms,
  trainingPrograms,
  type Precision,
  type Program,
  type Purpose,
} from './build/programs.ts'
import type { Library } from './build/library.ts'
import { noiseOf } from './build/noise.ts'
import { learningRate } from './build/rate.ts'
import { scalerStates } from './build/scaler.ts'
import type { CustomStage, DataSpec, EvalStage, FitStage, From, SampleStage, Stage, TableStage, TrainStage } from './check/pipeline.ts'
import type { Model } from './elaborate/model.ts'
import type { DeviceFacts } from './facts.ts'
import { flops } from './plan/flops.ts'
import type { CustomJob, DataJob, EvalJob, Job, SampleJob, Source, TrainJob } from './plan/jobs.ts'
import { budgets, fits, hasWindows, keepsBusy, microBatch } from './plan/micro.ts'
import type { Plan } from './plan/plan.ts'
import { loweringFor, planFor, precisionOn } from './target.ts'

export interface CompileOptions {
  readonly facts: DeviceFacts
  readonly library: Library
  /** Sequences per run of the device, instead of the compiler's choice; must divide the batch. */
  readonly micro?: number
}

/** Stages that run on a device. */
export type RunnableStage = TrainStage | SampleStage | EvalStage | CustomStage

/** Stages that read what others have left in the store, and need no device. */
export type ReadingStage = FitStage | TableStage

/** Whether this version can run a stage and all it needs; of a sweep, its rows. */
export function runnable(stage: Stage): boolean {
  return stage.later.length === 0 && stage.needs.every(runnable)
}

/** Whether a stage is compiled for a device. */
export function isCompiled(stage: Stage): stage is RunnableStage {
  return stage.kind === 'train' || stage.kind === 'sample' || stage.kind === 'eval' || stage.kind === 'custom'
}

/** Compiles a stage for a device. Takes a few seconds at most; touches no device. */
export function compile(stage: RunnableStage, options: CompileOptions): Job {
  const compiled = choose(stage, options)
  const base = {
    stage: stage.name,
    key: stage.key,
    normal: stage.normal,
    plan: compiled.plan,
    weights: modelOf(stage)?.weights ?? [],
    vocab: modelOf(stage)?.vocab ?? 0,
    mask: modelOf(stage)?.vocab ?? 0,
    seed: stage.seed,
    micro: compiled.micro,
    notes: notesOf(stage, options.facts),
  }
  switch (stage.kind) {
    case 'train':
      return { ...base, ...trainJob(stage, compiled, options.facts) }
    case 'sample':
      return { ...base, ...sampleJob(stage) }
    case 'eval':
      return { ...base, ...evalJob(stage) }
    case 'custom':
      return { ...base, ...customJob(stage) }
    default:
      return stage satisfies never
  }
}

export interface Compiled {
  readonly plan: Plan
  readonly programs: readonly Program[]
  readonly micro: number
}

/**
 * The largest micro-batch that fits the device. A training that would come down to few tokens a run computes activations again in
 * its backward pass instead, if that makes it fit. Where nothing does, the smallest is what the device will refuse.
 */
export function choose(stage: RunnableStage, options: CompileOptions): Compiled {
  const { facts } = options
  const candidates = options.micro === undefined ? microBatch(stage, facts) : [options.micro]
  let smallest: Compiled | undefined
  for (const [i, micro] of candidates.entries()) {
    const programs = programsOf(stage, micro, options)
    const plain = planFor(programs, facts)
    const last = i === candidates.length - 1
    if (fits(plain, facts) && (last || !hasWindows(plain, facts))) return { plan: plain, programs, micro }
    smallest = { plan: plain, programs, micro }
    if (stage.kind !== 'train' || keepsBusy(candidates[i + 1], stage)) continue
    for (const budget of budgets(plain, facts)) {
      const plan = planFor(programs, facts, budget)
      if (fits(plan, facts)) return { plan, programs, micro }
    }
  }
  return smallest ?? bug('no micro-batch was tried')
}

/** The lowered graphs of a stage, as `explain --at graph` and `--at gradient` print them. */
export function programsOf(stage: RunnableStage, micro: number, options: CompileOptions): readonly Program[] {
  const { facts, library } = options
  const purpose: Purpose = { library, lowering: loweringFor(facts), micro, precision: precisionOn(facts, wantedPrecision(stage)) }
  switch (stage.kind) {
    case 'train':
      return trainingPrograms(stage, purpose)
    case 'sample':
      return samplePrograms(stage, purpose)
    case 'eval':
      return evaluationPrograms(stage, purpose)
    case 'custom':
      return pluginPrograms(stage, purpose)
    default:
      return stage satisfies never
  }
}

function trainJob(
  stage: TrainStage,
  { programs, micro }: Compiled,
  facts: DeviceFacts,
): Omit<TrainJob, keyof Compiled | SharedKeys> & { kind: 'train' } {
  const { data, held, objective, optimizer } = stage
  const step = programs.filter((p) => p.name === 'step' || p.name === 'accumulate')
  const perToken = step.reduce((n, p) => n + flops(p.graph, objective.kind === 'masked' ? 0.5 : 1), 0) / (micro * stage.context)
  return {
    kind: 'train',
    start: stage.from === undefined ? undefined : sourceOf(stage.from),
    data: dataJob(data),
    validation: held && dataJob(held),
    objective: objective.kind,
    noise: objective.kind === 'masked' ? noiseOf(objective, objective.floor) : { p: () => 1, weight: () => 1 },
    context: stage.context,
    batch: stage.batch,
    steps: stage.steps,
    rate: learningRate(optimizer, stage.steps),
    betas: optimizer.betas,
    every: stage.every,
    parameters: stage.model.parameters,
    extra: precisionOn(facts, stage.precision) === 'f16' ? scalerStates : [],
    flops: { executed: perToken, paper: 6 * stage.model.nonEmbedding },
  }
}

type SharedKeys = 'stage' | 'key' | 'normal' | 'weights' | 'vocab' | 'mask' | 'seed' | 'notes'

function sampleJob(stage: SampleStage): Omit<SampleJob, 'plan' | 'micro' | SharedKeys> {
  const { steps, temperature, guidance, pooled, kind } = stage.sampler
  return {
    kind: 'sample',
    from: sourceOf(stage.from),
    tokenizer: { kind: 'bytes' },
    prompt: stage.prompt,
    length: stage.length,
    count: stage.count,
    sampler: { kind, steps, temperature, guidance, pooled },
    write: stage.write,
  }
}

function evalJob(stage: EvalStage): Omit<EvalJob, 'plan' | 'micro' | SharedKeys> {
  const [metric] = stage.metrics
  if (metric?.kind !== 'likelihood') return bug(`${stage.name} has no likelihood`)
  // The evaluated bound has no floor under p and the ELBO's weight, whatever the training objective's (smdm.md 1.12).
  const noise = noiseOf({ schedule: stage.objective.schedule }, 0)
  return {
    kind: 'eval',
    from: sourceOf(stage.from),
    data: dataJob(stage.data),
    context: stage.context,
    objective: stage.from.kind === 'stage' ? stage.from.stage.objective.kind : 'masked',
    metric: { kind: 'likelihood', by: metric.by, samples: metric.samples, noise },
    limit: stage.limit,
  }
}

function customJob({ custom, values, trained, data }: CustomStage): Omit<CustomJob, 'plan' | 'micro' | SharedKeys> {
  return {
    kind: 'custom',
    from: trained && sourceOf({ kind: 'stage', stage: trained }),
    data: Object.fromEntries([...data].map(([field, spec]) => [field, dataJob(spec)])),
    context: trained?.context ?? 0,
    run: (host) => custom.kind.run(values, host),
  }
}

/** That of the training: a model is sampled and measured as it was trained. Files of weights are read in f32. */
function wantedPrecision(stage: RunnableStage): Precision {
  if (stage.kind === 'train') return stage.precision
  if (stage.kind === 'custom') return stage.trained?.precision ?? 'f32'
  return stage.from.kind === 'stage' ? stage.from.stage.precision : 'f32'
}

function notesOf(stage: RunnableStage, facts: DeviceFacts): readonly string[] {
  const wanted = wantedPrecision(stage)
  return precisionOn(facts, wanted) === wanted ? [] : [`${facts.name} computes in f32: it has no ${wanted} that can be relied on`]
}

function modelOf(stage: RunnableStage): Model | undefined {
  return stage.kind === 'custom' ? stage.trained?.model : stage.model
}

function sourceOf(from: From): Source {
  return from.kind === 'checkpoint' ? from : { kind: 'stage', stage: from.stage.name, key: from.stage.key }
}

function dataJob({ form, path, tokenizer, part, validation, limit }: DataSpec): DataJob {
  if (form !== 'text' || tokenizer.kind !== 'bytes') return bug(`${path} has a form that is not read yet`)
  return { form, path, tokenizer: { kind: 'bytes' }, part, validation, limit }
}
