// A stage that cannot run on a device → why, and what would fit there.
import { positionAt } from '../../grammar/source.ts'
import type { CompileOptions, RunnableStage } from '../../compiler/compile.ts'
import { wouldFit } from '../../compiler/predict.ts'
import type { Prediction } from '../../compiler/report/device-text.ts'
import { bytes } from '../../compiler/report/numbers.ts'
import { WrongUse } from '../exit.ts'

/** Compiles smaller models and shorter contexts until one fits. */
export function doesNotFit(stage: RunnableStage, prediction: Prediction, options: CompileOptions): WrongUse {
  const { memory, tooLarge, device, micro } = prediction
  const { source, start } = stage.span
  const alone = micro === 1 ? 'even one sequence at a time' : `${micro} sequences at a time`
  const limit = memory.limit === undefined ? [] : [`it has ${bytes(memory.limit)}, of which a tenth is left to the driver`]
  const tensor =
    tooLarge === undefined ? [] : [`its tensor ${tooLarge.name} has ${bytes(tooLarge.bytes)}; a buffer there has at most ${bytes(tooLarge.limit)}`] // prettier-ignore
  return new WrongUse({
    code: 'too-large',
    message: `${stage.name} does not fit on ${device}, ${alone}: it needs ${bytes(memory.peak)}`,
    advice: [
      `it stands in ${source.name}:${positionAt(source, start).line}`,
      `${causes(stage, prediction)}`,
      ...limit,
      ...tensor,
      ...advice(stage, options),
    ],
  })
}

function causes(stage: RunnableStage, { memory }: Prediction): string {
  const activations = `activations ${bytes(memory.activations)}`
  if (stage.kind !== 'train') return `weights and tokens ${bytes(memory.states)}, ${activations}`
  const weights = 4 * stage.model.parameters
  const gradients = Math.max(0, memory.states - 3 * weights)
  return `weights ${bytes(weights)}, gradients ${bytes(gradients)}, Adam's moments ${bytes(2 * weights)}, ${activations}`
}

function advice(stage: RunnableStage, options: CompileOptions): readonly string[] {
  if (options.micro !== undefined && options.micro > 1) return ['leave out --micro, and the compiler looks for what fits']
  if (stage.kind !== 'train') return ['use a smaller model']
  const { preset, context } = wouldFit(stage, options)
  const found = [
    ...(preset === undefined ? [] : [`the largest preset that fits is ${preset}`]),
    ...(context === undefined ? [] : [`with \`context: ${context}\` it fits`]),
  ]
  return found.length > 0 ? found : ['use a smaller model, or a device with more memory']
}
