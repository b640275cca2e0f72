// A job → the programs that make one unit of its work, with inputs that are as large as they may be and as good as real ones for
// timing: live dims are at their bounds, tokens are made up. Weights are random, for zeros cost a processor less power.
import { elements } from '../../compiler/graph/graph.ts'
import type { Job } from '../../compiler/plan/jobs.ts'
import type { ProgramSpec, TensorSpec } from '../../compiler/plan/plan.ts'
import type { Data, Executable, Tensors } from '../backend.ts'
import { programOf, runProgram } from '../program.ts'
import { randomNumbers, randomWeight } from './random-weights.ts'

/** A program and how often a unit runs it. */
export interface Part {
  readonly spec: ProgramSpec
  readonly times: number
  readonly inputs: Tensors
  readonly extents: Readonly<Record<string, number>>
}

export interface Workload {
  /** `step` of a training, `round` of a sampler, else a `batch`. */
  readonly unit: 'step' | 'round' | 'batch'
  readonly parts: readonly Part[]
}

export function workloadOf(job: Job): Workload {
  const names = partsOf(job).filter(([name]) => programOf(job.plan, name) !== undefined)
  const parts = names.map(([name, times]): Part => {
    const spec = programOf(job.plan, name)!
    const extents = Object.fromEntries(spec.live.map((d) => [d.name, d.size]))
    const inputs = Object.fromEntries(spec.inputs.map((input) => [input.name, madeUp(input, job.vocab)]))
    return { spec, times, inputs, extents }
  })
  return { unit: job.kind === 'train' ? 'step' : job.kind === 'sample' ? 'round' : 'batch', parts }
}

function partsOf(job: Job): readonly (readonly [string, number])[] {
  switch (job.kind) {
    case 'train':
      return [['step', 1], ['accumulate', job.batch / job.micro], ['apply', 1]] // prettier-ignore
    case 'sample':
      return [[job.sampler.kind, 1]]
    case 'eval':
      return [['nll', 1]]
    case 'custom':
      return job.plan.programs.map(({ name }) => [name, 1])
  }
}

/** Random weights on the device, and what programs derive from them. */
export async function fillWeights(executable: Executable, job: Job): Promise<void> {
  const random = randomNumbers()
  for (const w of job.weights) await executable.write(`weight/${w.name}`, randomWeight(w, random))
  const prepare = programOf(job.plan, 'prepare')
  if (prepare !== undefined) await runProgram(executable, prepare, {})
}

/** What a run of the sampler uses up: its masks. */
export async function renew(executable: Executable, job: Job): Promise<void> {
  const tokens = job.plan.states.find((s) => s.name === 'tokens')
  if (tokens !== undefined) await executable.write('tokens', new Int32Array(elements(tokens.type)).fill(job.mask))
}

/** A learning rate of zero keeps the weights. */
const constants: Readonly<Record<string, number>> = { rate: 0, prompt: 0, seed: 0 }

function madeUp({ name, type }: TensorSpec, vocab: number): Data {
  const length = elements(type)
  if (type.dtype === 'f32') return new Float32Array(length).fill(constants[name] ?? 1)
  const values = new Int32Array(length)
  if (name === 'row' || name === 'clear' || name === 'sample') return values.map((_, i) => i)
  if (name === 'tokens' || name === 'target') return values.map((_, i) => (i * 7919) % vocab)
  return values.fill(constants[name] ?? 1)
}
