// A case → our job: a page is written, checked and compiled as a user's would be. Its data is never read: tokens are drawn.
import { Library } from '../../compiler/build/library.ts'
import { check } from '../../compiler/check/check.ts'
import type { SampleStage, Stage, TrainStage } from '../../compiler/check/pipeline.ts'
import { compile } from '../../compiler/compile.ts'
import { sampleCost } from '../../compiler/report/sample-cost.ts'
import type { Scope } from '../../compiler/elaborate/code.ts'
import type { DeviceFacts } from '../../compiler/facts.ts'
import type { Job, SampleJob, TrainJob } from '../../compiler/plan/jobs.ts'
import { librarySources, preludeSources } from '../../cli/library.ts'
import { Failure } from '../../runtime/events.ts'
import type { Case, SampleCase, TrainCase } from './case.ts'

export interface Prepared<J extends Job> {
  readonly job: J
  /** Floating-point operations of a step, or of a batch of samples where they can be counted. */
  readonly flops?: number
}

/** The job of a case on a device. Fails with a Failure where the page is wrong, or the device has not the precision. */
export function jobOf(c: TrainCase, facts: DeviceFacts): Prepared<TrainJob>
export function jobOf(c: SampleCase, facts: DeviceFacts): Prepared<SampleJob>
export function jobOf(c: Case, facts: DeviceFacts): Prepared<Job>
export function jobOf(c: Case, facts: DeviceFacts): Prepared<Job> {
  const { stages, prelude } = checked(c)
  const stage = stages.find((s): s is TrainStage | SampleStage => s.kind === c.kind)
  if (stage === undefined) throw new Error(`the page has no ${c.kind}`)
  const job = compile(tokensAreDrawn(stage), { facts, library: new Library(prelude) })
  if (job.notes.length > 0) {
    throw new Failure({ code: 'bench-precision', message: job.notes.join('; '), advice: ['measure with `--precision f32`'] })
  }
  return { job, flops: job.kind === 'train' ? job.flops.executed * c.sequences * c.length : flopsOf(stage) }
}

function flopsOf(stage: TrainStage | SampleStage): number | undefined {
  return stage.kind === 'sample' ? sampleCost(stage).flops : undefined
}

function checked(c: Case): { readonly stages: readonly Stage[]; readonly prelude: Scope } {
  const page = { name: 'bench.smdm', text: pageOf(c) }
  const files = (path: string) => ({ path, found: true, bytes: 1e9, sha256: '0'.repeat(64), vocab: c.vocab }) as const
  const read = (name: string) => librarySources(name) ?? { problem: 'there is no such library' }
  const { pipeline, diagnostics, prelude } = check(page, { prelude: preludeSources(), read, files, set: {} })
  const [first] = diagnostics.filter((d) => d.severity === 'error')
  if (first) throw new Failure({ code: first.code, message: first.message, advice: first.notes })
  return { stages: pipeline?.stages ?? [], prelude }
}

/** The page of a case, as a user would write it. */
export function pageOf(c: Case): string {
  const model =
    c.preset === 'tiny'
      ? `transformer { layers: 1, heads: 2, width: 32, context: ${c.length} }`
      : `smdm.preset(${c.preset}) { context: ${c.length} }`
  const train = `use smdm
data noise = text("noise.txt") { tokenizer: sentencepiece("noise.model") }
train ours = smdm.pretrain {
  model: ${model}
  data: noise
  batch: ${c.sequences} sequences
  budget: 100000 steps
  optimizer { warmup: 100 steps }
  precision: ${c.precision}
}
`
  if (c.kind === 'train') return train
  const prompt = c.prompt === 0 ? '' : `prompt: "of ${c.prompt} tokens", `
  const sampler = `confidence { steps: ${c.steps}, temperature: 0, guidance: ${c.guidance} }`
  return `${train}sample written { from: ours, ${prompt}length: ${c.length} tokens, count: ${c.sequences}, sampler: ${sampler} }\n`
}

/** With tokens of its own a stage can run, whatever becomes of the tokenizer that the page names for the size of its vocabulary. */
function tokensAreDrawn<S extends TrainStage | SampleStage>(stage: S): S {
  return stage.kind === 'train' ? { ...stage, data: { ...stage.data, tokenizer: { kind: 'bytes', vocab: stage.model.vocab } } } : stage
}
