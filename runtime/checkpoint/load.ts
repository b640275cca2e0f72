// Weights onto the device: initial ones, those of an earlier stage, or those of a file, ours or the published SMDM layout.
import { join } from 'node:path'
import type { Job, Source, WeightSpec } from '../../compiler/plan/jobs.ts'
import type { Executable } from '../backend.ts'
import { Failure } from '../events.ts'
import { stageFolder } from '../store/store.ts'
import { initialValues } from '../weights.ts'
import { isPublished, readPublished } from './rename.ts'
import { openSafetensors, type SafetensorsFile } from './safetensors.ts'

export async function initializeWeights(executable: Executable, weights: readonly WeightSpec[], seed: number): Promise<void> {
  for (const w of weights) await executable.write(`weight/${w.name}`, initialValues(w, seed))
}

/**
 * All weights of a job that its programs hold: what is never read is no part of a plan that trains nothing.
 * Fails with a Failure where the file is missing, unsound or of another model.
 */
export async function loadWeights(
  executable: Executable,
  { weights, plan }: Pick<Job, 'weights' | 'plan'>,
  source: Source,
  store: string,
): Promise<void> {
  const path = source.kind === 'checkpoint' ? source.path : join(stageFolder(store, 'train', source.key).artifact)
  await using file = await openSafetensors(path)
  if (source.kind === 'stage' && file.metadata['key'] !== source.key) {
    throw new Failure({
      code: 'bad-checkpoint',
      message: `${path} was not left by the stage ${source.stage} as it is now`,
      advice: ['remove that folder and run again'],
    })
  }
  const read = isPublished(file) ? readPublished(file, weights) : readOwn(file, weights)
  const held = new Set(plan.states.map(({ name }) => name))
  for (const w of weights) if (held.has(`weight/${w.name}`)) await executable.write(`weight/${w.name}`, await read(w))
}

function readOwn(file: SafetensorsFile, weights: readonly WeightSpec[]): (w: WeightSpec) => Promise<Float32Array | Int32Array> {
  const shapes = new Map(file.tensors.map((t) => [t.name, t.shape.join(' × ')]))
  const wrong = weights.filter((w) => shapes.get(w.name) !== shapeOf(w))
  if (wrong.length > 0 || shapes.size !== weights.length) throw mismatch(file, wrong[0], shapes)
  return (w) => file.read(w.name)
}

function mismatch(file: SafetensorsFile, weight: WeightSpec | undefined, shapes: ReadonlyMap<string, string>): Failure {
  const found = weight === undefined ? undefined : shapes.get(weight.name)
  const reason =
    weight === undefined
      ? `it has ${shapes.size} tensors`
      : found === undefined
        ? `it has no ${weight.name}`
        : `${weight.name} is ${found} there and ${shapeOf(weight)} here`
  return new Failure({
    code: 'checkpoint-mismatch',
    message: `${file.path} does not fit the model: ${reason}`,
    advice: ['give the model the same layers, width, heads and vocabulary as the checkpoint has'],
  })
}

function shapeOf(w: WeightSpec): string {
  return w.dims.map((d) => d.size).join(' × ')
}
