// A case's configuration and weights as one of our models on a backend: the library's transformer with its settings, the weights
// read through the same renaming that loads published checkpoints.
import { Report } from '../../grammar/diagnostic.ts'
import { Library } from '../../compiler/build/library.ts'
import { firstScale } from '../../compiler/build/scaler.ts'
import {
  comparisonPrograms,
  samplePrograms,
  trainingPrograms,
  type Precision,
  type Program,
  type Purpose,
} from '../../compiler/build/programs.ts'
import type { OptimizerSpec, SamplerSpec } from '../../compiler/check/pipeline.ts'
import type { BlockCode, Scope, Setting } from '../../compiler/elaborate/code.ts'
import { elaborateModel, type Model } from '../../compiler/elaborate/model.ts'
import type { DeviceFacts } from '../../compiler/facts.ts'
import { loweringFor, planFor } from '../../compiler/target.ts'
import type { Backend, Executable } from '../../runtime/backend.ts'
import type { Plan } from '../../compiler/plan/plan.ts'
import { publishedTensors, readPublished } from '../../runtime/checkpoint/rename.ts'
import type { Case, Config, Stored } from './case.ts'
import { storedWeights } from './case.ts'

/** What every comparison needs. */
export interface Bench {
  readonly backend: Backend
  readonly facts: DeviceFacts
  readonly prelude: Scope
  readonly precision: Precision
}

export interface Reference extends AsyncDisposable {
  readonly model: Model
  readonly plan: Plan
  readonly executable: Executable
  /** What gradients are multiplied by while they are summed: 1 in f32. */
  readonly scale: number
  /** Weights or what is shaped like them (`grad`), in the published layout. */
  readWeights(prefix: 'weight' | 'grad'): Promise<Stored>
}

/** Why the case's configuration cannot be one of our models; undefined when it can. */
export function unsupported(config: Config): string | undefined {
  const wants: readonly (readonly [boolean, string])[] = [
    [config.rotary_percentage !== 1, 'partial rotary positions'],
    [config.condense_ratio !== 1, 'condensed rotary positions'],
    [config.norm_eps !== 1e-5, 'another epsilon in the norm'],
    [config.bias, 'biases'],
    [config.parallel_residual || config.shared_attention_norm, 'parallel residuals'],
  ]
  return wants.find(([wanted]) => wanted)?.[1]
}

export function modelOf(config: Config, prelude: Scope): Model {
  const block = prelude.code(['transformer']) as BlockCode
  const span = block.decl.span
  const set = (value: Setting['value']): Setting => ({ value, span })
  const settings = new Map<string, Setting>([
    ['context', set(config.block_size)],
    ['layers', set(config.n_layer)],
    ['width', set(config.n_embd)],
    ['heads', set(config.n_head)],
    ['groups', set(config.n_query_groups)],
    ['hidden', set(config.intermediate_size)],
    ['causal', set(config.mask_id === undefined)],
  ])
  const report = new Report()
  const model = elaborateModel({ block, settings, span }, { vocab: config.padded_vocab_size, report })
  if (model === undefined) throw new Error(report.diagnostics.map((d) => d.message).join('\n'))
  return model
}

interface Shape {
  readonly batch: number
  readonly time: number
}

function purpose(bench: Bench, micro: number): Purpose {
  return { library: new Library(bench.prelude), lowering: loweringFor(bench.facts), micro, precision: bench.precision }
}

/** The case's model with the programs of these names among nll, guided_nll and logits. */
export async function loadReference(c: Case, bench: Bench, shape: Shape, names: readonly string[]): Promise<Reference> {
  const model = modelOf(c.json['config'] as Config, bench.prelude)
  const programs = comparisonPrograms({ model, context: shape.time }, purpose(bench, shape.batch)).filter((p) => names.includes(p.name))
  return open(c, bench, model, programs, 'weights.safetensors')
}

export async function loadSampler(c: Case, bench: Bench, shape: Shape, sampler: SamplerSpec): Promise<Reference> {
  const model = modelOf(c.json['config'] as Config, bench.prelude)
  const programs = samplePrograms({ model, sampler, length: shape.time }, purpose(bench, shape.batch))
  return open(c, bench, model, programs, 'weights.safetensors')
}

/** Training in micro-batches; a program accumulate_T<length> for each length that occurs. */
export async function loadTraining(
  c: Case,
  bench: Bench,
  micros: readonly { readonly batch: number; readonly seq: number }[],
  optimizer: OptimizerSpec,
): Promise<Reference> {
  const model = modelOf(c.json['config'] as Config, bench.prelude)
  const lengths = [...new Set(micros.map((m) => m.seq))]
  const programs = lengths.flatMap((context, i) => {
    // A batch larger than the micro-batch is what makes accumulate and apply out of one step.
    const all = trainingPrograms({ model, optimizer, batch: 2 * micros[0]!.batch, context }, purpose(bench, micros[0]!.batch))
    return all
      .filter((p) => p.name === 'accumulate' || (i === 0 && (p.name === 'apply' || p.name === 'prepare')))
      .map((p) => (p.name === 'accumulate' ? { ...p, name: `accumulate_T${context}` } : p))
  })
  const scale = bench.precision === 'f16' ? firstScale(2 * micros[0]!.batch, model.context) : 1
  return { ...(await open(c, bench, model, programs, 'weights_init.safetensors')), scale }
}

async function open(c: Case, bench: Bench, model: Model, programs: readonly Program[], file: string): Promise<Reference> {
  const plan = planFor(programs, bench.facts)
  const executable = await bench.backend.load(plan)
  const tensors = await storedWeights(c, file)
  const read = readPublished(asFile(tensors, c.name), model.weights)
  for (const w of model.weights) await executable.write(`weight/${w.name}`, await read(w))
  if (programs.some((p) => p.name === 'prepare')) await executable.run('prepare', {})
  return {
    model,
    plan,
    executable,
    scale: 1,
    readWeights: async (prefix) => {
      const all: Record<string, Stored[string]> = {}
      for (const t of publishedTensors(model.weights, (w) => executable.read(`${prefix}/${w.name}`))) {
        all[t.name] = { shape: t.shape, data: (await t.data()) as Float32Array }
      }
      return all
    },
    [Symbol.asyncDispose]: () => executable[Symbol.asyncDispose](),
  }
}

/** Tensors in memory as an open file. */
function asFile(tensors: Stored, path: string): Parameters<typeof readPublished>[0] {
  return {
    path,
    metadata: {},
    tensors: Object.entries(tensors).map(([name, t]) => ({ name, dtype: 'F32', shape: t.shape, start: 0, end: 0 })),
    read: async (name) => tensors[name]!.data,
    [Symbol.asyncDispose]: async () => undefined,
  }
}
